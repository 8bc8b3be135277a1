"""Keys that people made for programs of their own: theirs by name, everybody's as a number."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from fireside.hearth.keys import Key
from fireside.hearth.people import Person


@dataclass(frozen=True, slots=True)
class Programs:
    """My own keys, each with when it was last used, and how many people hold some."""

    mine: list[tuple[str, datetime | None]]
    people: int


def held(person: Person) -> Programs:
    living = Key.objects.filter(ended_at=None, person__deactivated_at=None)
    mine = [(key.name, key.last_used) for key in living.filter(person=person).order_by("pk")]
    return Programs(mine, living.values("person").distinct().count())
