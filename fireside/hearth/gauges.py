"""What is counted while the house runs, for /metrics: never a person, a room, a word or a private name.

Every label comes from a short list that the code knows. Counting costs less than a microsecond.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from time import time

import prometheus_client
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from fireside.hearth.errors import Sorry

prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]
registry = CollectorRegistry()

REQUEST = (0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 10)  # few, because there is one set for each address
DELIVERY = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
QUERY = (0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 30)
WAIT = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
READS = ("GET", "HEAD", "OPTIONS")

requests = Counter(
    "fireside_http_requests_total",
    "Requests answered, by the pattern of their address.",
    ["route", "method", "status"],
    registry=registry,
)
answers = Histogram(
    "fireside_http_request_duration_seconds",
    "Time until an answer began, by the pattern of its address.",
    ["route", "method"],
    buckets=REQUEST,
    registry=registry,
)
open_requests = Gauge(
    "fireside_http_requests_in_progress", "Requests whose answer has not begun.", registry=registry
)
intake = Histogram(
    "fireside_intake_duration_seconds",
    "Time until a delivery of alerts was on the disk and answered.",
    buckets=DELIVERY,
    registry=registry,
)
alerts = Counter("fireside_alerts_taken_total", "Alerts that were written down.", registry=registry)
cards = Histogram(
    "fireside_alert_card_delay_seconds",
    "Time from the arrival of a delivery until its card was brought up to date.",
    buckets=WAIT,
    registry=registry,
)
stream = Histogram(
    "fireside_stream_lag_seconds",
    "Time from an entry to the live pages that were told of it.",
    buckets=WAIT,
    registry=registry,
)
commands = Counter(
    "fireside_commands_total",
    "Commands by what came of them: done, sorry (told to the asker) or failed (a bug).",
    ["verb", "outcome"],
    registry=registry,
)
jobs = Counter(
    "fireside_jobs_run_total",
    "Jobs run by this process, by what came of them: done or failed.",
    ["job", "outcome"],
    registry=registry,
)
queries = Histogram(
    "fireside_database_query_duration_seconds",
    "Time the database took for one statement.",
    buckets=QUERY,
    registry=registry,
)
database_errors = Counter(
    "fireside_database_errors_total", "Statements the database refused, by kind.", ["kind"], registry=registry
)


def answered(route: str, method: str, status: int, seconds: float) -> None:
    """One request has its answer."""
    count, duration = _request(route, kind_of(method), status)
    count.inc()
    duration.observe(seconds)


def kind_of(method: str) -> str:
    return "read" if method in READS else "write"


@cache
def _request(route: str, kind: str, status: int) -> tuple[Counter, Histogram]:
    return requests.labels(route, kind, str(status)), answers.labels(route, kind)


def handled(moments: Iterable[datetime]) -> None:
    """The cards of deliveries that arrived at these moments are up to date."""
    now = time()
    for moment in moments:
        cards.observe(max(0.0, now - moment.timestamp()))


def told(moment: datetime) -> None:
    """Live pages have been told what was noted at this moment."""
    stream.observe(max(0.0, time() - moment.timestamp()))


@contextmanager
def command(verb: str) -> Iterator[None]:
    """Count what comes of a command."""
    outcome = "failed"
    try:
        yield
        outcome = "done"
    except Sorry:
        outcome = "sorry"
        raise
    finally:
        _command(verb, outcome).inc()


@cache
def _command(verb: str, outcome: str) -> Counter:
    return commands.labels(verb, outcome)


@contextmanager
def job(name: str) -> Iterator[None]:
    """Count what comes of a job."""
    outcome = "failed"
    try:
        yield
        outcome = "done"
    finally:
        jobs.labels(name, outcome).inc()
