"""The audit trail as people read it: with names, which are looked up when somebody reads, and as a file."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fireside.hearth.audit import Audit, acts
from fireside.hearth.people import Person
from fireside.hearth.rooms import Room

COLUMNS = ("number", "at", "verb", "by", "who", "words", "about", "door", "address", "data", "before", "hash")
CHUNK = 500
DOORS = {"web": "in the browser", "api": "by a program", "cli": "at the command line", "slack": "in Slack"}


@dataclass(frozen=True, slots=True)
class Read:
    """One line with the names of today: who, what they did, from where."""

    line: Audit
    who: str
    words: str

    @property
    def where(self) -> str:
        door = DOORS.get(self.line.door, "")
        return " · ".join(filter(None, (door, self.line.address)))

    @property
    def more(self) -> str:
        """What was chosen or counted, as far as a person reads it."""
        data = {name: value for name, value in self.line.data.items() if name not in ("hash", "asked")}
        return ", ".join(f"{name}: {_value(value)}" for name, value in data.items())


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{many:,} {name}" for name, many in value.items())
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "for ever" if value is None else f"{value:,}" if isinstance(value, int) else str(value)


def chosen(
    *, verb: str = "", person: str = "", since: datetime | None = None, until: datetime | None = None
) -> Any:
    """Lines by verb, by whom or about whom (a handle, or a number of somebody deleted), and by day."""
    found = Audit.objects.order_by("-number")
    if verb:
        found = found.filter(verb=verb)
    if person:
        number = _number_of(person)
        found = found.filter(by=number) | found.filter(about=f"person:{number}")
    if since:
        found = found.filter(at__gte=since)
    return found.filter(at__lt=until) if until else found


def _number_of(words: str) -> int:
    wish = words.strip().lstrip("@").lower()
    if wish.isdecimal() and len(wish) < 19:
        return int(wish)
    known = Person.objects.filter(handle=wish).values_list("pk", flat=True).first()
    return known or 0


def read(lines: Iterable[Audit], reader: Person | None) -> list[Read]:
    """These lines for this reader (None: whoever runs the house), with the names there are now."""
    lines = list(lines)
    about = [line.about.partition(":") for line in lines]
    people = Person.objects.in_bulk(
        {line.by for line in lines if line.by}
        | {int(number) for kind, _, number in about if kind == "person"}
    )
    seen = Room.enterable_by(reader) if reader else Room.objects.none()
    rooms = seen.in_bulk({int(number) for kind, _, number in about if kind == "room"})
    return [Read(line, _who(line, people), _words(line, people, rooms)) for line in lines]


def _who(line: Audit, people: dict[int, Person]) -> str:
    if line.by is None:
        return "Somebody" if line.door in ("web", "cli") else "Fireside"
    return _person(line.by, people)


def _person(number: int, people: dict[int, Person]) -> str:
    known = people.get(number)
    if known is None or known.gone_at:
        return f"a person who was deleted (no. {number})"
    return known.name


def _words(line: Audit, people: dict[int, Person], rooms: dict[int, Room]) -> str:
    kind, _, number = line.about.partition(":")
    it = line.about or "something"
    if kind == "person":
        it = "themselves" if line.by == int(number) else _person(int(number), people)
    elif kind == "room":
        it = str(rooms[int(number)]) if int(number) in rooms else f"a room (no. {number})"
    said = acts.get(line.verb, line.verb)
    if line.verb == "person.refused" and kind == "person":
        said += ", as {it}"
    return said.replace("{it}", it)


# -- as a file -----------------------------------------------------------------------------------------------


def rows(lines: Any) -> Iterator[dict[str, Any]]:
    """Every line, oldest first, with all that its hash is about; names are of today and outside the hash."""
    last = 0
    while some := list(lines.filter(number__gt=last).order_by("number")[:CHUNK]):
        last = some[-1].number
        for one in read(some, None):
            yield {**one.line.facts(), "hash": one.line.hash, "who": one.who, "words": one.words}


def as_jsonl(lines: Any) -> Iterator[str]:
    for row in rows(lines):
        yield json.dumps(row, ensure_ascii=False) + "\n"


def as_csv(lines: Any) -> Iterator[str]:
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS)
    writer.writeheader()
    for row in rows(lines):
        data = json.dumps(row["data"], sort_keys=True)
        writer.writerow(row | {"data": data, "who": _harmless(row["who"]), "words": _harmless(row["words"])})
        yield out.getvalue()
        out.seek(0)
        out.truncate()
    yield out.getvalue()


def _harmless(words: str) -> str:
    """A name that a table would take for a formula becomes words."""
    return f"'{words}" if words[:1] in "=+-@\t\r" else words


FORMS = {"csv": (as_csv, "text/csv"), "jsonl": (as_jsonl, "application/jsonl")}
