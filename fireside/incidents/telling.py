"""An incident as a reader meets it: its stages, its people, and the lines of its timeline."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils import timezone

from fireside.hearth.people import Person
from fireside.hearth.rooms import visible
from fireside.hearth.timeline import Entry
from fireside.incidents.models import Attempt, Call, Coming, Incident, Update

SILENT = ("message.unstarred",)
LOOK = {
    "incident.noticed": "hot", "incident.opened": "hot", "incident.reopened": "hot", "attempt.done": "ok",
    "incident.eased": "ok", "incident.normal": "ok", "incident.closed": "ok", "decision.made": "decision",
    "decision.back": "decision", "call.made": "help", "coming.told": "help",
}  # fmt: skip
FIRMLY = ("decision.made", "decision.back", "call.made", "attempt.ruled-out", "update.told")
NAMED = ("incident.led", "incident.shadowed", "coming.told")  # whose words name the person already
MOST_PEOPLE = 12


@dataclass(frozen=True, slots=True)
class Stage:
    """One of the four steps from noticed to back to normal."""

    words: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Role:
    """Somebody, and what they do here."""

    person: Person
    does: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the timeline; `firmly` is its beginning when that deserves weight."""

    entry: Entry
    words: str
    firmly: str = ""
    new_day: bool = False  # no line above it was on this day

    @property
    def is_named(self) -> bool:
        return self.entry.verb in NAMED

    @property
    def look(self) -> str:
        return LOOK.get(self.entry.verb, "")


def stages_of(incident: Incident) -> list[Stage]:
    return [
        Stage("Noticed", incident.noticed_at), Stage("Being worked on", incident.working_at),
        Stage("Eased", incident.eased_at), Stage("Back to normal", incident.normal_at),
    ]  # fmt: skip


def people_of(
    incident: Incident, attempts: Iterable[Attempt], last: Update | None, comings: Iterable[Coming]
) -> list[Role]:
    """Who does what, each person once: the lead, the hands, who tells, who came, who walks along."""
    roles: dict[int, Role] = {}

    def add(person: Person | None, does: str) -> None:
        if person is not None:
            roles.setdefault(person.pk, Role(person, does))

    add(incident.lead, "leading, asks the questions")
    tried = sorted(attempts, key=lambda attempt: attempt.kind != Attempt.Kind.DOING)
    for attempt in tried:
        add(attempt.by, "hands on" if attempt.kind == Attempt.Kind.DOING else "worked on it")
    if last is not None:
        add(last.by, "tells how it stands")
    for coming in comings:
        add(coming.by, "came to help")
    for shadow in incident.shadows.select_related("person"):
        add(shadow.person, "watches and learns")
    return list(roles.values())[:MOST_PEOPLE]


def coming_to(calls: Iterable[Call], comings: Iterable[Coming]) -> list[tuple[Call, list[Coming]]]:
    """Each call with those who are on the way because of it."""
    known = list(comings)
    return [(call, [coming for coming in known if coming.call_id == call.pk]) for call in calls]


def entries_of(incident: Incident, person: Person) -> QuerySet[Entry]:
    """What stands on the timeline, as far as this person may see it."""
    told = Entry.objects.filter(story=incident.ref, withdrawn_at=None).exclude(verb__in=SILENT)
    return visible(told, person).select_related("by", "message__room")


def lines_of(
    incident: Incident, person: Person, *, before: str = "", most: int = 60
) -> tuple[list[Line], str]:
    """The newest lines (before the entry with id `before`), and the id to go on from when there are more."""
    entries = entries_of(incident, person).order_by("-at", "-id")
    if before.isdecimal() and len(before) < 19 and (last := entries.filter(pk=int(before)).first()):
        entries = entries.filter(Q(at__lt=last.at) | Q(at=last.at, pk__lt=last.pk))
    found = list(entries[: most + 1])
    earlier = str(found[most - 1].pk) if len(found) > most else ""
    lines: list[Line] = []
    day = timezone.localdate()
    for entry in found[:most]:
        here = timezone.localdate(entry.at)
        lines.append(replace(line(entry), new_day=here != day))
        day = here
    return lines, earlier


def line(entry: Entry) -> Line:
    """What a starred message says is what it says now; everything else is as it was noted."""
    words = entry.words
    if entry.verb == "message.starred" and entry.message is not None:
        words = str(entry.message)
    if entry.verb in FIRMLY and ": " in words:
        firmly, _, words = words.partition(": ")
        return Line(entry, words, firmly)
    return Line(entry, words)
