"""What we keep and for how long: kinds of things that go by themselves when they are old enough."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.db import models, transaction
from django.utils import timezone

from fireside.hearth import audit, workflows
from fireside.hearth.batches import batches
from fireside.hearth.errors import Sorry
from fireside.hearth.people import Person

MANY = 100_000  # more than this is not counted


@dataclass(frozen=True, slots=True)
class Kept:
    """A kind of thing: how long it is kept by default (days; None is for ever), what is old, how it goes.

    `find(before, most)` gives up to so many that are older; `remove(them)` lets them go, in the transaction
    that also counts them, and tells how many went.
    """

    name: str
    title: str
    many: str  # "deliveries": what is counted
    find: Callable[[datetime, int], list[Any]]
    remove: Callable[[list[Any]], int]
    days: int | None = None
    shortest: int = 1
    longest: int | None = None  # days; None when it may be for ever
    help: str = ""
    apart: bool = False  # it lies where our transactions do not reach, so the count may miss a step

    @property
    def length(self) -> int | None:
        """For how many days it is kept, as keepers chose."""
        chosen = Keeping.objects.filter(what=self.name).first()
        return chosen.days if chosen else self.days

    def old(self, days: int) -> int:
        """About how many would go; MANY may be more."""
        return len(self.find(workflows.now() - timedelta(days=days), MANY))


kinds: dict[str, Kept] = {}
more: list[Callable[[], Iterable[Kept]]] = []  # kinds that there are only since somebody chose something


def keepable(kept: Kept) -> None:
    """Let keepers choose how long this is kept."""
    kinds[kept.name] = kept


class Keeping(models.Model):
    """What keepers chose for one kind, and how many went since the audit trail last told of it."""

    what = models.CharField(max_length=60, unique=True)
    days = models.PositiveIntegerField(null=True, blank=True)  # empty: for ever
    gone = models.BigIntegerField(default=0)
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar = ["what"]

    def __str__(self) -> str:
        return f"{self.what}: {said(self.days)}"


def choose(kept: Kept, days: int | None, *, by: Person) -> None:
    """Keep this kind for so many days (None: for ever), from the next night on."""
    if days is None and kept.longest is not None:
        raise Sorry(f"{kept.title}: {kept.longest:,} days at most.", field="length")
    if days is not None and not kept.shortest <= days <= (kept.longest or 36_500):
        most = f" and {kept.longest:,} at most" if kept.longest else ", or for ever"
        raise Sorry(f"{kept.title}: {kept.shortest:,} days or more{most}.", field="length")
    with transaction.atomic():
        Keeping.objects.update_or_create(
            what=kept.name, defaults={"days": days, "changed_at": timezone.now()}
        )
        audit.write("keeping.changed", by=by, about=_about(kept), what=kept.name, days=days)


def said(days: int | None) -> str:
    """ "30 days", "2 years", "for ever"."""
    if days is None:
        return "for ever"
    if days and not days % 365:
        return f"{days // 365} year{'s' if days > 365 else ''}"
    return f"{days:,} day{'' if days == 1 else 's'}"


def chosen() -> Iterator[Kept]:
    """Every kind, and the rooms for which keepers chose something of their own."""
    yield from kinds.values()
    for found in more:
        yield from found()


def let_go() -> None:
    """Let all go that is old enough, in small steps, and write down how many went."""
    moment = workflows.now()
    for kept in chosen():
        if (days := kept.length) is not None:
            _let_go(kept, moment - timedelta(days=days))
    with transaction.atomic():
        told = {row.what: row.gone for row in Keeping.objects.select_for_update().filter(gone__gt=0)}
        if told:
            Keeping.objects.filter(what__in=told).update(gone=0)
            audit.write("keeping.done", gone=told)


def _let_go(kept: Kept, before: datetime) -> None:
    def remove(found: list[Any]) -> int:
        if kept.apart:
            return _count(kept, kept.remove(found))
        with transaction.atomic():
            return _count(kept, kept.remove(found))

    batches(lambda most: kept.find(before, most), remove)


def _count(kept: Kept, gone: int) -> int:
    known = Keeping.objects.filter(what=kept.name)
    if not known.update(gone=models.F("gone") + gone):
        Keeping.objects.create(what=kept.name, days=kept.days, gone=gone)
    return gone


def _about(kept: Kept) -> str:
    return kept.name if kept.name.startswith("room:") else ""
