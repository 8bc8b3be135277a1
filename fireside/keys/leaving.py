"""What becomes of the register when a room or a person goes."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Q

from fireside.hearth import leaving_people, leaving_rooms, namesakes, yours
from fireside.hearth.people import Person
from fireside.hearth.rooms import Room
from fireside.keys.models import Holder


def take() -> None:
    leaving_rooms.emptied.append(_empty)
    leaving_people.emptied.append(_unname)
    namesakes.sentences.add("holder.kept")  # "asked Bo to keep it"
    yours.kinds["kept-keys"] = lambda person: Holder.objects.filter(keeper=person)


def _empty(room: Room) -> None:
    """What reached an open room stays in the register; what reached a private one goes with it."""
    with transaction.atomic():
        if room.private:
            Holder.objects.filter(room=room).delete()
        else:
            Holder.objects.filter(room=room).update(room=None)


def _unname(person: Person) -> None:
    """The name another place has for them, as a list brought it; and what they keep is kept by nobody."""
    called = Q(by_name__iexact=person.name) | Q(by_name__iexact=person.handle)
    if person.email:
        called |= Q(by_name__iexact=person.email)
    Holder.objects.filter(called).update(by_name="")
