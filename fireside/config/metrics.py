"""How the house is doing, for machines: alive, ready, and numbers in Prometheus' text format."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any, TypeAlias

from django.db import DatabaseError, close_old_connections, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from prometheus_client import CONTENT_TYPE_LATEST, Metric, ProcessCollector, generate_latest
from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.registry import Collector

from fireside import __version__
from fireside.alerts import intake
from fireside.config import gate, numbers
from fireside.config.numbers import NUMBERS, PATIENCE, UP, Found, Number, Numbers
from fireside.hearth import gauges
from fireside.hearth.keys import Key, Shut
from fireside.web import stream

PATHS = ("/healthz", "/readyz", "/metrics")
PLAIN = "text/plain; charset=utf-8"

Scope: TypeAlias = MutableMapping[str, Any]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]

working: Callable[[], bool] | None = None  # is the worker of this process alive? None where none should be
_asks = ThreadPoolExecutor(2, "ready")  # one of its own, so that a database that hangs is told of in time
leaving = False  # has this process been told to end? Then nobody new had better come


def _refused() -> Found:
    return {str(status): float(count) for status, count in sorted(intake.refused().items())}


HERE = [
    Number("fireside_build_info", "The version that runs.", lambda: {__version__: 1}, "version"),
    Number("fireside_ready", "Whether /readyz says ready.", lambda: {"": float(not trouble())}),
    Number(
        "fireside_deliveries_taken_total", "Deliveries of alerts taken since the start.",
        lambda: {"": intake.taken()}, kind="counter",
    ),
    Number(
        "fireside_deliveries_refused_total", "Deliveries refused since the start.", _refused, "status",
        "counter",
    ),
    Number("fireside_stream_readers", "Open live pages.", lambda: {"": stream.readers()}),
    Number(
        "fireside_stream_sent_total", "Events sent to live pages.", lambda: {"": stream.sent()},
        kind="counter",
    ),
    Number("fireside_data_free_bytes", "Room left where everything is kept.", lambda: {"": numbers.free()}),
    Number(
        "fireside_last_backup_timestamp_seconds", "When `fireside backup` last succeeded on this machine.",
        lambda: {"": numbers.backed_up()},
    ),
]  # fmt: skip


class Here(Collector):
    """What this process knows without asking the database."""

    def describe(self) -> list[Metric]:
        return [number.metric({}) for number in HERE]

    def collect(self) -> list[Metric]:
        return [number.metric(number.find()) for number in HERE]


database = Numbers()
gauges.registry.register(Here())
gauges.registry.register(database)
ProcessCollector(registry=gauges.registry)


def text() -> str:
    """All numbers, in Prometheus' text format."""
    return generate_latest(gauges.registry).decode()


def known() -> Iterator[tuple[str, str, tuple[str, ...], str]]:
    """Every metric of ours: its name, its kind, its labels and its meaning."""
    for counted in (value for value in vars(gauges).values() if isinstance(value, MetricWrapperBase)):
        [metric] = counted.describe()
        name = f"{metric.name}_total" if metric.type == "counter" else metric.name
        yield name, metric.type, counted._labelnames, metric.documentation
    for number in (*HERE, UP, *NUMBERS):
        yield number.name, number.kind, (number.label,) if number.label else (), number.meaning


def trouble() -> str:
    """Why pages should not be asked of this process yet, or no longer; nothing when all is well."""
    if leaving:
        return "the house is about to close here"
    try:
        if _asks.submit(_behind).result(PATIENCE):
            return "the database is not up to date"
    except (DatabaseError, TimeoutError):
        return "the database does not answer"
    return "the worker has stopped" if working is not None and not working() else ""


def _behind() -> bool:
    close_old_connections()
    try:
        return bool(_wanted() - MigrationRecorder(connection).applied_migrations().keys())
    finally:
        close_old_connections()


@cache
def _wanted() -> set[tuple[str, str]]:
    """The migrations this release brings."""
    return set(MigrationLoader(None).graph.nodes)


def may_ask(client: str, headers: dict[bytes, bytes]) -> bool:
    """Numbers are for this machine, and for whoever holds a person's key."""
    near = client in ("127.0.0.1", "::1") and b"x-forwarded-for" not in headers
    if near and gate.is_ours(headers.get(b"host", b"localhost").decode("latin-1")):
        return True
    scheme, _, secret = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
    try:
        return scheme.lower() == "bearer" and Key.let_in(secret.strip()).within is None
    except (DatabaseError, Shut):
        return False
    finally:
        close_old_connections()


def told(path: str, client: str, headers: dict[bytes, bytes]) -> tuple[int, str, str]:
    """The status, the words and their type, for one of the addresses above."""
    if path == "/healthz":
        return 200, "ok\n", PLAIN
    if path == "/readyz":
        wrong = trouble()
        return (503 if wrong else 200), f"{wrong or 'ready'}\n", PLAIN
    if not may_ask(client, headers):
        return 401, "Ask from this machine, or with a key: Authorization: Bearer fs_...\n", PLAIN
    return 200, text(), CONTENT_TYPE_LATEST


async def app(scope: Scope, receive: object, send: Send) -> None:
    """ASGI: /healthz, /readyz and /metrics."""
    if scope["path"] == "/healthz":  # needs no thread, so that it is answered whatever the threads do
        await answer(send, 200, "ok")
        return
    client, headers = (scope.get("client") or [""])[0], dict(scope["headers"])
    status, words, kind = await asyncio.to_thread(told, scope["path"], client, headers)
    await _answer(send, status, words, (b"content-type", kind.encode()))


async def answer(send: Send, status: int, words: str, *more: tuple[bytes, bytes]) -> None:
    """Answer with a few words, of plain text unless `more` says otherwise."""
    kind = [] if any(name == b"content-type" for name, _ in more) else [(b"content-type", PLAIN.encode())]
    await _answer(send, status, f"{words}\n", *kind, *more)


async def _answer(send: Send, status: int, words: str, *more: tuple[bytes, bytes]) -> None:
    body = words.encode()
    headers = [(b"content-length", str(len(body)).encode()), (b"cache-control", b"no-store"), *more]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
