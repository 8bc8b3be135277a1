"""Live pages: one look at the timeline for the whole process, carried to every open page.

`GET /events?topics=room:slug story:ref home&since=entry` answers with server-sent events. Nothing is lost and
nothing comes twice: a page says (by `since` or Last-Event-ID) which entry it knows, hears what it missed, and
then what is new. Who may know of an entry is decided when it is told, so that leaving a room counts at once.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, TypeAlias
from urllib.parse import parse_qs

from django.db import DatabaseError, close_old_connections, connection
from django.utils import timezone

from fireside.hearth import gauges, signins, timeline
from fireside.web.happenings import Happening, Place, after, event
from fireside.web.readers import BEAT, Reader
from fireside.web.visitors import Visitor, signed_in, visitor

LOOK = 0.2  # seconds between looks for what another process noted
AWAY = 5.0  # seconds without a look after which pages are told, by the end of their stream
TRUST = 60  # seconds after which we look whether a reader is still signed in
MOST_MISSED = 500  # entries told again; who missed more loads the page anew
MOST_TOPICS = 20

log = logging.getLogger(__name__)

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Broadcaster:
    """Looks at the timeline once for everybody, and tells each page what concerns it."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.last = 0
        self.sent = 0
        self.people: defaultdict[int, set[Reader]] = defaultdict(set)
        self._topics: defaultdict[str, set[Reader]] = defaultdict(set)
        self._places: defaultdict[str, Counter[Place]] = defaultdict(Counter)
        self._kicked = asyncio.Event()
        self._thread = ThreadPoolExecutor(1, "stream")
        self._loop = loop
        self._looked = loop.time()
        self._tasks = [loop.create_task(task) for task in (self._live(), self._beat(), self._doubt())]
        timeline.listen(self._heard)
        signins.ended.append(self._signed_out)

    @property
    def readers(self) -> list[Reader]:
        return [reader for readers in self.people.values() for reader in readers]

    def join(self, reader: Reader, newest: int) -> int:
        """Tell this page what is new from now on; answers which entry was the last before."""
        if not self.people:
            self.last = max(self.last, newest)  # nobody was there to be told
            self._looked = self._loop.time()
        self.people[reader.person].add(reader)
        for topic in reader.topics:
            self._topics[topic].add(reader)
            self._places[topic][reader.place] += 1
        self._kicked.set()
        return self.last

    def leave(self, reader: Reader) -> None:
        _drop(self.people, reader.person, reader)
        for topic in reader.topics:
            _drop(self._topics, topic, reader)
            self._places[topic][reader.place] -= 1
            self._places[topic] = +self._places[topic]
            if not self._places[topic]:
                del self._places[topic]

    def stop(self) -> None:
        signins.ended.remove(self._signed_out)
        for task in self._tasks:
            task.cancel()
        for reader in self.readers:
            reader.end()
        self._thread.submit(lambda: connection.close())  # the one of that thread, so asked for in it
        self._thread.shutdown(wait=False)

    def _heard(self) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._kicked.set)

    def _signed_out(self, sessions: set[str]) -> None:
        """Close the pages of these sessions; called from any thread of this process."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._end, sessions)

    def _end(self, sessions: set[str]) -> None:
        for reader in self.readers:
            if reader.session in sessions:
                reader.end()

    async def _live(self) -> None:
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._kicked.wait(), LOOK if self.people else None)
            self._kicked.clear()
            if self.people:
                found = await self._loop.run_in_executor(self._thread, self._look)
                for happening in found or ():
                    self._tell(happening)
            if not self.people or found is not None:
                self._looked = self._loop.time()

    def _look(self) -> list[Happening] | None:
        """What is new; None when that cannot be known."""
        try:
            return after(self.last, None, MOST_MISSED, lambda topic: list(self._places.get(topic, ())))
        except DatabaseError as error:
            if self._loop.time() - self._looked < AWAY / 2:
                log.warning("Live pages could not look at the timeline and try again: %s", error)
            connection.close()
            return None

    def _tell(self, happening: Happening) -> None:
        concerned: set[Reader] = set()
        for topic in happening.topics.values():
            concerned |= self._topics.get(topic, set())
        for person in happening.unread & self.people.keys():
            concerned |= self.people[person]
        self.sent += sum(reader.tell(happening) for reader in concerned)
        gauges.told(happening.noted_at)
        for reader in self.people.get(happening.ends, ()):
            reader.end()
        self.last = happening.id

    async def _beat(self) -> None:
        """A sign of life for each page in turn; its id lets a page come back without asking for much."""
        for turn in itertools.cycle(range(BEAT)):
            await asyncio.sleep(1)
            if self._loop.time() - self._looked > AWAY:  # a page that hears nothing had better know it
                for reader in self.readers:
                    reader.end()
            beat = b": here\nid: %d\n\n" % self.last
            now = timezone.now()
            for reader in self.readers:
                if reader.until is not None and reader.until <= now:
                    reader.end()  # a guest's last day has passed
                elif reader.turn == turn and reader.idle() and reader.since <= self.last:
                    reader.put(beat)

    async def _doubt(self) -> None:
        """Close the pages of those who signed out, or changed their password, somewhere else."""
        while True:
            await asyncio.sleep(TRUST)
            if asked := {reader.session for reader in self.readers}:
                gone = asked - await self._loop.run_in_executor(self._thread, self._signed_in, asked)
                self._end(gone)

    @staticmethod
    def _signed_in(asked: set[str]) -> set[str]:
        try:
            return signed_in(asked)
        except DatabaseError:
            connection.close()
            return asked  # nobody is sent away for what is not theirs to mend


def _drop(index: defaultdict[Any, set[Reader]], key: object, reader: Reader) -> None:
    index[key].discard(reader)
    if not index[key]:
        del index[key]


_broadcaster: Broadcaster | None = None


def start(loop: asyncio.AbstractEventLoop) -> None:
    """Begin to look; call once in the loop that serves `app`."""
    global _broadcaster
    _broadcaster = Broadcaster(loop)


def stop() -> None:
    """Close every open page's stream; the pages come again by themselves."""
    global _broadcaster
    if _broadcaster is not None:
        _broadcaster.stop()
        _broadcaster = None


