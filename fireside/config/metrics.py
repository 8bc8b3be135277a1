"""How the house is doing, for machines: alive, ready, and numbers in Prometheus' text format."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

from django.db import DatabaseError, close_old_connections, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Max, Model

from fireside import __version__
from fireside.alerts import intake
from fireside.alerts.models import Delivery
from fireside.hearth.keys import Key
from fireside.hearth.messages import Message
from fireside.hearth.timeline import Cursor, Entry
from fireside.hearth.workflows import ROUTER
from fireside.slack.models import Arrival, Post
from fireside.web import stream

PATIENCE = 4.0  # seconds after which the database is taken for one that does not answer

Scope: TypeAlias = MutableMapping[str, Any]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Number:
    """One metric: its name, whether it only grows, what it tells, and how to find it (by label, or alone)."""

    name: str
    kind: str
    meaning: str
    label: str
    find: Callable[[], dict[str, float]]

    def lines(self) -> Iterator[str]:
        yield f"# HELP {self.name} {self.meaning}"
        yield f"# TYPE {self.name} {self.kind}"
        for value, number in self.find().items():
            label = f'{{{self.label}="{value}"}}' if self.label else ""
            yield f"{self.name}{label} {number:.15g}"


def _newest(model: type[Model]) -> Callable[[], dict[str, float]]:
    return lambda: {"": model._default_manager.aggregate(newest=Max("pk"))["newest"] or 0}


def _behind() -> dict[str, float]:
    cursor = Cursor.objects.filter(name=ROUTER).values_list("entry", flat=True).first() or 0
    return {"": _newest(Entry)()[""] - cursor}


def _refused() -> dict[str, float]:
    return {str(status): float(count) for status, count in sorted(intake.refused().items())}


def _jobs() -> dict[str, float]:
    from fireside.hearth import engine  # heavy, and loaded by the worker anyway

    try:
        return {state: float(count) for state, count in engine.counts().items()}
    except engine.Unreachable as error:
        raise DatabaseError(str(error)) from error


NUMBERS = [
    Number("fireside_info", "gauge", "The version that runs.", "version", lambda: {__version__: 1}),
    Number("fireside_entries_total", "counter", "What has been noted so far.", "", _newest(Entry)),
    Number("fireside_messages_total", "counter", "What has been said so far.", "", _newest(Message)),
    Number(
        "fireside_entries_unrouted", "gauge", "What was noted and has not reached its reactions.", "", _behind
    ),
    Number("fireside_jobs", "gauge", "Jobs by state; those set aside wait for a person.", "state", _jobs),
    Number(
        "fireside_deliveries_taken_total",
        "counter",
        "Deliveries of alerts taken since the start.",
        "",
        lambda: {"": intake.taken()},
    ),
    Number(
        "fireside_deliveries_refused_total",
        "counter",
        "Deliveries refused since the start.",
        "status",
        _refused,
    ),
    Number(
        "fireside_deliveries_waiting",
        "gauge",
        "Deliveries that were taken and are not handled yet.",
        "",
        lambda: {"": Delivery.objects.filter(handled_at=None).count()},
    ),
    Number(
        "fireside_slack_posts_waiting",
        "gauge",
        "Posts that differ from what Slack shows.",
        "",
        lambda: {"": Post.objects.filter(due_at__isnull=False).count()},
    ),
    Number(
        "fireside_slack_arrivals_waiting",
        "gauge",
        "What Slack told us and is not handled yet, or was given up after many tries.",
        "",
        lambda: {"": Arrival.objects.filter(handled_at=None).count()},
    ),
    Number("fireside_stream_readers", "gauge", "Open live pages.", "", lambda: {"": stream.readers()}),
    Number(
        "fireside_stream_sent_total", "counter", "Events sent to live pages.", "", lambda: {"": stream.sent()}
    ),
]


def text() -> str:
    """All numbers, in Prometheus' text format 0.0.4."""
    try:
        return "\n".join(line for number in NUMBERS for line in number.lines())
    finally:
        close_old_connections()


working: Callable[[], bool] | None = None  # is the worker of this process alive? None where none should be


def trouble() -> str:
    """Why pages should not be asked of this process yet, or no longer; nothing when all is well."""
    try:
        if _wanted() - MigrationRecorder(connection).applied_migrations().keys():
            return "the database is not up to date"
    except DatabaseError:
        return "the database does not answer"
    finally:
        close_old_connections()
    return "the worker has stopped" if working is not None and not working() else ""


@cache
def _wanted() -> set[tuple[str, str]]:
    """The migrations this release brings."""
    return set(MigrationLoader(None).graph.nodes)


def may_ask(scope: Scope) -> bool:
    """Numbers are for this machine, and for whoever holds a person's key."""
    headers = dict(scope["headers"])
    if (scope.get("client") or [""])[0] in ("127.0.0.1", "::1") and b"x-forwarded-for" not in headers:
        return True
    scheme, _, secret = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
    try:
        return scheme.lower() == "bearer" and Key.holder(secret.strip()) is not None
    finally:
        close_old_connections()


async def app(scope: Scope, receive: object, send: Send) -> None:
    """ASGI: /healthz, /readyz and /metrics."""
    if scope["path"] == "/healthz":
        await answer(send, 200, "ok")
    elif scope["path"] == "/readyz":
        try:
            wrong = await asyncio.wait_for(asyncio.to_thread(trouble), PATIENCE)
        except TimeoutError:
            wrong = "the database does not answer"
        await answer(send, 503 if wrong else 200, wrong or "ready")
    elif not await asyncio.to_thread(may_ask, scope):
        await answer(send, 401, "Ask from this machine, or with a key: Authorization: Bearer fs_...")
    else:
        await _numbers(send)


async def _numbers(send: Send) -> None:
    try:
        await answer(send, 200, await asyncio.to_thread(text))
    except DatabaseError:
        await answer(send, 503, "the database does not answer")


async def answer(send: Send, status: int, words: str, *more: tuple[bytes, bytes]) -> None:
    """Answer with a few words of plain text."""
    body = f"{words}\n".encode()
    headers = [
        (b"content-type", b"text/plain; version=0.0.4; charset=utf-8"),
        (b"content-length", str(len(body)).encode()), (b"cache-control", b"no-store"), *more,
    ]  # fmt: skip
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
