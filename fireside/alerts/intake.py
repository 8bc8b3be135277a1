"""Where machines knock: a bare ASGI application that answers only after what it was given is on the disk.

`POST /hooks/alertmanager` and `/hooks/alertmanager/<token>` take Alertmanager's webhook (202),
`POST /api/v2/alerts` takes what Prometheus posts to an Alertmanager (200, empty). Every call needs a token.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections import Counter
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

from django.db import DatabaseError, close_old_connections
from django.utils import timezone

from fireside.alerts import handle, wire
from fireside.alerts.inbox import Full, Inbox
from fireside.alerts.models import Source
from fireside.hearth import gauges
from fireside.hearth.away import AGAIN, away, if_possible
from fireside.hearth.keys import OFTEN, digest

LARGEST = 5 * 1024 * 1024  # bytes of one delivery
HOOK, API = "/hooks/alertmanager", "/api/v2/alerts"
PATIENCE = 4.0  # seconds the database may take before the sender is asked to come again
KNOWN_FOR, MISSED_FOR = 5.0, 0.2  # seconds we trust the tokens we know, and that one is not there

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Refused(Exception):
    """An answer that is not the one the sender hoped for."""

    def __init__(
        self, status: int, words: str, headers: dict[str, str] | None = None, **more: object
    ) -> None:
        super().__init__(words)
        self.status = status
        self.body = {"error": words, **more}
        self.headers = headers or {}


class Sources:
    """The living tokens, read again when they are old or a stranger knocks; never more often than needed."""

    def __init__(self) -> None:
        self._known: dict[str, int] = {}
        self._used: dict[str, float] = {}  # when we last wrote down that a token is used
        self._writing: set[asyncio.Task[None]] = set()
        self._read_at = -KNOWN_FOR
        self._turn = asyncio.Lock()

    async def holder(self, secret: str) -> int | None:
        """The id of the source with this token."""
        hashed = digest(secret)
        if hashed not in self._known or time.monotonic() - self._read_at > KNOWN_FOR:
            await self._refresh()
        source = self._known.get(hashed)
        if source is not None and time.monotonic() - self._used.get(hashed, -OFTEN) >= OFTEN:
            self._used[hashed] = time.monotonic()
            task = asyncio.create_task(asyncio.to_thread(_is_used, source, hashed))  # nobody waits for it
            self._writing.add(task)
            task.add_done_callback(self._writing.discard)
        return source

    async def _refresh(self) -> None:
        asked_at = time.monotonic()
        async with self._turn:
            if self._read_at >= asked_at:  # someone asked the database while we waited for our turn
                return
            await asyncio.sleep(max(0.0, self._read_at + MISSED_FOR - time.monotonic()))
            read_at = time.monotonic()
            self._known = await asyncio.to_thread(_living)
            self._read_at = read_at


def _living() -> dict[str, int]:
    close_old_connections()
    try:
        now = timezone.now()
        living = Source.objects.filter(ended_at=None)
        old = living.filter(old_until__gt=now).values_list("old_hash", "pk")
        new = living.exclude(expires_at__lte=now).values_list("hash", "pk")
        return {hashed: pk for hashed, pk in [*old, *new] if hashed}
    finally:
        close_old_connections()


def _is_used(source: int, hashed: str) -> None:
    close_old_connections()
    try:
        known, now = Source.objects.filter(pk=source), timezone.now()
        if_possible(
            lambda: (
                known.filter(hash=hashed).update(used_at=now)
                or known.filter(old_hash=hashed).update(old_used_at=now)
            )
        )
    finally:
        close_old_connections()


class Intake:
    """The inbox, the tokens and the handler of one running process."""

    def __init__(self) -> None:
        self.handler = handle.Handler()
        self.inbox = Inbox(after=self.handler.kick)
        self.sources = Sources()
        self.handler.kick()  # whatever waits since the last time

    def stop(self) -> None:
        self.inbox.stop()
        self.handler.stop()


_running: Intake | None = None
_answered: Counter[int] = Counter()  # how many deliveries got which answer, since the start


def taken() -> int:
    return _answered[200] + _answered[202]


def refused() -> dict[int, int]:
    """How many were refused, by status."""
    return {status: count for status, count in _answered.items() if status not in (200, 202)}


def start() -> None:
    """Begin to write and to handle; call once in the process that serves `app`."""
    global _running
    _running = _running or Intake()


def stop() -> None:
    """Write and answer what waits, then end."""
    global _running
    if _running is not None:
        _running.stop()
        _running = None


def takes(path: str) -> bool:
    """Is this one of our addresses?"""
    return path in (HOOK, API) or path.startswith(f"{HOOK}/")


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """ASGI: takes `http` scopes of the addresses above and answers in JSON."""
    try:
        form = wire.API if scope["path"] == API else wire.WEBHOOK
        taken = await _take(scope, receive, form)
    except Refused as refused:
        await _answer(send, refused.status, json.dumps(refused.body).encode(), refused.headers)
    else:
        if form == wire.API:
            await _answer(send, 200, b"")
        else:
            await _answer(send, 202, b'{"taken": %d}' % taken)


async def _take(scope: Scope, receive: Receive, form: str) -> int:
    if not takes(scope["path"]):
        raise Refused(404, "Alerts are taken at /hooks/alertmanager and /api/v2/alerts")
    if scope["method"] != "POST":
        raise Refused(405, "Alerts are posted", {"allow": "POST"})
    if _running is None:
        raise Refused(503, "Not ready yet", {"retry-after": "1"})
    try:
        headers = dict(scope["headers"])
        async with asyncio.timeout(PATIENCE):
            source = await _source(_running, scope["path"], headers)
        body = await _body(headers, receive)
        async with asyncio.timeout(PATIENCE):
            return await _keep(_running, source, form, body)
    except (DatabaseError, Full, TimeoutError) as error:
        words = f"{away(error) or 'This could not be written down.'} Please send it again"
        raise Refused(503, words, {"retry-after": str(AGAIN)}) from None


async def _source(running: Intake, path: str, headers: dict[bytes, bytes]) -> int:
    secret = _secret(path, headers)
    source = await running.sources.holder(secret) if secret else None
    if source is None:
        raise Refused(401, "This needs the token of a source", {"www-authenticate": "Bearer"})
    return source


async def _keep(running: Intake, source: int, form: str, body: bytes) -> int:
    try:
        told = wire.decode(form, body)
    except wire.Unreadable as unreadable:
        raise Refused(422, unreadable.words, path=unreadable.path) from None
    if told.alerts:
        await running.inbox.keep(source, form, hashlib.sha256(body).hexdigest(), body)
        gauges.alerts.inc(len(told.alerts))
    return len(told.alerts)


def _secret(path: str, headers: dict[bytes, bytes]) -> str:
    scheme, _, secret = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
    if scheme.lower() == "bearer" and secret.strip():
        return secret.strip()
    return path.removeprefix(f"{HOOK}/").strip("/") if path.startswith(f"{HOOK}/") else ""


async def _body(headers: dict[bytes, bytes], receive: Receive) -> bytes:
    length = headers.get(b"content-length", b"0")
    if length.isdigit() and (len(length) > 10 or int(length) > LARGEST):
        raise _large()
    parts, size, more = [], 0, True
    while more:
        event = await receive()
        if event["type"] == "http.disconnect":
            raise Refused(400, "The sender left before the end")
        parts.append(event.get("body", b""))
        size += len(parts[-1])
        more = event.get("more_body", False)
        if size > LARGEST:
            raise _large()
    return b"".join(parts)


def _large() -> Refused:
    return Refused(413, f"A delivery may hold {LARGEST} bytes", {"connection": "close"}, most=LARGEST)


async def _answer(send: Send, status: int, body: bytes, more: dict[str, str] | None = None) -> None:
    _answered[status] += 1
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    headers += [(name.encode(), value.encode()) for name, value in (more or {}).items()]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
