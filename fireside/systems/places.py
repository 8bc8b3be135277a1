"""Where systems and their runbooks stand on other pages: the rail, and the side of a room."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, TypeAlias

from django.db.models import Count, Max, Q
from django.utils import timezone

from fireside.hearth.people import Person
from fireside.hearth.rooms import Room
from fireside.systems.models import Runbook
from fireside.web.places import Nav, Piece, nav, room_side

Drawn: TypeAlias = tuple[str, dict[str, Any]] | None
LATELY = timedelta(days=90)
FEW = 3


def take() -> None:
    """Put our pieces into their places."""
    nav.append(Nav("Systems", "/systems/", "server", "systems", 40, phone=False))
    room_side.append(Piece(30, that_helped))


def that_helped(person: Person, room: Room) -> Drawn:
    """The runbooks of this room's systems that helped somebody lately."""
    lately = Q(uses__helped=True, uses__at__gte=timezone.now() - LATELY)
    known = Runbook.objects.filter(system__room=room).annotate(
        times=Count("uses", filter=lately), last=Max("uses__at", filter=lately)
    )
    found = list(known.filter(times__gt=0).order_by("-last")[:FEW])
    return ("systems/on_room.html", {"helped": found}) if found else None
