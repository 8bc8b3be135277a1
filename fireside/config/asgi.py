"""The front of the house: alerts, live pages and small questions at once, every page by Django in threads."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable, MutableMapping
from typing import IO, Any, TypeAlias, cast

from a2wsgi import WSGIMiddleware
from django.core.wsgi import get_wsgi_application

from fireside.alerts import intake
from fireside.config import metrics
from fireside.config.watch import watched
from fireside.hearth.files import LARGEST, MOST
from fireside.slack import front
from fireside.web import stream

WORDS = 1024 * 1024  # bytes of a request without files
FILES = LARGEST * MOST + WORDS
UPLOADS = ("/rooms/", "/do/", "/api/")  # where words may come with files
THREADS = 8
PIECE = 256 * 1024

Scope: TypeAlias = MutableMapping[str, Any]
Event: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Event]]
Send: TypeAlias = Callable[[Event], Awaitable[None]]
App: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]


class TooLarge(Exception):
    """A request holds more than we take."""


class Gone(Exception):
    """The asker left before all was said."""


# The length of the queue is that of a page, so that a slow reader keeps no thread from others.
pages = cast(App, WSGIMiddleware(cast(Any, get_wsgi_application()), workers=THREADS, send_queue_size=0))


@watched
async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """ASGI: everything that listens on our port."""
    path = scope.get("path", "")
    if intake.takes(path):
        await intake.app(scope, receive, send)
    elif path == "/events":
        await stream.app(scope, receive, send)
    elif path == front.PATH:
        await front.app(scope, receive, send)
    elif path in metrics.PATHS:
        await metrics.app(scope, receive, send)
    else:
        await _page(scope, receive, send)


async def _page(scope: Scope, receive: Receive, send: Send) -> None:
    """Take the whole request before a thread is asked, so that slow senders keep no thread waiting."""
    with tempfile.SpooledTemporaryFile(max_size=WORDS) as body:
        try:
            size = await _read(scope, receive, body)
        except TooLarge:
            words = "This is larger than what fits here: 1 MB of words, or ten files of 20 MB."
            await metrics.answer(send, 413, words, (b"connection", b"close"))
        except Gone:
            return
        else:
            body.seek(0)
            await pages(_known(scope, size), _again(body, size, receive), send)


async def _read(scope: Scope, receive: Receive, body: IO[bytes]) -> int:
    headers = dict(scope["headers"])
    files = headers.get(b"content-type", b"").startswith(b"multipart/") and scope["path"].startswith(UPLOADS)
    most, size, more = FILES if files else WORDS, 0, True
    length = headers.get(b"content-length", b"0")
    if length.isdigit() and int(length) > most:
        raise TooLarge
    while more:
        event = await receive()
        if event["type"] == "http.disconnect":
            raise Gone
        size += body.write(event.get("body", b""))
        more = event.get("more_body", False)
        if size > most:
            raise TooLarge
    return size


def _known(scope: Scope, size: int) -> Scope:
    """The scope with the length we counted, and without names that CGI would take for others."""
    headers = [(name, value) for name, value in scope["headers"] if b"_" not in name]
    if size:
        headers = [pair for pair in headers if pair[0] not in (b"content-length", b"transfer-encoding")]
        headers.append((b"content-length", str(size).encode()))
    return {**scope, "headers": headers}


def _again(body: IO[bytes], size: int, receive: Receive) -> Receive:
    async def read() -> Event:
        piece = body.read(PIECE)
        return {"type": "http.request", "body": piece, "more_body": body.tell() < size}

    return read


async def start() -> None:
    """Begin what listens beside Django; call in the loop that serves `app`."""
    await asyncio.to_thread(intake.start)
    stream.start(asyncio.get_running_loop())


async def stop() -> None:
    stream.stop()
    await asyncio.to_thread(intake.stop)
