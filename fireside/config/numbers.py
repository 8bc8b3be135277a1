"""What the database knows about how the house is doing, as numbers for /metrics.

Each is found through an index, and what is counted is counted up to a limit, so that a house with millions
of messages answers as fast as an empty one. What was found is told again for a few seconds.
"""

from __future__ import annotations

import logging
import shutil
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError, close_old_connections, connection
from django.db.models import Max, Min, Model, QuerySet
from django.utils import timezone
from prometheus_client import Metric
from prometheus_client.registry import Collector

from fireside.alerts.models import Delivery
from fireside.config.backups import LATEST
from fireside.hearth.messages import Message
from fireside.hearth.timeline import Cursor, Entry
from fireside.hearth.workflows import ROUTER
from fireside.slack.inbox import TRIES
from fireside.slack.models import Arrival, Channel, Post

MOST = 1_000  # no further is anything counted
FRESH = 3.0  # seconds for which what was found is told again
PATIENCE = 3.0  # seconds a database may take before it counts as down

log = logging.getLogger(__name__)

Found = dict[str, float]


@dataclass(frozen=True, slots=True)
class Number:
    """One number of the database: its name, what it tells, how to find it (by label, or alone)."""

    name: str
    meaning: str
    find: Callable[[], Found]
    label: str = ""
    kind: str = "gauge"

    def metric(self, found: Found) -> Metric:
        bare = self.name.removesuffix("_total") if self.kind == "counter" else self.name
        metric = Metric(bare, self.meaning, self.kind)
        for value, number in found.items():
            metric.add_sample(self.name, {self.label: value} if self.label else {}, number)
        return metric


def _newest(model: type[Model]) -> Callable[[], Found]:
    return lambda: {"": model._default_manager.aggregate(newest=Max("pk"))["newest"] or 0}


def _routed() -> int:
    return Cursor.objects.filter(name=ROUTER).values_list("entry", flat=True).first() or 0


def _unrouted() -> float:
    return _newest(Entry)()[""] - _routed()  # by their ids, which have few gaps


def _oldest_unrouted() -> float:
    return _first(Entry.objects.filter(pk__gt=_routed()), "noted_at")


def _alone(find: Callable[[], float]) -> Callable[[], Found]:
    return lambda: {"": find()}


def _some(found: QuerySet[Model]) -> float:
    """How many, up to the limit."""
    return found.order_by()[:MOST].count()


def _age(moment: datetime | None) -> float:
    """Seconds since; none when there is nothing that waits, or it lies ahead."""
    return max(0.0, (timezone.now() - moment).total_seconds()) if moment else 0.0


def _waiting_deliveries() -> QuerySet[Delivery]:
    return Delivery.objects.filter(handled_at=None)


def _waiting_posts() -> QuerySet[Post]:
    return Post.objects.filter(due_at__isnull=False, channel__in=Channel.open())


def _oldest_post() -> float:
    return _age(_waiting_posts().order_by()[:MOST].aggregate(oldest=Min("due_at"))["oldest"])


def _waiting_arrivals() -> QuerySet[Arrival]:
    return Arrival.objects.filter(handled_at=None, tries__lt=TRIES)


# Each in the words of the engine's own partial indexes, so that SQLite sees that they fit.
FLIGHT = "queue_name = 'work' AND status IN ('ENQUEUED', 'PENDING') AND status = 'ENQUEUED'"
FAILED = "status IN ('ERROR', 'CANCELLED', 'MAX_RECOVERY_ATTEMPTS_EXCEEDED') AND status = "
JOBS = {
    "waiting": ("status = 'DELAYED'", FLIGHT),
    "running": ("status = 'PENDING'",),
    "set aside": (f"{FAILED} 'ERROR'", f"{FAILED} 'MAX_RECOVERY_ATTEMPTS_EXCEEDED'"),
}
DUE = (
    "status = 'DELAYED' AND delay_until_epoch_ms <= %s ORDER BY delay_until_epoch_ms",
    f"{FLIGHT} AND created_at <= %s ORDER BY priority, created_at",
    "status = 'PENDING' AND created_at <= %s ORDER BY created_at",
)
SINCE = "COALESCE(delay_until_epoch_ms, created_at)"


def _jobs() -> Found:
    """How many jobs wait, run, and were set aside; what is done is not counted."""
    found = dict.fromkeys(JOBS, 0.0)
    for table in _engine():
        for state, ways in JOBS.items():
            for where in ways:
                some = f"SELECT 1 FROM {table} WHERE {where} LIMIT {MOST}"  # noqa: S608 -- our own words
                found[state] += _asked(f"SELECT COUNT(*) FROM ({some}) AS counted")  # noqa: S608
    return found


def _oldest_job() -> float:
    """Seconds for which the job that is most overdue has not ended."""
    now = time.time() * 1000
    due = [
        _asked(f"SELECT {SINCE} FROM {table} WHERE {where} LIMIT 1", int(now))  # noqa: S608 -- our own words
        for table in _engine()
        for where in DUE
    ]
    return max((max(0.0, now - moment) / 1000 for moment in due if moment), default=0.0)


