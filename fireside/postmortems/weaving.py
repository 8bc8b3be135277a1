"""The timeline as it is read: what was noted, with the voices of those who were there woven in by time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby

from django.utils import timezone

from fireside.hearth.people import Person
from fireside.hearth.timeline import Entry
from fireside.postmortems.ages import age
from fireside.postmortems.learned import Factor
from fireside.postmortems.postmortem import Postmortem
from fireside.postmortems.tellings import Moment, Telling
from fireside.web.drawings import THREADS, Strand

MOST = 2_000  # moments of one timeline that are read
FEW = 5  # this many facts between two voices are shown without asking
MARKS = {
    "decision": "decision", "call": "help", "coming": "help", "incident.eased": "ok", "incident.normal": "ok",
    "incident.closed": "ok", "incident.opened": "hot", "alert": "hot",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that was noted while it happened."""

    at: datetime
    words: str
    who: str
    mark: str
    url: str


@dataclass(frozen=True, slots=True)
class Voice:
    """One moment of somebody's shared telling."""

    at: datetime
    person: Person
    lines: list[str]
    as_what: str


@dataclass(frozen=True, slots=True)
class Strip:
    """What stands together on the page: one voice, or the facts between two."""

    voice: Voice | None = None
    facts: list[Fact] = field(default_factory=list)

    @property
    def many(self) -> bool:
        return len(self.facts) > FEW


def facts(postmortem: Postmortem) -> list[Fact]:
    """The incident's timeline as people left it, oldest first."""
    entries = Entry.objects.filter(story=postmortem.incident.ref, withdrawn_at=None).exclude(words="")
    known = entries.select_related("by", "message__room").order_by("at", "id")[:MOST]
    return [_fact(entry, postmortem) for entry in known]


def _fact(entry: Entry, postmortem: Postmortem) -> Fact:
    starred = entry.message is not None and entry.message.deleted_at is None
    url = entry.message.get_absolute_url() if starred and entry.message else _anchor(entry, postmortem)
    mark = MARKS.get(entry.verb) or MARKS.get(entry.verb.split(".")[0], "")
    who = entry.by.name if entry.by else ""
    return Fact(entry.at, entry.words, "" if entry.words.startswith(who) else who, mark, url)


def _anchor(entry: Entry, postmortem: Postmortem) -> str:
    return f"{postmortem.incident.get_absolute_url()}#entry-{entry.pk}"


def voices(postmortem: Postmortem) -> list[Voice]:
    """What was shared, moment by moment, oldest first."""
    moments = Moment.objects.filter(telling__in=Telling.shared(postmortem)).select_related("telling__person")
    lead = postmortem.incident.lead_id
    return [
        Voice(m.at, m.telling.person, m.lines, "leading" if m.telling.person_id == lead else "")
        for m in moments.order_by("at", "pk")
    ]


def woven(postmortem: Postmortem) -> list[Strip]:
    """Both together by time; facts that stand side by side are one strip."""
    both: list[Fact | Voice] = sorted([*facts(postmortem), *voices(postmortem)], key=lambda line: line.at)
    return list(_strips(both))


def _strips(lines: list[Fact | Voice]) -> Iterator[Strip]:
    for spoken, group in groupby(lines, key=lambda line: isinstance(line, Voice)):
        together = list(group)
        if spoken:
            yield from (Strip(voice=line) for line in together if isinstance(line, Voice))
        else:
            yield Strip(facts=[line for line in together if isinstance(line, Fact)])


@dataclass(frozen=True, slots=True)
class Knot:
    """A factor with the colour of its thread."""

    factor: Factor
    shade: int


def knots(factors: list[Factor]) -> list[Knot]:
    return [Knot(factor, place % THREADS + 1) for place, factor in enumerate(factors)]


def threads(postmortem: Postmortem, tied: list[Knot]) -> tuple[list[Strand], str, str]:
    """What `strands` draws: threads by age, what they met in, and when."""
    met = timezone.localtime(postmortem.incident.noticed_at)
    rows = [Strand(knot.factor.label, age(knot.factor.since, met), knot.shade) for knot in tied]
    return rows, postmortem.incident.title, f"from {met:%-H:%M}"
