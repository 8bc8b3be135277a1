"""Pictures and files that people add to their words."""

from __future__ import annotations

import hashlib
import os
import re
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, ClassVar, cast

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.db import models, transaction
from django.urls import reverse

from fireside.hearth import pictures, slips
from fireside.hearth.errors import Sorry
from fireside.hearth.messages import Message

LARGEST = 20 * 1024 * 1024  # bytes in one file
MOST = 10  # files in one message
PICTURES = {"image/png", "image/jpeg", "image/gif", "image/webp"}


class File(models.Model):
    """One file beside a message; whoever may enter the room may open it."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="files")
    name = models.CharField(max_length=150)
    type = models.CharField(max_length=100)
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    path = models.CharField(max_length=120)

    class Meta:
        ordering: ClassVar = ["pk"]

    def __str__(self) -> str:
        return self.name

    @property
    def is_picture(self) -> bool:
        return self.type in PICTURES

    def get_absolute_url(self) -> str:
        return reverse("file", args=[self.pk, self.name])

    @classmethod
    def add(cls, message: Message, ready: Ready) -> File:
        """Tell of a file that is on the disk."""
        ready.told = True
        return cls.objects.create(
            message=message, name=ready.name, type=ready.type, size=ready.size, sha256=ready.sha256,
            path=ready.path,
        )  # fmt: skip

    def open(self) -> BinaryIO:
        return cast(BinaryIO, default_storage.open(self.path))

    def remove(self) -> None:
        """It goes with the transaction, so that what is taken back after all is still whole."""
        path = self.path
        self.delete()
        transaction.on_commit(lambda: default_storage.delete(path))


@dataclass(slots=True)
class Ready:
    """A file as it is kept: a picture drawn anew, and on the disk before any message tells of it."""

    name: str
    type: str
    size: int
    sha256: str
    path: str
    kinds: list[slips.Kind]  # of keys that were taken out of its words
    told: bool = False


@contextmanager
def ready(uploads: Sequence[UploadedFile], slip: str = "") -> Iterator[list[Ready]]:
    """Uploads made ready outside any transaction; those that no message tells of afterwards are gone.

    Sorry when they could not go with one message, Slipped when one holds a key and nobody chose what to do.
    """
    check(uploads)
    made: list[Ready] = []
    try:
        for upload in uploads:
            made.append(_made_ready(upload, slip))  # noqa: PERF401 -- those before a refused one are known
        yield made
    except BaseException:
        _let_go(made)
        raise
    _let_go([one for one in made if not one.told])


def _made_ready(upload: UploadedFile, slip: str) -> Ready:
    upload.seek(0)
    data, name = upload.read(), _name(upload.name or "")
    kind = _type(data[:16], upload.content_type or "")
    found: list[slips.Kind] = []
    if kind in PICTURES:
        drawn = pictures.anew(data, kind, name)
        data, kind = (data, "application/octet-stream") if drawn is None else (drawn, kind)
    elif (words := _words(data)) is not None:
        found = [each.kind for each in slips.find(words)] if slip != slips.ANYWAY else []
        data = slips.weighed({"files": words}, slip)["files"].encode() if found else data
    return Ready(name, kind, len(data), hashlib.sha256(data).hexdigest(), _stored(data), found)


def _words(data: bytes) -> str | None:
    """A file of text, whatever it is called; None for anything else."""
    if b"\0" in data[:8000]:
        return None
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None


def _let_go(made: list[Ready]) -> None:
    for one in made:
        default_storage.delete(one.path)


def _stored(data: bytes) -> str:
    """Where it is now: on the disk, with its name in each folder, before a message tells of it."""
    path = f"files/{uuid.uuid4().hex}"
    try:
        default_storage.save(path, ContentFile(data))
    except OSError:  # the disk is full: the half that was written only makes it fuller
        default_storage.delete(path)
        raise
    place = Path(default_storage.path(path))
    for each in (place, *place.parents[:3]):
        _flush(each)
    return path


def _flush(place: Path) -> None:
    handle = os.open(place, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _name(given: str) -> str:
    """The name without folders, and without signs that nobody sees and that could turn its end around."""
    name = "".join(sign for sign in re.split(r"[/\\]", given)[-1] if sign.isprintable())[:150]
    return name if name.strip(". ") else "file"


def check(uploads: Sequence[UploadedFile]) -> None:
    """Sorry when these could not go with one message; asked before anything is stored."""
    if len(uploads) > MOST:
        raise Sorry(f"A message carries up to {MOST} files.", field="files")
    for upload in uploads:
        if not upload.size:
            raise Sorry(f"{upload.name} is empty.", field="files")
        if upload.size > LARGEST:
            raise Sorry(
                f"{upload.name} is larger than {LARGEST // 1024 // 1024} MB, the most a room holds.",
                field="files",
            )


SIGNATURES = {
    b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg", b"GIF8": "image/gif",
    b"%PDF-": "application/pdf",
}  # fmt: skip


def _type(head: bytes, claimed: str) -> str:
    """What the bytes are, not what the sender says; anything else is a plain download."""
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    for start, kind in SIGNATURES.items():
        if head.startswith(start):
            return kind
    return "text/plain" if claimed.startswith("text/") else "application/octet-stream"
