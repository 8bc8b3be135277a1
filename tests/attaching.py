"""Files beside words, as if somebody had sent them along."""

from __future__ import annotations

import io

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from fireside.hearth.files import File, ready
from fireside.hearth.models import Message


def attach(message: Message, name: str, data: bytes, kind: str = "text/plain") -> File:
    with ready([SimpleUploadedFile(name, data, kind)]) as [one]:
        return File.add(message, one)


def picture(form: str = "PNG", size: tuple[int, int] = (4, 3), **how: object) -> bytes:
    """A small picture of nothing."""
    out = io.BytesIO()
    Image.new("RGB", size, "orange").save(out, form, **how)
    return out.getvalue()
