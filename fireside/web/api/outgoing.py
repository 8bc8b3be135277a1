"""What a webhook tells of an entry: the same shapes that programs read through the API."""

from __future__ import annotations

from typing import Any

import msgspec
from django.conf import settings

from fireside.hearth.people import Person
from fireside.hearth.timeline import Entry
from fireside.web.api.answers import message_shape
from fireside.web.api.hearth import entry_shape
from fireside.web.api.records import BIGGEST, kinds


def told(entry: Entry, person: Person) -> dict[str, Any] | None:
    """Type, time and data, as far as this person may see it; None when they may not enter its room."""
    if entry.room is not None and not entry.room.may_enter(person):
        return None
    message = entry.message if entry.message and entry.message.deleted_at is None else None
    if entry.verb == "message.said" and message is None:
        return None
    data: dict[str, msgspec.Struct | None] = {
        "entry": entry_shape(entry),
        "message": message_shape(message) if message else None,
        "record": _record(entry, person),
    }
    built: dict[str, Any] = msgspec.to_builtins(
        {"type": entry.verb, "timestamp": entry.at, "house": settings.PUBLIC_URL, "data": data}
    )
    return built


def _record(entry: Entry, person: Person) -> msgspec.Struct | None:
    """What it is about, where programs can read that."""
    model, _, number = entry.about.partition(":")
    for kind in kinds():
        rows = kind.seen_by(person)
        if rows.model._meta.model_name == model and number.isdecimal() and int(number) <= BIGGEST:
            row = rows.filter(pk=int(number)).first()
            return kind.shape(row) if row else None
    return None
