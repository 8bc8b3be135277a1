"""Django's SQLite, with one pen: threads of this process that want to write take turns.

SQLite has one writer. Who finds it busy sleeps, a little longer each time, and whoever comes just then goes
first; a page could wait for seconds behind a storm of alerts. Threads that hand each other a lock wait only
as long as the one before them writes. Other processes still meet SQLite's own lock.
"""

from __future__ import annotations

import sqlite3
import threading

from django.db import OperationalError
from django.db.backends.sqlite3 import base

pen = threading.Lock()


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection that holds the pen from the beginning of a transaction to its end."""

    patience: float | None = None  # seconds to wait for the pen; None for those of the settings
    _has_pen = False

    def _start_transaction_under_autocommit(self) -> None:
        patience = self.patience or self.settings_dict["OPTIONS"].get("timeout", 5)
        if not pen.acquire(timeout=patience):
            raise OperationalError("database is locked: another thread writes for too long") from _busy()
        self._has_pen = True
        try:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]
        except BaseException:
            self._put_down()
            raise

    def _commit(self) -> None:
        super()._commit()  # type: ignore[misc]
        self._put_down()  # what could not be committed is rolled back, and then

    def _rollback(self) -> None:
        try:
            super()._rollback()  # type: ignore[misc]
        finally:
            self._put_down()

    def _close(self) -> None:
        try:
            super()._close()  # type: ignore[misc]
        finally:
            self._put_down()

    def _put_down(self) -> None:
        if self._has_pen:
            self._has_pen = False
            pen.release()


def _busy() -> sqlite3.OperationalError:
    """As SQLite itself would say it, so that whoever asks why hears the same."""
    error = sqlite3.OperationalError("database is locked")
    error.sqlite_errorname = "SQLITE_BUSY"
    return error
