"""What open pages are told: each entry as events, written once for all who read in the same zone."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from django.utils import timezone, translation

from fireside.hearth.rooms import Seat
from fireside.hearth.timeline import Entry
from fireside.web.html import articles
from fireside.web.reading import Whole, whole

log = logging.getLogger(__name__)

Place: TypeAlias = tuple[str, str]  # time zone and language, by which a message looks different


@dataclass(slots=True)
class Happening:
    """One entry as events, and who may know of it."""

    id: int
    verb: str
    about: str
    topics: dict[str, str]  # kind of event -> topic of those who are told
    open: bool  # everybody in the house may know, and guests who have a seat
    seated: frozenset[int]  # people with a seat in its room
    unread: frozenset[int]  # people in whose list of rooms it shows
    events: dict[str, bytes]
    articles: dict[Place, bytes]
    noted_at: datetime
    _chunks: dict[tuple[tuple[str, ...], Place], bytes] = field(default_factory=dict)

    def kinds(self, person: int, topics: frozenset[str], *, guest: bool = False) -> tuple[str, ...]:
        """The events this person is told on a page with these topics."""
        if (guest or not self.open) and person not in self.seated:
            return ()
        kinds = [kind for kind, topic in self.topics.items() if topic in topics]
        if person in self.unread and "message" not in kinds:
            kinds.append("unread")
        return tuple(kinds)

    @property
    def ends(self) -> int:
        """The person whose pages close with this, as their access ended or ends on another day; or 0."""
        ended = self.verb in ("person.deactivated", "person.guest")
        return int(self.about.removeprefix("person:")) if ended else 0

    def chunk(self, kinds: tuple[str, ...], place: Place) -> bytes:
        """The bytes for one reader; the id comes last, so that who was cut off midway is told again."""
        key = (kinds, place if "message" in kinds else ("", ""))
        if key not in self._chunks:
            parts = [self.articles[place] if kind == "message" else self.events[kind] for kind in kinds]
            self._chunks[key] = b"\n".join([*parts[:-1], b"id: %d\n%s\n" % (self.id, parts[-1])])
        return self._chunks[key]


def event(kind: str, /, **data: object) -> bytes:
    """The lines of one event, without its id and its end."""
    return f"event: {kind}\ndata: {json.dumps(data, ensure_ascii=False, separators=(',', ':'))}\n".encode()


def after(last: int, to: int | None, most: int, places: Callable[[str], Iterable[Place]]) -> list[Happening]:
    """The happenings after entry `last` (up to `to`), drawn for the places in which a topic is read."""
    entries = Entry.objects.filter(pk__gt=last).select_related("room", "message__author", "message__room")
    if to is not None:
        entries = entries.filter(pk__lte=to)
    found = list(entries.order_by("pk")[:most])
    seats: dict[int, set[int]] = {}
    for room, person in Seat.objects.filter(room__in={e.room_id for e in found if e.room_id}).values_list(
        "room", "person"
    ):
        seats.setdefault(room, set()).add(person)
    wholes = {each.message.pk: each for each in whole(entry.message for entry in found if entry.message)}
    return [
        _happening(
            entry, frozenset(seats.get(entry.room_id or 0, ())), wholes.get(entry.message_id or 0), places
        )
        for entry in found
    ]


def _happening(
    entry: Entry, seated: frozenset[int], said: Whole | None, places: Callable[[str], Iterable[Place]]
) -> Happening:
    topics, events, room = {}, {}, entry.room
    articles: dict[Place, bytes] = {}
    unread: frozenset[int] = frozenset()
    if room and entry.verb.startswith("message."):
        topics["message"] = f"room:{room.slug}"
        articles = {place: _message(entry, said, place) for place in places(topics["message"])}
        if entry.verb == "message.said" and not entry.data.get("thread"):
            unread = seated - {entry.by_id}
            events["unread"] = event("unread", room=room.slug, unread=True)
    elif room or entry.story:
        topics["home"] = "home"
        events["home"] = event("home", verb=entry.verb)
    if entry.story:
        topics["story"] = f"story:{entry.story}"
        events["story"] = event("story", story=entry.story, verb=entry.verb)
    return Happening(
        entry.pk, entry.verb, entry.about, topics, room is None or not room.private, seated, unread, events,
        articles, entry.noted_at,
    )  # fmt: skip


def _message(entry: Entry, said: Whole | None, place: Place) -> bytes:
    zone, language = place
    with timezone.override(zone), translation.override(language):
        return event(
            "message", kind=entry.verb.removeprefix("message."), message=entry.message_id,
            room=entry.room.slug if entry.room else "", thread=entry.data.get("thread"), html=_drawn(said),
        )  # fmt: skip


def _drawn(said: Whole | None) -> str | None:
    """The message as it looks now; None when it cannot be drawn, and the page loads itself anew."""
    if said is None:
        return None
    try:
        return articles([said])[0]
    except Exception:  # one message that cannot be drawn must not silence all the others
        log.exception("Message %s could not be drawn for live pages", said.message.pk)
        return None
