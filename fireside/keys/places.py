"""Where what is connected stands on other pages: the rail, a room's head and side, what is coming up."""

from __future__ import annotations

from typing import Any, TypeAlias

from django.utils.translation import gettext as _

from fireside.hearth.people import Person
from fireside.hearth.rooms import Room
from fireside.keys.saying import reaching
from fireside.keys.workflows import waiting
from fireside.web.places import Nav, Piece, Tab, coming, nav, room_side

Drawn: TypeAlias = tuple[str, dict[str, Any]] | None
FEW = 8  # beside a room


def take() -> None:
    """Put our pieces into their places."""
    nav.append(Nav("Keys", "/keys/", "plug", "keys", 45, phone=False, guests=False))
    room_side.append(Piece(40, in_a_room))
    coming.append(waiting)


def in_a_room(person: Person, room: Room) -> Drawn:
    """What is connected to this room, and what it may do; with the way to all of it in the room's head."""
    if person.is_guest:
        return None
    here, others = reaching(room)
    if not here and not others:
        return None
    drawn = {"connected": here[:FEW], "more": max(0, len(here) - FEW), "others": others, "place": room}
    words = _("Connected %(n)d") % {"n": len(here)}
    return "keys/on_room.html", drawn | ({"tab": Tab(words, f"/keys/?room={room.slug}")} if here else {})
