"""Locks that end with the process that holds them: the kernel's on one machine, PostgreSQL's beyond.

No clock decides who is alive, so a slow worker is never taken for a dead one.
"""

from __future__ import annotations

import fcntl
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, Protocol

import psycopg
from django.conf import settings
from django.db import OperationalError, connection

SPACE = 0x46495245  # ours among PostgreSQL's advisory locks


class Locks(Protocol):
    """Named locks; `take` answers at once whether it is ours now."""

    def take(self, name: str) -> bool: ...

    def free(self, name: str) -> None: ...

    def close(self) -> None:
        """Free all of them."""
        ...


class FileLocks:
    """One file for each name in FIRESIDE_DATA; the kernel frees it when the process dies."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._held: dict[str, IO[str]] = {}
        folder.mkdir(exist_ok=True)

    def take(self, name: str) -> bool:
        if name in self._held:
            return True
        file = (self.folder / name).open("w")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return False
        self._held[name] = file
        return True

    def free(self, name: str) -> None:
        if file := self._held.pop(name, None):
            file.close()

    def close(self) -> None:
        for name in [*self._held]:
            self.free(name)


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


def locks() -> Locks:
    """The locks of this database, whoever asks: processes that share it exclude each other."""
    if connection.vendor == "sqlite":
        return FileLocks(settings.DATA / "locks")
    given = connection.get_connection_params()
    return PostgresLocks(
        {key: given[key] for key in ("dbname", "user", "password", "host", "port") if given.get(key)}
    )


@contextmanager
def alone(name: str) -> Iterator[None]:
    """Wait until no other process is inside, then be the only one."""
    held = locks()
    while not held.take(name):
        time.sleep(0.1)
    try:
        yield
    finally:
        held.close()
