"""When nothing can be written down: the database does not answer, others hold it, or the disk is full."""

from __future__ import annotations

import errno
import logging
import sqlite3
import sys
from collections.abc import Callable

from django.db import OperationalError, transaction

AGAIN = 5  # seconds after which it is worth to ask again

AWAY = "The database does not answer just now."
FULL = "The disk is full, so nothing new can be written down."
BUSY = ("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_CANTOPEN", "SQLITE_IOERR", "SQLITE_PROTOCOL")
NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

log = logging.getLogger(__name__)


def away(error: BaseException | None) -> str:
    """What to tell people when this came of the machine and passes; nothing when it is a bug."""
    while error is not None:
        if found := _away(error):
            return found
        error = error.__cause__ or error.__context__
    return ""


def _away(error: BaseException) -> str:
    if isinstance(error, sqlite3.OperationalError):
        name = getattr(error, "sqlite_errorname", "")
        return FULL if name == "SQLITE_FULL" else AWAY if name.startswith(BUSY) else ""
    if isinstance(error, OSError):
        return FULL if error.errno in NO_SPACE else ""
    driver = sys.modules.get("psycopg")  # not every house has a PostgreSQL
    if driver is not None and isinstance(error, (driver.OperationalError, driver.InterfaceError)):
        return FULL if getattr(error, "sqlstate", "") == "53100" else AWAY
    return ""


def if_possible(do: Callable[[], object]) -> None:
    """For what may be left out: while nothing can be written, what is there can still be read."""
    try:
        with transaction.atomic():
            do()
    except OperationalError as error:
        if not away(error):
            raise
        log.warning("Left out, because it could not be written: %s", error)
