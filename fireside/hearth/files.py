"""Pictures and files that people add to their words."""

from __future__ import annotations

import hashlib
import os
import uuid
from pathlib import Path
from typing import BinaryIO, ClassVar, cast

from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.db import models, transaction
from django.urls import reverse

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
    def add(cls, message: Message, upload: UploadedFile) -> File:
        """Keep an upload beside a message; Sorry when it is too large or empty."""
        check([upload])
        data = upload.read()
        name = _name(upload.name or "")
        path = _stored(_rewound(upload))
        return cls.objects.create(
            message=message, name=name, type=_type(data[:16], upload.content_type or ""), size=len(data),
            sha256=hashlib.sha256(data).hexdigest(), path=path,
        )  # fmt: skip

    def open(self) -> BinaryIO:
        return cast(BinaryIO, default_storage.open(self.path))

    def remove(self) -> None:
        """It goes with the transaction, so that what is taken back after all is still whole."""
        path = self.path
        self.delete()
        transaction.on_commit(lambda: default_storage.delete(path))


def _stored(upload: UploadedFile) -> str:
    """Where it is now: on the disk, with its name in each folder, before a message tells of it."""
    path = f"files/{uuid.uuid4().hex}"
    try:
        default_storage.save(path, upload)
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
    return "".join(sign for sign in Path(given).name if sign.isprintable())[:150] or "file"


def check(uploads: list[UploadedFile]) -> None:
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


def _rewound(upload: UploadedFile) -> UploadedFile:
    upload.seek(0)
    return upload


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