def readers() -> int:
    return len(_broadcaster.readers) if _broadcaster else 0


def sent() -> int:
    return _broadcaster.sent if _broadcaster else 0


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """ASGI: GET /events for whoever is signed in."""
    if scope["method"] != "GET":
        await _refuse(send, 405)
    elif _broadcaster is None:
        await _refuse(send, 503)
    else:
        await _let_in(_broadcaster, scope, receive, send)


async def _let_in(house: Broadcaster, scope: Scope, receive: Receive, send: Send) -> None:
    try:
        asked = asyncio.to_thread(visitor, dict(scope["headers"]))
        came = await asyncio.wait_for(asked, AWAY)
    except (DatabaseError, TimeoutError):
        await _refuse(send, 503)
    else:
        if came is None:
            await _refuse(send, 401)
        else:
            await _carry(house, _reader(scope, came), came.newest, receive, send)


def _reader(scope: Scope, came: Visitor) -> Reader:
    asked = parse_qs(scope["query_string"].decode("latin-1"))
    known = dict(scope["headers"]).get(b"last-event-id", b"").decode("latin-1") or asked.get("since", [""])[0]
    topics = asked.get("topics", [""])[0].split()[:MOST_TOPICS]
    since = int(known) if known.isdecimal() and len(known) < 19 else came.newest
    return Reader(came, frozenset(topics), since)


async def _carry(house: Broadcaster, reader: Reader, newest: int, receive: Receive, send: Send) -> None:
    """Tell one page what it missed, then all that is new, until one side has had enough."""
    since, to = reader.since, house.join(reader, newest)
    reader.since = max(since, to) if since <= newest else to  # an id from before a backup was put back
    leaving = asyncio.create_task(_until_gone(reader, receive))
    try:
        headers = [
            (b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-store"),
            (b"x-accel-buffering", b"no"),
        ]  # fmt: skip
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        up_to_date = to <= since <= newest
        missed = b"" if up_to_date else await asyncio.to_thread(_missed, reader, since, to, newest)
        chunk = b"retry: 1000\n: welcome\n\n" + missed
        while chunk:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
            chunk = await reader.next()
        await send({"type": "http.response.body", "body": b"", "more_body": False})
    finally:
        house.leave(reader)
        leaving.cancel()


async def _until_gone(reader: Reader, receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    reader.end()


def _missed(reader: Reader, since: int, to: int, newest: int) -> bytes:
    """What this page has not heard of yet; word to load itself anew when that is too much."""
    try:
        found = after(
            since, to, MOST_MISSED + 1, lambda topic: [reader.place] if topic in reader.topics else []
        )
    finally:
        close_old_connections()
    if since > newest or len(found) > MOST_MISSED:
        return b"id: %d\n%s\n" % (to, event("gone"))
    if any(happening.ends == reader.person for happening in found):
        reader.end()  # their access ended while they came in
    told = ((each, each.kinds(reader.person, reader.topics, guest=reader.guest)) for each in found)
    return b"".join(each.chunk(kinds, reader.place) for each, kinds in told if kinds)


async def _refuse(send: Send, status: int) -> None:
    headers = [(b"content-length", b"0"), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
