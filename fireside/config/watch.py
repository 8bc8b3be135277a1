"""Around every request: its id, what it counts as, and a line in the log when it was slow or broke."""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable, MutableMapping
from time import perf_counter
from typing import Any, TypeAlias

from django.http import HttpRequest, HttpResponse

from fireside.alerts import intake
from fireside.config import gate
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
        mine = errand.Errand("request", given.decode() if SANE.fullmatch(given) else errand.new())
        mine.route = _door(scope["path"])
        token = errand.current.set(mine)
        try:
            watch = Watch(scope, mine, send)
            if traces.maker is None or mine.route in ASKED_OFTEN:
                await watch.run(app, receive)
            else:
                with traces.span("request", parent=headers.get(b"traceparent", b"").decode("latin-1")):
                    await watch.run(app, receive)
        finally:
            errand.current.reset(token)

    return over


class Watch:
    """One request until its answer begins."""

    __slots__ = ("_send", "began", "mine", "scope", "status")
    open = 0  # how many there are, counted in the one loop that serves

    def __init__(self, scope: Scope, mine: errand.Errand, send: Send) -> None:
        self.scope, self.mine, self._send = scope, mine, send
        self.began = perf_counter()
        self.status = 0

    async def run(self, app: App, receive: Receive) -> None:
        Watch.open += 1
        try:
            await app(self.scope, receive, self.send)
        except Exception:
            log.exception("A request broke")
            if self.status:
                raise  # half of the answer is out: the connection is cut, so that nobody takes it for whole
            await self._break()
        finally:
            if not self.status:
                Watch.open -= 1

    async def send(self, event: Event) -> None:
        if event["type"] == "http.response.start":
            event["headers"] = [*gate.sealed(event["headers"]), (b"x-request-id", self.mine.id.encode())]
            self._answered(event["status"])
        await self._send(event)

    def _answered(self, status: int) -> None:
        self.status = status
        Watch.open -= 1
        route, method, took = self.mine.route or ELSEWHERE, self.scope["method"], perf_counter() - self.began
        gauges.answered(route, method, status, took)
        if status in (200, 202) and route in (intake.HOOK, intake.API):
            gauges.intake.observe(took)
        if traces.maker is not None:
            traces.tell({"http.route": route, "http.response.status_code": status, "id": self.mine.id})
        # 503 asks to come again: it is counted, and in a storm there are too many for a line each
        broke = status >= 500 and status != 503
        level = logging.WARNING if broke else logging.INFO if took > SLOW else logging.DEBUG
        if log.isEnabledFor(level):
            kind = gauges.kind_of(method)
            facts = {"route": route, "method": kind, "status": status, "seconds": round(took, 4)}
            log.log(level, "%s %s %s in %.3f s", kind, route, status, took, extra={"facts": facts})

    async def _break(self) -> None:
        body = BROKEN % self.mine.id.encode()
        headers = [
            (b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode()),
        ]  # fmt: skip
        await self.send({"type": "http.response.start", "status": 500, "headers": headers})
        await self.send({"type": "http.response.body", "body": body})


gauges.open_requests.set_function(lambda: Watch.open)


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
        mine = errand.current.get()
        if mine is None:  # Django was asked directly, as tests do
            with errand.run("request", errand.new()):
                return self.get_response(request)
        response = self.get_response(request)
        if request.resolver_match is not None:
            mine.route = f"/{request.resolver_match.route}"
        return response
