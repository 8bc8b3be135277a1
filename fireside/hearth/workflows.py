"""What happens unasked: reactions to entries, at once or later, and things that recur.

The Entry table is the outbox. Whatever a reaction does may be done twice (after a crash, after a retry), so
what it says and makes carries a key. `settle()` does in a test, at once, what the engine does over time.
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from django.utils import timezone

from fireside.hearth import gauges, traces
from fireside.hearth.people import Organisation
from fireside.hearth.recurring import Daily, Minutes, daily
from fireside.hearth.timeline import Cursor, Entry

LATE = timedelta(hours=12)  # what recurs is caught up after this much downtime, and skipped after more
ROUTER = "router"

React: TypeAlias = Callable[[Entry], None]


@dataclass(frozen=True, slots=True)
class Reaction:
    """What follows an entry: at once, or `after` a while unless something has made it needless."""

    name: str
    do: React
    verbs: tuple[str, ...]
    after: timedelta
    unless: Callable[[Entry], bool] | None

    def __str__(self) -> str:
        wait = f"{_length(self.after)} after" if self.after else "at once after"
        return f"{wait} {' or '.join(self.verbs)}"


@dataclass(frozen=True, slots=True)
class Recurring:
    """What is done again and again."""

    name: str
    do: Callable[[], None]
    rule: Minutes | Daily

    def __str__(self) -> str:
        return str(self.rule)


@dataclass(frozen=True, slots=True)
class Job:
    """One thing to run once: its key is the same however often it is asked for."""

    key: str
    name: str
    due: datetime
    entry: int = 0


class Book:
    """All reactions and recurring things by name."""

    def __init__(self) -> None:
        self.reactions: dict[str, Reaction] = {}
        self.recurring: dict[str, Recurring] = {}

    def free(self, do: Callable[..., None]) -> str:
        """ "incidents.ask_who_leads": jobs are kept under this name, so that it must be nobody else's."""
        name = f"{do.__module__.removeprefix('fireside.').split('.')[0]}.{do.__name__}"
        if name in self.reactions or name in self.recurring:
            raise RuntimeError(f"The workflow {name} is written twice")
        return name


book = Book()


def when(
    verbs: str | tuple[str, ...],
    *,
    after: timedelta | None = None,
    unless: Callable[[Entry], bool] | None = None,
) -> Callable[[React], React]:
    """React to entries with one of these verbs; `unless` is asked when the time has come."""

    def write(do: React) -> React:
        name = book.free(do)
        known = (verbs,) if isinstance(verbs, str) else verbs
        book.reactions[name] = Reaction(name, do, known, after or timedelta(), unless)
        return do

    return write


