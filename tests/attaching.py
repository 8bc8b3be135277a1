"""Files beside words, as if somebody had sent them along."""

from __future__ import annotations

import io
import struct
import zlib

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


def bomb(width: int, height: int) -> bytes:
    """A few bytes that say they are huge."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(b"\0" * 999))
        + chunk(b"IEND", b"")
    )
