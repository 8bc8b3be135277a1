"""Everything that is one person's own, as one file to take along: JSON for each kind, and their files."""

from __future__ import annotations

import json
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from typing import IO, Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from fireside.hearth.files import File
from fireside.hearth.messages import Clap, Draft, Message, Version
from fireside.hearth.people import Person

SMALL = 8 * 1024 * 1024  # bytes held in memory; more goes to a file that is gone when it is closed
SECRET = {"password", "hash", "old_hash", "secret", "old_secret", "session", "token"}
README = """This is everything that is yours in Fireside: one file of JSON for each kind,
and the files you added.
What others said to you is theirs, and not in here. Keys and links are listed without their secrets.
"""

Rows = Callable[[Person], models.QuerySet[Any]]

# What is whose, by the name of its file. A later stage adds its own.
kinds: dict[str, Rows] = {
    "you": lambda person: Person.objects.filter(pk=person.pk),
    "messages": lambda person: Message.objects.filter(author=person),
    "earlier-words": lambda person: Version.objects.filter(message__author=person),
    "drafts": lambda person: Draft.objects.filter(person=person),
    "claps": lambda person: Clap.objects.filter(person=person),
    "seats": lambda person: person.seats.all(),
    "keys": lambda person: person.api_keys.all(),
    "webhooks": lambda person: person.webhooks.all(),
    "sign-ins": lambda person: person.sign_ins.all(),
    "invitations": lambda person: person.invitations.all(),
    "files": lambda person: File.objects.filter(message__author=person),
}


def packed(person: Person) -> IO[bytes]:
    """A ZIP, ready to be read; whoever reads it closes it."""
    out = tempfile.SpooledTemporaryFile(SMALL)  # noqa: SIM115 -- closed by the answer that sends it
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as box:
        box.writestr("README.txt", README)
        for name, rows in kinds.items():
            with box.open(f"{name}.json", "w") as file:
                for part in _json(rows(person)):
                    file.write(part.encode())
        for kept in kinds["files"](person).iterator():
            _add(box, kept)
    out.seek(0)
    return out


def _json(rows: models.QuerySet[Any]) -> Iterator[str]:
    before = "[\n"
    for row in rows.order_by("pk").iterator(chunk_size=500):
        yield before + json.dumps(_fields(row), cls=DjangoJSONEncoder, ensure_ascii=False)
        before = ",\n"
    yield "[]\n" if before == "[\n" else "\n]\n"


def _fields(row: models.Model) -> dict[str, Any]:
    fields = (field for field in row._meta.concrete_fields if field.name not in SECRET)
    return {field.name: field.value_from_object(row) for field in fields}


def _add(box: zipfile.ZipFile, kept: File) -> None:
    with kept.open() as source, box.open(f"files/{kept.pk}-{kept.name}", "w") as file:
        while part := source.read(1024 * 1024):
            file.write(part)
