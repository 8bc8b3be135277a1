"""What people do about guests: bring one into a room, and say until when they stay."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, TypeAlias

from django.conf import settings
from django.urls import reverse

from fireside.hearth import guests
from fireside.hearth.cards import Card, Link, Moment, text
from fireside.hearth.commands import Ask, Sorry, Whisper, command
from fireside.hearth.kinds import Kind
from fireside.hearth.people import Person
from fireside.hearth.rooms import Room


def _read_rooms(words: str, ask: Ask) -> list[Room]:
    """ "#payments #storefront": rooms that the asker may enter."""
    return [Room.named(word, person=ask.person) for word in words.replace(",", " ").split()]


def _read_guest(words: str, ask: Ask) -> Person:
    """Somebody who is here, or by their handle a guest whose last day has passed."""
    handle = words.strip().lstrip("@").lower()
    over = Person.objects.filter(handle=handle, gone_at=None, guest_since__isnull=False).first()
    return over or Person.named(words, by=ask.person)


Rooms: TypeAlias = Annotated[list[Room], Kind("rooms", _read_rooms, hint="#room, or several")]
Guest: TypeAlias = Annotated[Person, Kind("person", _read_guest, short=True, hint="@name")]


@command("/guest-link", example="/guest-link #payments until: in 2 weeks", title="Bring a guest in")
def guest_link(ask: Ask, rooms: Rooms | None = None, until: dt.date | None = None) -> Whisper:
    """Make a link for somebody from outside: a guest of these rooms alone, for two weeks or until a day."""
    named = rooms or [ask.where()]
    made = guests.bring(named, until or guests.last_day(ask.person), by=ask.person)
    url = settings.PUBLIC_URL + reverse("join", args=[made.secret])
    end = made.guest_until.isoformat() if made.guest_until else ""
    return Whisper(card=Card(
        title=text("An invitation for a guest"), icon="user-plus",
        body=(
            text("{link}", link=Link(url, url)),
            text("It lets one person in: into these rooms with all that was said there, and nowhere else."),
        ),
        facts={
            "Rooms": text("{rooms}", rooms=", ".join(str(room) for room in named)),
            "A guest until": text("{day}", day=Moment(end, "day")),
            "Can be used until": text("{day}", day=Moment(made.expires_at.isoformat(), "day")),
        },
    ))  # fmt: skip


@command("/guest", example="/guest @gil until: 2026-12-24", title="How long a guest stays")
def guest(ask: Ask, person: Guest, until: dt.date) -> Whisper:
    """Say until when a guest stays. Whoever looks after a room of theirs can, and so can keepers."""
    guests.stay(person, until, by=ask.person)
    return Whisper(f"{person.name} is a guest until {until:%-d %B %Y}.")


@command("/end-guest", example="/end-guest @gil", title="End a guest's stay")
def end_guest(ask: Ask, person: Guest) -> Whisper:
    """End a guest's access at once. Whoever looks after a room of theirs can, and so can keepers."""
    if not person.is_guest:
        raise Sorry(f"{person.name} is a member. A keeper could end their access.", field="person")
    guests.let_go(person, by=ask.person)
    return Whisper(f"{person.name} is out. What they said stays, with their name.")
