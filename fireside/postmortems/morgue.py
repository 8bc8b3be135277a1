"""Finding what was learned before: by words, system, factor, person and date."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import reduce
from operator import or_
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Min, Q
from django.http import QueryDict
from django.utils import timezone

from fireside.hearth.days import midnight
from fireside.hearth.errors import Sorry
from fireside.hearth.people import Person
from fireside.hearth.search import PAGE, Hit, find
from fireside.incidents.models import Incident
from fireside.postmortems.postmortem import Postmortem

REMEMBERED = 30  # years in which this day is looked up, at most
A_DAY = timedelta(days=1, microseconds=-1)
ASKED = ("q", "system", "factor", "person", "since", "until")


@dataclass(frozen=True, slots=True)
class Line:
    """One post-mortem in the list, with the words that were found in it."""

    postmortem: Postmortem
    hit: Hit


@dataclass(frozen=True, slots=True)
class Search:
    """What somebody looks for; blanks are not looked at."""

    given: dict[str, str]
    before: int | None = None

    @classmethod
    def read(cls, query: QueryDict) -> Search:
        given = {name: query.get(name, "").replace("\0", "").strip()[:200] for name in ASKED}
        before = query.get("before", "")
        return cls(given, int(before) if before.isdecimal() and len(before) < 19 else None)

    @property
    def is_blank(self) -> bool:
        return not any(self.given.values())

    def lines(self, person: Person) -> tuple[list[Line], str]:
        """A page of what this person may see, newest first, and the address of the next page or ""."""
        given = {name: words.lower() for name, words in self.given.items()}
        named: dict[str, Any] = {"system": given["system"], "factor": given["factor"]}
        named["people"] = _handle(given["person"], person)
        hits = find(
            self.given["q"], person=person, kinds=("postmortem",), before=self.before, limit=PAGE + 1,
            since=midnight(self.given["since"]), until=midnight(self.given["until"], 1),
            **{name: value for name, value in named.items() if value},
        )  # fmt: skip
        more = f"?{self.query(before=str(hits[PAGE - 1].doc.pk))}" if len(hits) > PAGE else ""
        return _lines(hits[:PAGE], person), more

    def query(self, **more: str) -> str:
        return urlencode({name: value for name, value in {**self.given, **more}.items() if value})


def _handle(words: str, person: Person) -> str:
    """Whoever is meant by these words; somebody who left is found by their whole handle."""
    if not words:
        return ""
    try:
        return Person.named(words, by=person).handle
    except Sorry:
        return words.lstrip("@")


def _lines(hits: list[Hit], person: Person) -> list[Line]:
    known = numbered(person).in_bulk([hit.doc.ref for hit in hits])
    return [Line(known[hit.doc.ref], hit) for hit in hits if hit.doc.ref in known]


def numbered(person: Person) -> Any:
    """Post-mortems this person may see, with how much met, was offered and was applauded."""
    return Postmortem.seen_by(person).annotate(
        clapping=Count("applause", distinct=True),
        things=Count("factors", distinct=True),
        changes=Count("mitigations", distinct=True),
        tellers=Count("tellings", filter=Q(tellings__shared_at__isnull=False), distinct=True),
    )


def anniversaries(person: Person) -> list[Postmortem]:
    """What happened on this day in another year, and was told."""
    first = Incident.objects.aggregate(at=Min("noticed_at"))["at"]
    days = [Q(noticed_at__range=(start, start + A_DAY)) for start in _this_day_since(first)] if first else []
    if not days:
        return []
    then = Incident.objects.filter(reduce(or_, days))
    known = Postmortem.seen_by(person).filter(incident__in=then, published_at__isnull=False)
    return list(known.order_by("-incident__noticed_at")[:3])


def _this_day_since(first: datetime) -> Iterator[datetime]:
    """When this day began in each year before this one; 29 February is not in all of them."""
    today = timezone.localdate()
    oldest = max(timezone.localdate(first).year, today.year - REMEMBERED)
    for year in range(today.year - 1, oldest - 1, -1):
        with suppress(ValueError):
            yield timezone.make_aware(datetime.combine(today.replace(year=year), time()))


def being_written(person: Person) -> list[Postmortem]:
    """Drafts of incidents this person was in."""
    drafts = Postmortem.seen_by(person).filter(published_at=None, asked__person=person)
    return list(drafts.order_by("-pk")[:6])
