"""One thread writes what came in: many requests share one commit, and each is answered only after it.

It has a database connection of its own, set up like every other one, and speaks SQL past the models: one row
a request, one flush for all rows that wait.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import DatabaseError, connection, transaction

log = logging.getLogger(__name__)

MOST = 512  # rows in one commit
WAITING = 64 * 1024 * 1024  # bytes not yet written after which we ask senders to come back
COLUMNS = ("source_id", "at", "form", "sha256", "size", "body", "trouble")


class Full(Exception):
    """More waits to be written than we want to hold."""


@dataclass(slots=True)
class Row:
    """One delivery on its way to the disk, and who waits for it."""

    source: int
    form: str
    sha256: str
    body: bytes
    loop: asyncio.AbstractEventLoop
    done: asyncio.Future[None]

    def values(self, at: str | datetime | None) -> tuple[str | int | bytes | datetime | None, ...]:
        return (self.source, at, self.form, self.sha256, len(self.body), self.body, "")


class Inbox:
    """Deliveries in, commits out; `after` is called after each commit and must return at once."""

    def __init__(self, after: Callable[[], None]) -> None:
        self._after = after
        self._queue: queue.SimpleQueue[Row | None] = queue.SimpleQueue()
        self._bytes = 0
        self._thread = threading.Thread(target=self._run, name="alerts-inbox", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Write what waits, then end."""
        self._queue.put(None)
        self._thread.join()

    async def keep(self, source: int, form: str, sha256: str, body: bytes) -> None:
        """Returns when the body is on the disk; DatabaseError when that failed, Full when too much waits."""
        if self._bytes > WAITING:
            raise Full
        loop = asyncio.get_running_loop()
        row = Row(source, form, sha256, body, loop, loop.create_future())
        self._bytes += len(body)
        self._queue.put(row)
        await row.done

    def _run(self) -> None:
        while (first := self._queue.get()) is not None:
            rows, more = [first], True
            while more and len(rows) < MOST:
                try:
                    row = self._queue.get_nowait()
                except queue.Empty:
                    break
                if row is None:
                    self._queue.put(None)
                    more = False
                else:
                    rows.append(row)
            self._write(rows)
        connection.close()

    def _write(self, rows: list[Row]) -> None:
        trouble: DatabaseError | None = None
        asked = [row for row in rows if not row.done.cancelled()]  # the others were told to come again
        for _ in range(2 if asked else 0):  # a connection may have died of age; a second one tells
            try:
                _insert(asked)
            except DatabaseError as error:
                log.warning("Deliveries could not be written: %s", error)
                connection.close()
                trouble = error
            else:
                trouble = None
                self._after()
                break
        for loop in {row.loop for row in rows}:
            self._tell(loop, [row for row in rows if row.loop is loop], trouble)

    def _tell(self, loop: asyncio.AbstractEventLoop, rows: list[Row], trouble: DatabaseError | None) -> None:
        def settle() -> None:
            for row in rows:
                self._bytes -= len(row.body)
                if not row.done.done():
                    row.done.set_exception(trouble) if trouble else row.done.set_result(None)

        if not loop.is_closed():
            loop.call_soon_threadsafe(settle)


def _insert(rows: Iterable[Row]) -> None:
    now = connection.ops.adapt_datetimefield_value(datetime.now(UTC))
    marks = ", ".join(["%s"] * len(COLUMNS))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO alerts_delivery ({', '.join(COLUMNS)}) VALUES ({marks})",  # noqa: S608 -- our own names
            [row.values(now) for row in rows],
        )
