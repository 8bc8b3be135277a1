"""Locks of a PostgreSQL session, which ends with the process or the machine that holds it."""

from __future__ import annotations

import time
import zlib
from contextlib import suppress
from typing import Any

import psycopg
from django.db import OperationalError

SPACE = 0x46495245  # ours among PostgreSQL's advisory locks
LOOK = 1.0  # seconds for which we trust that a session still stands


class PostgresLocks:
    """Locks of a session of its own; when it was lost, the next session takes them back."""

    def __init__(self, given: dict[str, Any]) -> None:
        self._given = given
        self._held: set[str] = set()
        self._lost: set[str] = set()  # ours until their session ended; whoever has them now gives them back
        self._session: psycopg.Connection | None = None
        self._looked = time.monotonic()

    def take(self, name: str) -> bool:
        try:
            return self._take(name)
        except psycopg.Error as error:
            raise OperationalError(str(error)) from error  # as Django would say it

    def free(self, name: str) -> None:
        if name in self._held and self._session is not None and not self._session.closed:
            with suppress(psycopg.Error):  # a session that is gone holds nothing
                self._ask("pg_advisory_unlock", name)
        self._held.discard(name)
        self._lost.discard(name)

    def close(self) -> None:
        if self._session is not None:
            self._session.close()
        self._held.clear()
        self._lost.clear()

    def _take(self, name: str) -> bool:
        self._look()
        if self._session is None or self._session.closed:
            self._lost |= self._held
            self._held.clear()
            self._session = psycopg.connect(**self._given, autocommit=True)
        for wanted in {name} - self._held | self._lost:
            if self._ask("pg_try_advisory_lock", wanted):
                self._held.add(wanted)
                self._lost.discard(wanted)
        return name in self._held

    def _look(self) -> None:
        """Every second or so see whether the session stands: it may be gone while others of ours are not."""
        if self._session is None or self._session.closed or time.monotonic() - self._looked < LOOK:
            return
        with suppress(psycopg.Error):  # then it is closed, and with it went the locks
            self._session.execute("SELECT 1")
        self._looked = time.monotonic()

    def _ask(self, function: str, name: str) -> bool:
        if self._session is None:
            return False
        number = zlib.crc32(name.encode()) - 2**31
        row = self._session.execute(f"SELECT {function}(%s::int, %s::int)", [SPACE, number]).fetchone()
        return bool(row and row[0])
