"""The wire between the house and its database: it can carry slowly, carry nothing, or let nobody in."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from tests.machines import free_port

Mood = Literal["open", "refuses", "hangs"]


class Wire:
    """A TCP proxy on a port of its own; `delay` is what each piece waits, in seconds."""

    def __init__(self, to: int) -> None:
        self.port, self.delay, self._to = free_port(), 0.0, to
        self._mood: Mood = "open"
        self._lines: set[asyncio.Transport] = set()
        self._going = asyncio.Event()
        self._loop = asyncio.new_event_loop()
        self._server: asyncio.Server | None = None
        self._thread = threading.Thread(target=self._loop.run_forever, name="wire", daemon=True)
        self._thread.start()

    def mood(self, mood: Mood) -> None:
        """Open; or refuse whoever calls and cut who is there; or take everything and carry nothing."""
        asyncio.run_coroutine_threadsafe(self._change(mood), self._loop).result(10)

    def close(self) -> None:
        self.mood("refuses")
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _end(self) -> None:
        others = asyncio.all_tasks(self._loop) - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _change(self, mood: Mood) -> None:
        self._mood = mood
        self._going.set() if mood == "open" else self._going.clear()
        if mood == "refuses" and self._server is not None:
            self._server.close()
            self._server = None
        if mood == "refuses":
            for line in [*self._lines]:
                line.abort()
        if mood != "refuses" and self._server is None:
            self._server = await asyncio.start_server(self._carry, "127.0.0.1", self.port)

    async def _carry(self, near: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        self._lines.add(back.transport)  # type: ignore[arg-type]
        try:
            far, there = await asyncio.open_connection("127.0.0.1", self._to)
        except OSError:
            back.transport.abort()  # type: ignore[attr-defined]
            return
        self._lines.add(there.transport)  # type: ignore[arg-type]
        ways = [asyncio.create_task(self._pump(near, there)), asyncio.create_task(self._pump(far, back))]
        with contextlib.suppress(asyncio.CancelledError):  # the wire is taken away
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        for end in (back, there):
            self._lines.discard(end.transport)  # type: ignore[arg-type]
            end.close()

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while piece := await source.read(65536):
                if self.delay:
                    await asyncio.sleep(self.delay)
                await self._going.wait()
                sink.write(piece)
                await sink.drain()
            await self._going.wait()  # while nothing is carried, nor is the news that somebody left


@contextmanager
def wire(to: int) -> Iterator[Wire]:
    made = Wire(to)
    try:
        made.mood("open")
        yield made
    finally:
        made.close()
