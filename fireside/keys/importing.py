"""A list of what is connected elsewhere: read leniently, compared with the register, brought in when sure."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from django.db import transaction

from fireside.hearth import audit
from fireside.hearth.errors import Sorry
from fireside.hearth.people import Person
from fireside.keys.models import Holder
from fireside.keys.pasted import no_secrets
from fireside.web.keyring import Line, held, rooms

PLACE, MOST, MARK = "slack", 5000, 110  # lines, and characters
GONE = {"removed", "disabled", "uninstalled", "revoked"}
COLUMNS = {  # what a column may be called, in small letters with single spaces
    "ident": ("app id", "service id", "id", "integration id"),
    "name": ("app type", "service type", "app name", "app", "name", "application", "integration", "service",
             "title"),
    "by": ("user name", "user", "installed by", "added by", "owner", "username", "created by"),
    "at": ("date", "date installed", "installed on", "installed at", "date added", "created", "added on",
           "timestamp", "date created"),
    "change": ("change type", "change", "action", "status", "event"),
    "scopes": ("scope", "scopes", "permissions", "oauth scopes", "bot scopes"),
    "channel": ("channel", "channel id"),
}  # fmt: skip
DAYS = (
    "%Y-%m-%d",
    "%Y-%m-%d %H:%M:%S",
    "%Y/%m/%d",
    "%d %B %Y",
    "%d %b %Y",
    "%B %d, %Y",
    "%b %d, %Y",
    "%d.%m.%Y",
)


@dataclass
class Known:
    """What all lines about one thing say together: the newest word counts."""

    mark: str
    name: str
    by: str = ""
    at: datetime | None = None
    scopes: list[str] = field(default_factory=list)
    channel: str = ""
    gone: bool = False


@dataclass
class Plan:
    """What a list would bring: nothing is written until it is brought in."""

    new: list[Known] = field(default_factory=list)
    changed: list[tuple[Holder, Known]] = field(default_factory=list)
    gone: list[Holder] = field(default_factory=list)
    same: int = 0
    own: int = 0  # lines about ourselves, who are in the register already
    unreadable: list[tuple[int, str]] = field(default_factory=list)  # line number, why

    def __str__(self) -> str:
        said = (
            f"{len(self.new)} new, {len(self.changed)} changed, {len(self.gone)} gone, {self.same} as before."
        )
        if self.unreadable:
            lines = ", ".join(str(number) for number, _ in self.unreadable[:20])
            said += f" {len(self.unreadable)} could not be read (line {lines})."
        return said


def plan(words: str) -> Plan:
    """Read a CSV and compare it with the register; Sorry when it is no list at all."""
    lines, unreadable, whole = read(words)
    found = Plan(unreadable=unreadable)
    known = {one.mark: one for one in Holder.objects.filter(mark__startswith=f"{PLACE}/")}
    own = {one.known_as for one in held() if one.known_as}
    told = _gathered(lines)
    for one in told:
        before = known.get(one.mark)
        if one.mark in own:
            found.own += 1
        elif before is None:
            found.new += [] if one.gone else [one]
            found.same += one.gone
        elif one.gone:
            found.gone += [] if before.ended_at else [before]
            found.same += before.ended_at is not None
        elif before.ended_at is None and (not one.scopes or set(before.scopes) == set(one.scopes)):
            found.same += 1
        else:
            found.changed.append((before, one))
    if whole:  # a list of all there is, and not a log of what changed
        marks = {one.mark for one in told}
        found.gone += [one for mark, one in known.items() if mark not in marks and one.ended_at is None]
    return found


def bring_in(found: Plan, *, by: Person) -> None:
    """Write down what the plan says, all or nothing."""
    with transaction.atomic():
        people = list(Person.objects.filter(deactivated_at=None))
        for one in found.new:
            adder = _person(one.by, people)
            more = {"added_at": one.at} if one.at else {}
            Holder.connect(
                one.name, by=adder, by_name="" if adder else one.by, mark=one.mark, scopes=one.scopes,
                place=PLACE,
                kind=Holder.Kind.WEBHOOK if one.scopes == ["incoming-webhook"] else Holder.Kind.APP,
                room=rooms[PLACE](one.channel) if one.channel and PLACE in rooms else None, **more,
            )  # fmt: skip
        for holder, one in found.changed:
            Holder.objects.filter(pk=holder.pk).update(ended_at=None)
            holder.ended_at = None
            holder.now_has(one.scopes or holder.scopes, by=by)
        for holder in found.gone:
            holder.end(by=by)
        audit.write(
            "holder.imported", by=by, new=len(found.new), changed=len(found.changed), gone=len(found.gone)
        )


def written(lines: Iterable[Line]) -> str:
    """Lines that came another way, as the CSV that is read here: one for each thing."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["id", "name", "user", "date", "change_type", "scopes", "channel"])
    for one in _gathered(lines):
        at = one.at.strftime("%Y-%m-%d %H:%M:%S") if one.at else ""
        change = "removed" if one.gone else "updated"
        row = [one.mark.partition("/")[2], one.name, one.by, at, change, " ".join(one.scopes), one.channel]
        writer.writerow(row)
    return out.getvalue()


