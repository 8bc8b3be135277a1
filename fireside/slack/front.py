"""Where Slack knocks over HTTP: a bare ASGI application, so that an answer costs no page.

`POST /slack/events` takes commands, events, buttons, forms and choices; the signature is checked on the body
as it came, before any of it is read. Threads of its own keep their database connections.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any, TypeAlias

PATH = "/slack/events"
LARGEST = 1024 * 1024  # bytes; Slack sends some thousand
THREADS = 8

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """ASGI: takes `http` scopes of the address above."""
    if scope["method"] != "POST":
        await _answer(send, 405, b"Slack posts here.", {"allow": "POST"})
        return
    body = await _body(receive)
    if body is None:
        await _answer(send, 413, b"This is more than Slack sends.", {"connection": "close"})
        return
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    status, words, more = await asyncio.get_running_loop().run_in_executor(_threads(), _knock, body, headers)
    await _answer(send, status, words, more)


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(THREADS, "slack-door")


def _knock(body: bytes, headers: dict[str, str]) -> tuple[int, bytes, dict[str, str]]:
    from fireside.slack.door import knock  # heavy, and not every house has Slack
    from fireside.slack.lanes import rested

    rested()
    said = knock(body.decode(errors="replace"), headers)
    more = {name: str(values[0]) for name, values in said.headers.items() if not isinstance(values, str)}
    return said.status, (said.body or "").encode(), more


async def _body(receive: Receive) -> bytes | None:
    """All of it, or None when it is too much, or when the sender leaves half way."""
    parts, size, more = [], 0, True
    while more:
        event = await receive()
        parts.append(event.get("body", b""))
        size += len(parts[-1])
        more = event.get("more_body", False)
        if size > LARGEST or event["type"] == "http.disconnect":
            return None
    return b"".join(parts)


async def _answer(send: Send, status: int, body: bytes, more: dict[str, str]) -> None:
    said = {"content-type": "text/plain; charset=utf-8", **more, "content-length": str(len(body))}
    pairs = [(name.lower().encode(), value.encode()) for name, value in said.items()]
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": body})
