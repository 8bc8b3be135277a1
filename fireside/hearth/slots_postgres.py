"""Locks of a PostgreSQL session, which ends with the process or the machine that holds it."""

from __future__ import annotations

import zlib
from contextlib import suppress
from typing import Any

import psycopg
from django.db import OperationalError

SPACE = 0x46495245  # ours among PostgreSQL's advisory locks


class PostgresLocks:
    """Locks of a session of its own; when it was lost, the next session takes them back."""

    def __init__(self, given: dict[str, Any]) -> None:
        self._given = given
        self._held: set[str] = set()
        self._session: psycopg.Connection | None = None

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

    def close(self) -> None:
        if self._session is not None:
            self._session.close()
        self._held.clear()

    def _take(self, name: str) -> bool:
        if self._session is None or self._session.closed:
            self._session = psycopg.connect(**self._given, autocommit=True, cursor_factory=psycopg.Cursor)
            self._held = {held for held in self._held if self._ask("pg_try_advisory_lock", held)}
        if name not in self._held and self._ask("pg_try_advisory_lock", name):
            self._held.add(name)
        return name in self._held

    def _ask(self, function: str, name: str) -> bool:
        if self._session is None:
            return False
        number = zlib.crc32(name.encode()) - 2**31
        row = self._session.execute(f"SELECT {function}(%s::int, %s::int)", [SPACE, number]).fetchone()
        return bool(row and row[0])
