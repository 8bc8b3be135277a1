"""What programs may read of the hearth: rooms, messages, people, teams, the timeline, and the search."""

from __future__ import annotations

from datetime import datetime

import msgspec
from django.db.models import Prefetch, Q
from django.http import Http404, HttpRequest, HttpResponse

from fireside.hearth.messages import Message
from fireside.hearth.people import Person, Team
from fireside.hearth.rooms import Room, visible
from fireside.hearth.search import Hit, find
from fireside.hearth.timeline import Entry
from fireside.web.api.answers import answer, message_shape
from fireside.web.api.door import door, readable_words
from fireside.web.api.records import LIMIT, further, most, number, paged, readable


class RoomShape(msgspec.Struct):
    """A room."""

    id: int
    name: str
    purpose: str
    about: str
    private: bool
    archived: bool
    url: str


class PersonShape(msgspec.Struct):
    """Somebody who is here, or was."""

    id: int
    handle: str
    name: str
    about: str
    zone: str
    teams: list[str]
    active: bool
    url: str


class TeamShape(msgspec.Struct):
    """People who look after something together."""

    id: int
    slug: str
    name: str
    purpose: str
    members: list[str]
    url: str


class EntryShape(msgspec.Struct):
    """One thing that happened."""

    id: int
    at: datetime
    verb: str
    words: str
    by: str | None
    room: str | None
    about: str
    story: str


class HitShape(msgspec.Struct):
    """One thing found."""

    id: int
    kind: str
    title: str
    snippet: str
    url: str
    at: datetime


def room_shape(room: Room) -> RoomShape:
    return RoomShape(
        id=room.pk, name=room.slug, purpose=room.purpose, about=room.about, private=room.private,
        archived=room.archived_at is not None, url=room.get_absolute_url(),
    )  # fmt: skip


def person_shape(person: Person) -> PersonShape:
    return PersonShape(
        id=person.pk, handle=person.handle, name=person.name, about=person.about, zone=person.zone,
        teams=[team.slug for team in person.teams.all()], active=person.is_active,
        url=person.get_absolute_url(),
    )  # fmt: skip


def team_shape(team: Team) -> TeamShape:
    return TeamShape(
        id=team.pk, slug=team.slug, name=team.name, purpose=team.purpose,
        members=[person.handle for person in team.members.all()], url=team.get_absolute_url(),
    )  # fmt: skip


def entry_shape(entry: Entry) -> EntryShape:
    return EntryShape(
        id=entry.pk, at=entry.at, verb=entry.verb, words=entry.words,
        by=entry.by.handle if entry.by else None, room=entry.room.slug if entry.room else None,
        about=entry.about, story=entry.story,
    )  # fmt: skip


def hit_shape(hit: Hit) -> HitShape:
    words = "".join(piece for piece, _ in hit.snippet)
    doc = hit.doc
    return HitShape(id=doc.pk, kind=doc.kind, title=doc.title, snippet=words, url=doc.url, at=doc.at)


@door("GET")
def messages(request: HttpRequest, person: Person, slug: str) -> HttpResponse:
    """The words of one room, newest first."""
    room = Room.enterable_by(person).filter(slug=slug).first()
    if room is None:
        raise Http404
    rows = Message.objects.filter(room=room, thread=None).select_related("room", "author")
    if (before := number(request, "before")) is not None:
        rows = rows.filter(pk__lt=before)
    limit = most(request)
    return paged(request, list(rows.order_by("-pk")[: limit + 1]), limit, message_shape)


@door("GET")
def entries(request: HttpRequest, person: Person) -> HttpResponse:
    """The timeline, oldest first, so that a program that remembers the last id misses nothing."""
    rows = visible(Entry.objects.filter(withdrawn_at=None).select_related("by", "room"), person)
    if story := readable_words(request.GET.get("story", ""), "story"):
        rows = rows.filter(story=story)
    rows = rows.filter(pk__gt=number(request, "after") or 0)
    limit = most(request)
    return paged(request, list(rows.order_by("pk")[: limit + 1]), limit, entry_shape, cursor="after")


@door("GET")
def search(request: HttpRequest, person: Person) -> HttpResponse:
    query = readable_words(request.GET.get("q", ""), "q")
    hits = find(query, person=person, before=number(request, "before"), limit=LIMIT + 1)
    more = further(request, "before", hits[LIMIT - 1].doc.pk) if len(hits) > LIMIT else None
    return answer({"items": [hit_shape(hit) for hit in hits[:LIMIT]], "next": more})


ACTIVE = Prefetch("members", Person.objects.filter(deactivated_at=None))

readable(
    "rooms", Room.objects.all, room_shape, room="pk", help="Rooms you may enter.",
    filters={"purpose": lambda words: Q(purpose=words)},
)  # fmt: skip
readable(
    "people", lambda: Person.objects.prefetch_related("teams"), person_shape, room=None,
    help="Everybody who is or was here.",
    filters={"handle": lambda words: Q(handle=words.lower().lstrip("@"))},
)  # fmt: skip
readable(
    "teams",
    lambda: Team.objects.prefetch_related(ACTIVE),
    team_shape,
    room=None,
    help="Teams and who is in them.",
)
