"""Finding incidents: what a reader of the list wishes for, and the incidents that answer it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from urllib.parse import urlencode

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse

from fireside.hearth.days import midnight
from fireside.hearth.errors import Sorry
from fireside.hearth.people import Person
from fireside.hearth.rooms import visible
from fireside.incidents.models import Attempt, Coming, Incident, Severity
from fireside.systems.models import System


@dataclass(frozen=True, slots=True)
class Wish:
    """What the filters say, as it stands in the address; empty is no wish."""

    state: str = ""
    severity: str = ""
    system: str = ""
    person: str = ""
    since: str = ""
    until: str = ""
    before: int | None = None
    wrong: str = ""

    @classmethod
    def read(cls, given: Mapping[str, str], person: Person) -> Wish:
        words = {name: given.get(name, "").strip()[:80] for name in FILTERS}
        before = given.get("before", "")
        wish = cls(**words, before=int(before) if before.isdecimal() and len(before) < 10 else None)
        return replace(wish, wrong=_wrong(wish, person))

    @property
    def given(self) -> dict[str, str]:
        return {name: words for name in FILTERS if (words := asdict(self)[name])}

    def address(self, *, before: int | None = None) -> str:
        query = {**self.given, **({"before": str(before)} if before else {})}
        return f"{reverse('incidents')}?{urlencode(query)}"

    def page_of(self, known: QuerySet[Incident]) -> QuerySet[Incident]:
        return known.filter(number__lt=self.before) if self.before else known


FILTERS = ("state", "severity", "system", "person", "since", "until")


def found_by(wish: Wish, person: Person) -> QuerySet[Incident]:
    """The incidents this person may see that answer the wish, newest first."""
    known = Incident.seen_by(person).select_related("lead", "room").order_by("-number")
    if wish.wrong:
        return known.none()
    if wish.severity in Severity.values:
        known = known.filter(severity=wish.severity)
    if wish.system:
        known = known.filter(system__in=visible(System.objects.filter(slug=wish.system), person))
    if wish.person:
        known = _of_person(known, Person.named(wish.person, by=person))
    if since := midnight(wish.since):
        known = known.filter(noticed_at__gte=since)
    if until := midnight(wish.until, after=1):
        known = known.filter(noticed_at__lt=until)
    return known


def systems_of(person: Person) -> list[System]:
    return list(visible(System.objects.order_by("name"), person)[:200])


def _of_person(known: QuerySet[Incident], someone: Person) -> QuerySet[Incident]:
    """Those that somebody opened, led, worked on or came to help with."""
    here = {"incident": OuterRef("pk"), "by": someone}
    worked, came = Attempt.objects.filter(**here), Coming.objects.filter(**here)
    return known.filter(Q(opened_by=someone) | Q(lead=someone) | Exists(worked) | Exists(came))


def _wrong(wish: Wish, person: Person) -> str:
    """A sentence about a wish that cannot be read, or ""."""
    if any(words and midnight(words) is None for words in (wish.since, wish.until)):
        return "A date is written like 2026-11-24."
    if wish.person:
        try:
            Person.named(wish.person, by=person)
        except Sorry as sorry:
            return sorry.words
    return ""
