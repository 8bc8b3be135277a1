"""A part of a room's words as a page shows it: in order, by day, with what is new marked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.safestring import SafeString

from fireside.hearth.messages import Message
from fireside.hearth.people import Person
from fireside.web.html import articles
from fireside.web.reading import follow, whole

PAGE = 50


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some messages of a room in order, and whether there are earlier and later ones."""

    messages: list[Message]
    earlier: bool
    later: bool


def stretch(
    said: QuerySet[Message], *, at: int | None = None, before: int | None = None, after: int | None = None,
    size: int = PAGE,
) -> Stretch:  # fmt: skip
    """`size` messages: the newest, those before or after an id, or around it; by key, never counted."""
    if at is not None:
        old, earlier = _up_to(said.filter(pk__lte=at), size // 2 + 1)
        new, later = _from(said.filter(pk__gt=at), size // 2)
        return Stretch(old + new, earlier, later)
    if after is not None:
        new, later = _from(said.filter(pk__gt=after), size)
        return Stretch(new, earlier=True, later=later)
    old, earlier = _up_to(said.filter(pk__lt=before) if before is not None else said, size)
    return Stretch(old, earlier, later=before is not None)


def _up_to(said: QuerySet[Message], size: int) -> tuple[list[Message], bool]:
    found = list(said.order_by("-pk")[: size + 1])
    return found[:size][::-1], len(found) > size


def _from(said: QuerySet[Message], size: int) -> tuple[list[Message], bool]:
    found = list(said.order_by("pk")[: size + 1])
    return found[:size], len(found) > size


@dataclass(frozen=True, slots=True)
class Row:
    """A message in a list: the day that begins with it, whether what is new begins here, and how it looks."""

    day: datetime | None
    new: bool
    html: SafeString


def rows(messages: list[Message], *, read_to: int | None = None, me: Person | None = None) -> list[Row]:
    """Messages as a list shows them; what is new begins after `read_to` with the words of somebody else."""
    wholes = follow(whole(messages))
    fresh = [
        m.pk
        for m in messages
        if read_to is not None and m.pk > read_to and m.author_id != (me.pk if me else 0)
    ]
    first_new = fresh[0] if fresh and fresh[0] != messages[0].pk else None
    out = []
    last: date | None = None
    for each, html in zip(wholes, articles(wholes), strict=True):
        today = timezone.localdate(each.message.at)
        out.append(Row(each.message.at if today != last else None, each.message.pk == first_new, html))
        last = today
    return out
