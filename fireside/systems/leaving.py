"""What becomes of systems when the room in which they are at home goes."""

from __future__ import annotations

from django.db import transaction

from fireside.hearth import leaving_rooms
from fireside.hearth.rooms import Room
from fireside.hearth.search import Doc
from fireside.systems.models import System


def take() -> None:
    leaving_rooms.emptied.append(_leave)


def _leave(room: Room) -> None:
    """Those of an open room have no room then; those behind a door go too, or everybody would see them."""
    with transaction.atomic():
        if room.private:
            System.objects.filter(room=room).delete()
        else:
            System.objects.filter(room=room).update(room=None)
            Doc.objects.filter(room=room, kind__in=("system", "runbook")).update(room=None)
