"""The places of a page that domains fill: the rail, home, a room's head and side, the day line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

from django.conf import settings
from django.db.models import Max
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from fireside.hearth.cards import Card
from fireside.hearth.people import Organisation, Person
from fireside.hearth.rooms import Room, Seat
from fireside.hearth.timeline import Entry

if TYPE_CHECKING:
    from fireside.web.drawings import Mark

AHEAD = 5  # things that are coming up
T = TypeVar("T")
_known: ContextVar[dict[Any, Any] | None] = ContextVar("known", default=None)


@dataclass(frozen=True, slots=True)
class Nav:
    """One line of the rail; `live` is a short count that is worth showing, or ""."""

    label: str
    url: str
    icon: str
    at: str  # the page's `at` that makes it current
    order: int
    live: Callable[[Person], str] = field(default=lambda person: "")
    phone: bool = True  # also at the bottom of a phone
    guests: bool = True  # also for those from elsewhere


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a page that a domain draws: `draw` gives (template, context), or None for nothing."""

    order: int
    draw: Callable[..., tuple[str, dict[str, Any]] | None]


@dataclass(frozen=True, slots=True)
class Tab:
    """One more tab in a room's head, after the room's own."""

    words: str
    url: str


@dataclass(frozen=True, slots=True)
class Coming:
    """Something that waits for one person; `at` puts it in order."""

    at: datetime
    words: str
    url: str
    more: str = ""


nav: list[Nav] = []
home_main: list[Piece] = []  # draw(person)
home_side: list[Piece] = []  # draw(person)
room_side: list[Piece] = []  # draw(person, room); a Tab in its context stands in the room's head
room_head: list[Piece] = []  # draw(person, room)
system_main: list[Piece] = []  # draw(person, system)
day_marks: list[Callable[[Person, datetime, datetime], Iterable[Mark]]] = []
coming: list[Callable[[Person], Iterable[Coming]]] = []
greetings: list[Callable[[Person], str]] = []  # a sentence about what is going on, or ""
home_cards: list[Callable[[Person], Iterable[Card]]] = []  # what is being worked on, for doors without pages


@contextmanager
def one_page() -> Iterator[None]:
    """While one page is drawn, what several of its places want to know is asked once."""
    token = _known.set({})
    try:
        yield
    finally:
        _known.reset(token)


def asked_once(ask: Callable[[Person], T]) -> Callable[[Person], T]:
    """A question about one person, which `one_page` remembers; elsewhere it is asked each time."""

    @wraps(ask)
    def remembered(person: Person) -> T:
        known = _known.get()
        if known is None:
            return ask(person)
        key = (ask, person.pk)
        if key not in known:
            known[key] = ask(person)
        return known[key]  # type: ignore[no-any-return]

    return remembered


def pieces(place: list[Piece], *subject: Any) -> list[tuple[str, dict[str, Any]]]:
    """What the domains put into a place, in order, ready for `{% include %}`."""
    drawn = (piece.draw(*subject) for piece in sorted(place, key=lambda piece: piece.order))
    return [found for found in drawn if found is not None]


def coming_up(person: Person) -> list[Coming]:
    """What waits for this person in any domain, the soonest first."""
    return sorted((one for draw in coming for one in draw(person)), key=lambda one: one.at)[:AHEAD]


@dataclass(frozen=True, slots=True)
class RoomLine:
    """One of "your rooms" in the rail."""

    name: str
    url: str
    unread: bool
    hot: bool
    private: bool
    current: bool


def my_rooms(person: Person, here: str) -> list[RoomLine]:
    """The rooms this person has a seat in; one query, whatever their history."""
    seats = Seat.objects.filter(person=person, room__archived_at=None).select_related("room")
    return [
        RoomLine(
            seat.room.slug,
            seat.room.get_absolute_url(),
            seat.room.last_message > seat.read_to,
            seat.room.purpose == Room.Purpose.INCIDENT,
            seat.room.private,
            seat.room.get_absolute_url() == here,
        )
        for seat in seats.order_by("room__slug")
    ]


def shell(request: HttpRequest) -> dict[str, Any]:
    """What every page shows around its own part; a piece of a page, which shows none of it, asks nothing."""
    person = getattr(request, "user", None)  # an unreadable request is answered before anybody is known
    if person is None or not person.is_authenticated:
        outside = settings.OIDC["NAME"] if settings.OIDC["ISSUER"] else ""
        return {"org": Organisation.current(), "me": None, "oidc": outside}
    lines = [line for line in nav if line.guests or not person.is_guest]
    return {
        "org": Organisation.current(),
        "me": person,
        "nav": sorted(lines, key=lambda line: line.order),
        "nav_live": SimpleLazyObject(lambda: {line.at: line.live(person) for line in lines}),
        "my_rooms": SimpleLazyObject(lambda: my_rooms(person, request.path)),
        "since": SimpleLazyObject(newest_entry),
    }


def newest_entry() -> int:
    return Entry.objects.aggregate(last=Max("id"))["last"] or 0