def _engine() -> Iterator[str]:
    """The table of the job engine, once a worker has begun here."""
    lite = connection.vendor == "sqlite"
    asked = "SELECT 1 FROM sqlite_master WHERE name = %s" if lite else "SELECT to_regclass(%s) IS NOT NULL"
    name = "workflow_status" if lite else "dbos.workflow_status"
    if _asked(asked, name):
        yield name


def _asked(sql: str, *given: str | int) -> float:
    with connection.cursor() as cursor:
        cursor.execute(sql, given)
        row = cursor.fetchone()
    return row[0] if row and row[0] is not None else 0


def _first(found: QuerySet[Model], moment: str) -> float:
    """How long the oldest of them, by the order in which they came, has waited."""
    return _age(found.order_by("pk").values_list(moment, flat=True).first())


NUMBERS = [
    Number("fireside_entries_total", "What has been noted so far.", _newest(Entry), kind="counter"),
    Number("fireside_messages_total", "What has been said so far.", _newest(Message), kind="counter"),
    Number(
        "fireside_router_lag_entries", "What was noted and has not reached its reactions.",
        _alone(_unrouted),
    ),
    Number(
        "fireside_router_lag_seconds", "How long the oldest such entry has waited.",
        _alone(_oldest_unrouted),
    ),
    Number(
        "fireside_jobs", "Jobs by state, up to 1,000 of each; those set aside wait for a person.", _jobs,
        "state",
    ),
    Number("fireside_jobs_oldest_due_seconds", "How long the oldest job has been due.", _alone(_oldest_job)),
    Number(
        "fireside_deliveries_waiting", "Deliveries of alerts that were taken and are not handled yet.",
        _alone(lambda: _some(_waiting_deliveries())),
    ),
    Number(
        "fireside_deliveries_oldest_seconds", "How long the oldest of them has waited.",
        _alone(lambda: _first(_waiting_deliveries(), "at")),
    ),
    Number(
        "fireside_deliveries_set_aside", "Deliveries that could not be understood, and are kept.",
        _alone(lambda: _some(Delivery.objects.exclude(trouble=""))),
    ),
    Number(
        "fireside_slack_posts_waiting", "Posts that differ from what Slack shows.",
        _alone(lambda: _some(_waiting_posts())),
    ),
    Number("fireside_slack_posts_oldest_seconds", "How long the oldest is due.", _alone(_oldest_post)),
    Number(
        "fireside_slack_arrivals_waiting", "What Slack told us and is not handled yet.",
        _alone(lambda: _some(_waiting_arrivals())),
    ),
    Number(
        "fireside_slack_arrivals_oldest_seconds", "How long the oldest of it has waited.",
        _alone(lambda: _first(_waiting_arrivals(), "at")),
    ),
    Number(
        "fireside_slack_arrivals_set_aside", "What Slack told us and was given up after many tries.",
        _alone(lambda: _some(Arrival.objects.filter(handled_at=None, tries__gte=TRIES))),
    ),
]  # fmt: skip
UP = Number("fireside_database_up", "Whether the database answers.", lambda: {"": 1})


class Numbers(Collector):
    """Asks the database, in a thread of its own, so that one that hangs holds nobody up for long."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "numbers")
        self._turn = threading.Lock()
        self._asked: Future[list[Metric]] | None = None
        self._at = 0.0

    def describe(self) -> Iterable[Metric]:
        return [number.metric({}) for number in (UP, *NUMBERS)]

    def collect(self) -> Iterator[Metric]:
        try:
            found = self._ask().result(PATIENCE)
        except (OperationalError, InterfaceError, TimeoutError):
            yield UP.metric({"": 0})
        except DatabaseError:
            log.exception("The numbers could not be asked for")
            yield UP.metric({"": 0})
        else:
            yield UP.metric({"": 1})
            yield from found

    def _ask(self) -> Future[list[Metric]]:
        """What was asked a moment ago, or is being asked; else it is asked now."""
        with self._turn:
            asked, now = self._asked, time.monotonic()
            if asked is None or (asked.done() and (asked.exception() or now - self._at > FRESH)):
                self._asked, self._at = asked, _ = self._thread.submit(_look), now
            return asked

    def forget(self) -> None:
        """Ask anew the next time."""
        with self._turn:
            self._asked = None


def _look() -> list[Metric]:
    close_old_connections()
    try:
        return [number.metric(number.find()) for number in NUMBERS]
    finally:
        close_old_connections()


def free() -> float:
    """Bytes that are free where everything is kept."""
    return shutil.disk_usage(settings.DATA).free


def backed_up() -> float:
    """When a backup was last made, as whoever makes it tells by touching a file."""
    stamp = settings.DATA / LATEST
    return stamp.stat().st_mtime if stamp.exists() else 0.0