def every(
    *, minutes: int = 0, at: str = "", days: str = "", zone: str = "org"
) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Do this every so many minutes, or at a wall-clock time ("09:00") on `days` ("mon-fri") in a zone."""
    rule = Minutes(minutes) if minutes else daily(at, days, zone)

    def write(do: Callable[[], None]) -> Callable[[], None]:
        name = book.free(do)
        book.recurring[name] = Recurring(name, do, rule)
        return do

    return write


def schedule() -> list[tuple[str, str, str]]:
    """What happens unasked, when, and why; for `fireside schedule` and the reference."""
    things: Iterable[Reaction | Recurring] = [*book.reactions.values(), *book.recurring.values()]
    return sorted((thing.name, str(thing), inspect.getdoc(thing.do) or "") for thing in things)


_moment: ContextVar[datetime | None] = ContextVar("moment", default=None)


def now() -> datetime:
    """The moment a workflow lives in; in a test that settles the future, that future."""
    return _moment.get() or timezone.now()


# -- what the engine asks ----------------------------------------------------------------------------------


class Unknown(Exception):
    """No workflow has this name in the release that runs here; another one may know it."""


def run(name: str, entry_id: int) -> None:
    """Run one job; an entry that is gone is nothing to do."""
    if recurring := book.recurring.get(name):
        with gauges.job(name), traces.span("job", job=name):
            recurring.do()
    elif reaction := book.reactions.get(name):
        entry = Entry.objects.select_related("by", "room", "message").filter(pk=entry_id).first()
        if entry is not None:
            with gauges.job(name), traces.span("job", parent=entry.data.get("trace", ""), job=name):
                _react(reaction, entry)
    else:
        raise Unknown(f"This release knows nothing called {name}. Another one may, or it could be let go.")


def _react(reaction: Reaction, entry: Entry) -> None:
    if not (reaction.unless and reaction.unless(entry)):
        reaction.do(entry)


def route(start: Callable[[Job], None], most: int = 500) -> bool:
    """Start what follows the entries after the router's cursor; tells whether there may be more.

    Jobs are started before the cursor moves: after a crash between the two they are started again, and the
    engine, which knows their keys, refuses. So it does when two route at once; the cursor never goes back.
    """
    cursor, _ = Cursor.objects.get_or_create(name=ROUTER)
    found = Entry.objects.filter(pk__gt=cursor.entry).order_by("pk")
    entries = list(found.values_list("pk", "verb", "noted_at")[:most])
    for pk, verb, noted_at in entries:
        for reaction in book.reactions.values():
            if verb in reaction.verbs:
                start(Job(f"entry:{pk}:{reaction.name}", reaction.name, noted_at + reaction.after, pk))
    if entries:
        Cursor.objects.filter(name=ROUTER, entry__lt=entries[-1][0]).update(entry=entries[-1][0])
    return len(entries) == most


def is_left(since: datetime) -> bool:
    """Has something been noted before `since` that nobody has routed yet?"""
    cursor = Cursor.objects.filter(name=ROUTER).values_list("entry", flat=True).first() or 0
    oldest = Entry.objects.filter(pk__gt=cursor).order_by("pk").values_list("noted_at", flat=True).first()
    return oldest is not None and oldest < since


def rest() -> None:
    """Let everything noted so far pass without reactions, as after an import of old stories."""
    newest = Entry.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    Cursor.objects.update_or_create(name=ROUTER, defaults={"entry": newest})


def recurring_now(moment: datetime) -> Iterator[Job]:
    """The newest occurrence of all that recurs, unless it is too old or older than the organisation."""
    org = Organisation.current()
    if org is None:
        return
    for thing in book.recurring.values():
        slot = thing.rule.last(moment)
        if slot >= max(moment - LATE, org.made_at):
            yield Job(f"every:{thing.name}:{thing.rule.key(slot)}", thing.name, slot)


# -- what tests ask ----------------------------------------------------------------------------------------


def settle(until: datetime | None = None) -> None:
    """Run here, in order, all that has become due; with `until` also what would become due by then."""
    began = timezone.now()
    while job := _next(began, until or timezone.now()):
        with _living_in(job.due if until else None):
            run(job.name, job.entry)


def _next(began: datetime, until: datetime) -> Job | None:
    jobs = [*_reactions_due(until), *(_recurring_due(began, until) if until > timezone.now() else ())]
    job = min(jobs, key=lambda job: (job.due, job.entry), default=None)
    if job is not None:
        _settled(job.name, job.entry or int(job.due.timestamp()))
    return job


def _reactions_due(until: datetime) -> Iterator[Job]:
    for reaction in book.reactions.values():
        entries = Entry.objects.filter(verb__in=reaction.verbs, noted_at__lte=until - reaction.after)
        entry = entries.filter(pk__gt=_settled(reaction.name)).order_by("pk").first()
        if entry is not None:
            yield Job("", reaction.name, entry.noted_at + reaction.after, entry.pk)


def _recurring_due(began: datetime, until: datetime) -> Iterator[Job]:
    """What recurs by the minute comes once, at the end; what has a time of day comes on every day."""
    for thing in book.recurring.values():
        since = max(began, datetime.fromtimestamp(_settled(thing.name), UTC))
        slot = thing.rule.last(until)
        if isinstance(thing.rule, Daily):
            while (earlier := thing.rule.last(slot - timedelta(seconds=1))) > since:
                slot = earlier
        if slot > since:
            yield Job("", thing.name, slot)


def _settled(name: str, to: int | None = None) -> int:
    """How far `settle` has come with one thing; kept in the database, where it ends with the test."""
    key = f"settle:{hashlib.sha256(name.encode()).hexdigest()[:32]}"
    if to is not None:
        Cursor.objects.update_or_create(name=key, defaults={"entry": to})
        return to
    return Cursor.objects.filter(name=key).values_list("entry", flat=True).first() or 0


@contextmanager
def _living_in(moment: datetime | None) -> Iterator[None]:
    token = _moment.set(moment)
    try:
        yield
    finally:
        _moment.reset(token)


def _length(span: timedelta) -> str:
    for name, seconds in (("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1)):
        count, rest_of = divmod(int(span.total_seconds()), seconds)
        if count and not rest_of:
            return f"{count} {name}{'s' if count > 1 else ''}"
    return str(span)
