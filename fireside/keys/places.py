"""Where what is connected stands on other pages: the rail, a room's tabs and its side, what is coming up."""

from __future__ import annotations

from typing import Any, TypeAlias

from django.utils.translation import gettext as _

from fireside.hearth.people import Person
from fireside.hearth.rooms import Room
from fireside.keys.saying import reaching
from fireside.keys.workflows import waiting
from fireside.web.places import Nav, Piece, Tab, coming, nav, room_side, room_tabs

Drawn: TypeAlias = tuple[str, dict[str, Any]] | None
FEW = 8  # beside a room


def take() -> None:
    """Put our pieces into their places."""
    nav.append(Nav("Keys", "/keys/", "plug", "keys", 45, phone=False))
    room_side.append(Piece(40, in_a_room))
    room_tabs.append(tab)
    coming.append(waiting)


def in_a_room(person: Person, room: Room) -> Drawn:
    """What is connected to this room, and what it may do."""
    here, others = reaching(person, room)
    more = len(here) - FEW
    if not here and not others:
        return None
    return "keys/on_room.html", {
        "connected": here[:FEW],
        "more": max(0, more),
        "others": others,
        "place": room,
    }


def tab(person: Person, room: Room) -> Tab | None:
    """ "Connected 4" in the room's head, when there is something."""
    here, _others = reaching(person, room)
    return Tab(_("Connected %(n)d") % {"n": len(here)}, f"/keys/?room={room.slug}") if here else None
