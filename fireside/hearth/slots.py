"""Locks that end with the process that holds them: the kernel's on one machine, PostgreSQL's beyond.

No clock decides who is alive, so a slow worker is never taken for a dead one.
"""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Protocol

from django.conf import settings
from django.db import connection


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


def locks() -> Locks:
    """The locks of this database, whoever asks: processes that share it exclude each other."""
    if connection.vendor == "sqlite":
        return FileLocks(settings.DATA / "locks")
    from fireside.hearth.slots_postgres import PostgresLocks  # only there is its driver needed

    return PostgresLocks(reached_by())


def reached_by() -> dict[str, Any]:
    """How a session beside Django's own reaches the same PostgreSQL."""
    ours = ("cursor_factory", "context", "prepare_threshold", "pool")  # Django's own habits
    return {name: value for name, value in connection.get_connection_params().items() if name not in ours}


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
