"""The front of the house: alerts, live pages and small questions at once, every page by Django in threads."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import tempfile
from collections.abc import Awaitable, Callable, MutableMapping
from typing import IO, Any, TypeAlias, cast

from a2wsgi import WSGIMiddleware
from django.core.handlers.asgi import ASGIRequest
from django.core.wsgi import get_wsgi_application
from django.db import DatabaseError

from fireside.alerts import intake
from fireside.config import gate, metrics
from fireside.config.watch import watched
from fireside.hearth.away import AWAY
from fireside.hearth.files import LARGEST, MOST
from fireside.slack import front
from fireside.web import stream
from fireside.web.away import not_now
from fireside.web.visitors import visitor

WORDS = 1024 * 1024  # bytes of a request without files
FILES = LARGEST * MOST + WORDS
UPLOADS = ("/rooms/", "/do/")  # where words may come with files
THREADS = 8
SLOWEST = 600  # seconds a request may take to arrive, ten large files by a slow line among them
LATEST = 20  # seconds a page may take to begin; a slow database needs some, a hanging one says nothing
PIECE = 256 * 1024

log = logging.getLogger(__name__)

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
    if intake.takes(path):  # asked by whatever name a machine knows, with a token
        await intake.app(scope, receive, send)
    elif path == front.PATH:  # Slack signs what it brings
        await front.app(scope, receive, send)
    elif refused := gate.refusal(scope):
        await _refuse(send, path, *refused)
    elif path == "/events":
        await stream.app(scope, receive, send)
    elif path in metrics.PATHS:
        await metrics.app(scope, receive, send)
    else:
        await _page(scope, receive, send)


async def _refuse(send: Send, path: str, status: int, words: str) -> None:
    more = [(b"allow", ", ".join(gate.METHODS).encode())] if status == 405 else []
    words = json.dumps({"error": words}) if path.startswith("/api/") else words
    kind = "application/json" if path.startswith("/api/") else metrics.PLAIN
    await metrics.answer(
        send, status, words, (b"content-type", kind.encode()), (b"connection", b"close"), *more
    )


async def _page(scope: Scope, receive: Receive, send: Send) -> None:
    """Take the whole request before a thread is asked, so that slow senders keep no thread waiting."""
    with tempfile.SpooledTemporaryFile(max_size=WORDS) as body:
        try:
            async with asyncio.timeout(SLOWEST):
                size = await _read(scope, receive, body)
        except TimeoutError:
            words = "This took too long to arrive. Please send it again."
            await metrics.answer(send, 408, words, (b"connection", b"close"))
        except TooLarge:
            words = "This is larger than what fits here: 1 MB of words, or ten files of 20 MB."
            await metrics.answer(send, 413, words, (b"connection", b"close"))
        except Gone:
            return
        else:
            body.seek(0)
            known = _known(scope, size)
            await _in_time(known, body if size < WORDS else io.BytesIO(), _again(body, size, receive), send)


async def _in_time(scope: Scope, body: IO[bytes], receive: Receive, send: Send) -> None:
    """Let Django draw the page; when it hangs, for the database may, say so instead of waiting with it.

    The thread is not disturbed: what it does all the same is found by its key when the form is sent again.
    """
    words = io.BytesIO(body.read())
    body.seek(0)
    began = late = False

    async def in_time(event: Event) -> None:
        nonlocal began
        began = True
        if not late:
            await send(event)

    drawing = asyncio.ensure_future(pages(scope, receive, in_time))
    await asyncio.wait({drawing}, timeout=LATEST)
    if began or drawing.done():
        await drawing
        return
    late = True
    drawing.add_done_callback(_forget)
    told = not_now(ASGIRequest(scope, words), AWAY)
    headers = [(name.lower().encode(), value.encode()) for name, value in told.items()]
    await send({"type": "http.response.start", "status": told.status_code, "headers": headers})
    await send({"type": "http.response.body", "body": told.content})


def _forget(drawing: asyncio.Future[None]) -> None:
    """Nobody waits for it any more; what went wrong is only worth a line."""
    if not drawing.cancelled() and (error := drawing.exception()):
        log.warning("A page that came too late ended with %r", error)


async def _read(scope: Scope, receive: Receive, body: IO[bytes]) -> int:
    headers = dict(scope["headers"])
    length = headers.get(b"content-length", b"0")
    told = int(length) if length.isdigit() else 0
    files = headers.get(b"content-type", b"").startswith(b"multipart/") and scope["path"].startswith(UPLOADS)
    most, size, more = WORDS, 0, True
    while True:
        if max(size, told) > WORDS and most == WORDS and files and await _is_somebody(headers):
            most = FILES
        if max(size, told) > most:
            raise TooLarge
        if not more:
            return size
        event = await receive()
        if event["type"] == "http.disconnect":
            raise Gone
        size += body.write(event.get("body", b""))
        more = event.get("more_body", False)


async def _is_somebody(headers: dict[bytes, bytes]) -> bool:
    """Files are taken from those who are signed in, and nobody else fills the disk with them."""
    try:
        return await asyncio.to_thread(visitor, headers) is not None
    except DatabaseError:
        return True  # the page says that the database is away, and gives the words back


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
