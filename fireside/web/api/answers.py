"""What the API answers, as typed shapes: from these come both the JSON and its description."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from django.http import HttpResponse

from fireside.hearth.cards import Card, dump
from fireside.hearth.commands import Outcome, Whisper
from fireside.hearth.messages import Message


class MessageShape(msgspec.Struct):
    """Words in a room; `card` is plain data, as described in the guide."""

    id: int
    room: str
    url: str
    author: str | None  # a handle
    voice: str
    text: str
    said: str
    at: datetime
    edited_at: datetime | None
    deleted: bool
    card: dict[str, Any] | None


class WhisperShape(msgspec.Struct):
    """Said to the asker alone."""

    words: str
    card: dict[str, Any] | None


class RecordShape(msgspec.Struct):
    """What was made or changed, and where people see it."""

    ref: str
    url: str


class OutcomeShape(msgspec.Struct):
    """What came of a command."""

    message: MessageShape | None
    whisper: WhisperShape | None
    record: RecordShape | None


class Trouble(msgspec.Struct, omit_defaults=True):
    """A plain sentence about what could be put right; `needs` names what is missing: words, or a scope.

    `slips` are kinds of keys that the words seem to hold: ask again with `slip`, `out` or `anyway`.
    """

    error: str
    field: str = ""
    needs: list[str] = []
    slips: list[str] = []  # what looks like a key among the words


def answer(shape: Any, status: int = 200, **headers: str) -> HttpResponse:
    response = HttpResponse(msgspec.json.encode(shape), status=status, content_type="application/json")
    for name, value in headers.items():
        response.headers[name.replace("_", "-")] = value
    return response


def message_shape(message: Message) -> MessageShape:
    return MessageShape(
        id=message.pk, room=message.room.slug, url=message.get_absolute_url(),
        author=message.author.handle if message.author else None, voice=message.voice, text=message.text,
        said=message.said, at=message.at, edited_at=message.edited_at, deleted=message.deleted_at is not None,
        card=message.card,
    )  # fmt: skip


def outcome_shape(outcome: Outcome) -> OutcomeShape:
    record = outcome.record
    return OutcomeShape(
        message=message_shape(outcome.message) if outcome.message else None,
        whisper=_whisper(outcome.whisper) if outcome.whisper else None,
        record=RecordShape(ref=record.ref, url=record.get_absolute_url()) if record else None,
    )


def _whisper(whisper: Whisper) -> WhisperShape:
    return WhisperShape(words=whisper.words, card=_card(whisper.card))


def _card(card: Card | None) -> dict[str, Any] | None:
    return dump(card) if card else None