def read(words: str) -> tuple[list[Line], list[tuple[int, str]], bool]:
    """The lines, those that cannot be read with why, and whether it is a list of all there is."""
    no_secrets(words)
    words = words.lstrip("\ufeff").replace("\0", "")
    rows = csv.reader(io.StringIO(words, newline=""), delimiter=_divided_by(words))
    try:
        columns = _columns(next(rows, []))
        lines: list[Line] = []
        wrong: list[tuple[int, str]] = []
        for row in rows:
            if len(lines) + len(wrong) >= MOST:
                raise Sorry(f"That is more than {MOST:,} lines. You could bring it in in parts.")
            if any(cell.strip() for cell in row):
                one = _line({name: row[at].strip() if at < len(row) else "" for name, at in columns.items()})
                lines += [one] if isinstance(one, Line) else []
                wrong += [(rows.line_num, one)] if isinstance(one, str) else []
    except csv.Error as error:
        raise Sorry(f"Line {rows.line_num} cannot be read as CSV: {error}.") from None
    return lines, wrong, "change" not in columns


def _divided_by(words: str) -> str:
    first = words.split("\n", 1)[0]
    return max(",;\t", key=first.count)


def _columns(first: list[str]) -> dict[str, int]:
    called = [re.sub(r"[\s_\-]+", " ", cell.strip().lower()) for cell in first]
    found = {
        name: called.index(word)
        for name, words in COLUMNS.items()
        for word in reversed(words)
        if word in called
    }
    if "name" not in found:
        raise Sorry(
            "The first line has to name the columns, and one of them what the app is called: "
            "app name, or app_type as Slack's log has it."
        )
    return found


def _line(cells: dict[str, str]) -> Line | str:
    """The line, or why it cannot be read."""
    name = cells["name"][:120]
    if not name:
        return "it has no name"
    at = _moment(cells["at"]) if cells.get("at") else None
    if cells.get("at") and at is None:
        return f"the date “{cells['at'][:40]}” cannot be read"
    return Line(
        ident=cells.get("ident", "")[:80], name=name, by=cells.get("by", "")[:120], at=at,
        change=cells.get("change", "").lower(), scopes=cells.get("scopes", ""),
        channel=cells.get("channel", "")[:24],
    )  # fmt: skip


def _moment(words: str) -> datetime | None:
    """When it was, if that can be read and could be."""
    if re.fullmatch(r"\d{9,10}(\.\d+)?", words):
        return datetime.fromtimestamp(float(words), UTC)
    try:
        found = datetime.fromisoformat(words)
    except ValueError:
        return next(filter(None, (_as(words, form) for form in DAYS)), None)
    return _possible(found)


def _as(words: str, form: str) -> datetime | None:
    try:
        return _possible(datetime.strptime(words, form))  # noqa: DTZ007 -- a zone is added next
    except ValueError:
        return None


def _possible(found: datetime) -> datetime | None:
    moment = found if found.tzinfo else found.replace(tzinfo=UTC)
    return moment if 1990 <= moment.year < 2100 else None


def _gathered(lines: Iterable[Line]) -> list[Known]:
    """One for each thing, from all lines about it in the order in which they happened."""
    found: dict[str, Known] = {}
    oldest = datetime(1970, 1, 1, tzinfo=UTC)
    for line in sorted(lines, key=lambda one: one.at or oldest):
        mark = f"{PLACE}/{line.ident or line.name.lower()}"[:MARK]
        one = found.setdefault(mark, Known(mark, line.name, line.by, line.at))
        one.name, one.channel, one.gone = line.name, line.channel or one.channel, line.change in GONE
        one.scopes = _scopes(line.scopes) or one.scopes
    return list(found.values())


def _scopes(words: str) -> list[str]:
    return list(dict.fromkeys(one[:160] for one in re.split(r"[,;\s|]+", words) if one))[:300]


def _person(name: str, people: Iterable[Person]) -> Person | None:
    """Who is meant by a name that another place has for them; nobody when it could be several."""
    wish = name.strip().lstrip("@").lower()
    found = [one for one in people if wish and wish in _called(one)]
    return found[0] if len(found) == 1 else None


def _called(person: Person) -> Iterator[str]:
    yield from (person.name.lower(), person.handle.lower(), (person.email or "").lower())
