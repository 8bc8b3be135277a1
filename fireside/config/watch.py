"""Around every request: its id, what it counts as, and a line in the log when it was slow or broke."""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable, MutableMapping
from secrets import token_hex
from time import perf_counter
from typing import Any, TypeAlias

from django.http import HttpRequest, HttpResponse

from fireside.alerts import intake
from fireside.hearth import errand, gauges, traces

SLOW = 1.0  # seconds until an answer begins
SANE = re.compile(rb"[A-Za-z0-9][A-Za-z0-9._-]{3,63}")
DOORS = ("/events", "/slack/events", "/healthz", "/readyz", "/metrics", intake.HOOK, intake.API)
SHELF = "/static/"
ELSEWHERE = "other"  # what was asked for is no address of ours
ASKED_OFTEN = ("/healthz", "/readyz", "/metrics", "/events", SHELF)  # no traces are made of these
BROKEN = b"Something broke on our side; a keeper finds it as %s.\n"

Scope: TypeAlias = MutableMapping[str, Any]
Event: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Event]]
Send: TypeAlias = Callable[[Event], Awaitable[None]]
App: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

log = logging.getLogger(__name__)


def watched(app: App) -> App:
    """The same application, with every request of it watched."""

    async def over(scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        given = headers.get(b"x-request-id", b"")
        id_ = given.decode() if SANE.fullmatch(given) else token_hex(8)
        with errand.run("request", id_) as mine:
            mine.route = _door(scope["path"])
            parent = headers.get(b"traceparent", b"").decode("latin-1")
            span = traces.NOTHING if mine.route in ASKED_OFTEN else traces.span("request", parent=parent)
            with span:
                await Watch(scope, mine, send).run(app, receive)

    return over


class Watch:
    """One request until its answer begins."""

    def __init__(self, scope: Scope, mine: errand.Errand, send: Send) -> None:
        self.scope, self.mine, self._send = scope, mine, send
        self.began = perf_counter()
        self.status = 0

    async def run(self, app: App, receive: Receive) -> None:
        gauges.open_requests.inc()
        try:
            await app(self.scope, receive, self.send)
        except Exception:
            log.exception("A request broke")
            if self.status:
                raise  # half of the answer is out: the connection is cut, so that nobody takes it for whole
            await self._break()
        finally:
            if not self.status:
                gauges.open_requests.dec()

    async def send(self, event: Event) -> None:
        if event["type"] == "http.response.start":
            event["headers"] = [*event["headers"], (b"x-request-id", self.mine.id.encode())]
            self._answered(event["status"])
        await self._send(event)

    def _answered(self, status: int) -> None:
        self.status = status
        gauges.open_requests.dec()
        route, method, took = self.mine.route or ELSEWHERE, self.scope["method"], perf_counter() - self.began
        gauges.answered(route, method, status, took)
        if status in (200, 202) and route in (intake.HOOK, intake.API):
            gauges.intake.observe(took)
        traces.tell({"http.route": route, "http.response.status_code": status, "id": self.mine.id})
        level = logging.WARNING if status >= 500 else logging.INFO if took > SLOW else logging.DEBUG
        if log.isEnabledFor(level):
            kind = "read" if method in gauges.READS else "write"
            facts = {"route": route, "method": kind, "status": status, "seconds": round(took, 4)}
            log.log(level, "%s %s %s in %.3f s", kind, route, status, took, extra={"facts": facts})

    async def _break(self) -> None:
        body = BROKEN % self.mine.id.encode()
        headers = [
            (b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode()),
        ]  # fmt: skip
        await self.send({"type": "http.response.start", "status": 500, "headers": headers})
        await self.send({"type": "http.response.body", "body": body})


def _door(path: str) -> str:
    """What is known of the address before Django has looked at it."""
    if path in DOORS:
        return path
    if path.startswith(f"{intake.HOOK}/"):  # what follows is a token
        return intake.HOOK
    return SHELF if path.startswith(SHELF) else ""


class RouteMiddleware:
    """Tells which pattern the address has, which nobody outside Django knows."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        mine = errand.current()
        if mine is None:  # Django was asked directly, as tests do
            with errand.run("request", token_hex(8)):
                return self.get_response(request)
        response = self.get_response(request)
        if request.resolver_match is not None:
            mine.route = f"/{request.resolver_match.route}"
        return response
