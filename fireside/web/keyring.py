"""What holds a key to our rooms, as plain data: every domain says what it lets in."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from fireside.hearth.people import Person
from fireside.hearth.rooms import Room


@dataclass(frozen=True, slots=True)
class Held:
    """Something that Fireside itself lets in. `mark` is its name for ever: "source:3".

    `may` is what it may do where it was asked about, as words that follow its name: "may post here. It cannot
    read." `scopes` are those of `place` ("slack"), as they came. `room` is the one room it reaches, or None.
    """

    mark: str
    name: str
    kind: str  # "app", "webhook", "feed", "token" or "source"
    may: str
    icon: str = "plug"
    vendor: str = ""
    place: str = ""
    scopes: tuple[str, ...] = ()
    why: str = ""
    room: Room | None = None
    by: Person | None = None
    added_at: datetime | None = None
    used_at: datetime | None = None
    way_out: str = ""  # how it is taken away
    known_as: str = ""  # its mark in a list that is brought in, so that it is not there twice


@dataclass(frozen=True, slots=True)
class Line:
    """One line of another place's own list of what is connected there; what it does not say is empty."""

    ident: str
    name: str
    by: str = ""
    at: datetime | None = None
    change: str = ""  # "added", "removed", "enabled", "disabled" or "updated"
    scopes: str = ""
    channel: str = ""


# Asked with None: all that is let in. With a room: what reaches that room, in words about it.
holders: list[Callable[[Room | None], Iterable[Held]]] = []
# Another place's list, read with a token that is used for nothing else and kept nowhere. Raises Sorry.
lists: dict[str, Callable[[str], list[Line]]] = {}
# The room that is one with another place's channel, by its id there.
rooms: dict[str, Callable[[str], Room | None]] = {}


def held(room: Room | None = None) -> list[Held]:
    """All that is let in, or what reaches this room."""
    return [one for tell in holders for one in tell(room)]
