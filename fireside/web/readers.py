"""One open page: who reads it, what it shows, and the bytes that wait for it."""

from __future__ import annotations

import asyncio
import itertools

from fireside.web.happenings import Happening, Place
from fireside.web.visitors import Visitor

BEAT = 15  # seconds between signs of life for one page
MOST_WAITING = 200  # chunks that wait for one slow page before it has to come again


class Reader:
    """One open page: who reads it, what it shows, and the bytes that wait for it."""

    __slots__ = (
        "_waiting",
        "_wake",
        "ended",
        "guest",
        "person",
        "place",
        "session",
        "since",
        "topics",
        "turn",
        "until",
    )
    _turns = itertools.cycle(range(BEAT))

    def __init__(self, came: Visitor, topics: frozenset[str], since: int) -> None:
        self.person, self.session = came.person.pk, came.session
        self.guest, self.until = came.person.is_guest, came.person.guest_until
        self.place: Place = (came.person.zone, came.person.language)
        self.topics, self.since = topics, since
        self.turn = next(Reader._turns)  # so that signs of life are spread over time
        self.ended = False
        self._waiting: list[bytes] = []
        self._wake: asyncio.Future[None] | None = None

    def tell(self, happening: Happening) -> bool:
        """Let the page know, unless it does or may not; tells whether it was told."""
        kinds = (
            happening.kinds(self.person, self.topics, guest=self.guest) if happening.id > self.since else ()
        )
        if not kinds:
            return False
        self.since = happening.id
        if "message" in kinds and self.place not in happening.articles:
            self.end()  # it came while this was being drawn; it comes again and is told then
            return False
        self.put(happening.chunk(kinds, self.place))
        return True

    def put(self, chunk: bytes) -> None:
        if len(self._waiting) >= MOST_WAITING:
            self.end()
            return
        self._waiting.append(chunk)
        self._rouse()

    def end(self) -> None:
        self.ended = True
        self._rouse()

    def idle(self) -> bool:
        return not self._waiting

    async def next(self) -> bytes:
        """All that waits, in one piece; nothing when the page is to close."""
        while not self._waiting and not self.ended:
            self._wake = asyncio.get_running_loop().create_future()
            await self._wake
        chunk = b"" if self.ended else b"".join(self._waiting)
        self._waiting.clear()
        return chunk

    def _rouse(self) -> None:
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)
