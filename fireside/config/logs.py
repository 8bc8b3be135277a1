"""The log: what happened and where, as lines or as JSON, and nothing that anybody said or keeps secret.

An exception's own words may hold what somebody typed (a value that is no number, the row a constraint
refused), so the log has its kind, its place in the code, and what a database calls it, but not its words.
What is handed to a line is repeated only when it is plain: a record stands there as "message 12".
"""

from __future__ import annotations

import json
import logging
import sys
import threading
import traceback
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

from fireside.hearth import errand
from fireside.hearth.errors import Plain

CAUSE = "The above was the cause of the following:"
FOREIGN = ("asyncio", "dbos")  # what these say after their first line may hold anything

log = logging.getLogger(__name__)


class Line(logging.Formatter):
    """One line for people: when, how bad, who says it, on which errand, what; then where it broke."""

    def format(self, record: logging.LogRecord) -> str:
        mine = errand.current.get()
        place = f" [{mine.kind} {plain(mine.id)}]" if mine is not None else ""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(" ", "milliseconds")
        line = f"{at} {record.levelname} {record.name}{place} {message(record)}"
        return f"{line}\n{found}" if (found := trace(_error(record))) else line


class Json(logging.Formatter):
    """The same as one JSON object in one line, for programs."""

    def format(self, record: logging.LogRecord) -> str:
        mine = errand.current.get()
        said: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "message": message(record),
        }
        if mine is not None:
            said[mine.kind] = mine.id
        said |= getattr(record, "facts", {})
        if found := trace(_error(record)):
            said["error"] = found
        return json.dumps(said, ensure_ascii=False)


class Routes(logging.Filter):
    """Django names the path it was asked for; we name its pattern, and leave what is the asker's own slip."""

    def filter(self, record: logging.LogRecord) -> bool:
        status = getattr(record, "status_code", None)
        if status is None:
            return True
        match = getattr(getattr(record, "request", None), "resolver_match", None)
        record.msg, record.args = "%s at /%s", (status, match.route if match else "…")
        return bool(status >= 500)


def message(record: logging.LogRecord) -> str:
    """The words of the line, with what was handed to it made plain."""
    words, given = record.msg, record.args
    if not isinstance(words, str):
        return str(plain(words))
    if isinstance(given, Mapping):
        words %= {name: plain(value) for name, value in given.items()}
    elif given:
        words %= tuple(plain(value) for value in given)
    return words.splitlines()[0] if record.name.startswith(FOREIGN) and words else words


def plain(value: object) -> object:
    """A number or a word as it is, a record by its id, an error by its kind; of anything else its type."""
    if value is None or isinstance(value, int | float | datetime):
        return value
    if isinstance(value, str):
        return value if value.isprintable() else value.encode("unicode_escape").decode()
    if isinstance(value, BaseException):
        return told(value)
    kind, pk = type(value).__name__, getattr(value, "pk", None)
    return f"{kind.lower()} {pk}" if isinstance(pk, int) else kind


def told(error: BaseException) -> str:
    """What may be said of an error: its kind, and how the system or the database calls it."""
    more = _called(error)
    return f"{type(error).__name__}: {more}" if more else type(error).__name__


def _called(error: BaseException) -> str:
    if isinstance(error, Plain):
        return str(error)
    if isinstance(error, OSError):
        return error.strerror or ""
    cause = error.__cause__ or error
    diag = getattr(cause, "diag", None)  # psycopg: names only, as what it says may quote a value
    names = [diag.sqlstate, diag.table_name, diag.column_name, diag.constraint_name] if diag else []
    names.append(getattr(cause, "sqlite_errorname", None))
    return " ".join(name for name in names if name)


def trace(error: BaseException | None) -> str:
    """Where it broke, and because of what, without anybody's words."""
    return "\n".join(_lines(error, set())) if error is not None else ""


def _lines(error: BaseException, seen: set[int]) -> Iterator[str]:
    seen.add(id(error))
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None and id(before) not in seen:
        yield from _lines(before, seen)
        yield CAUSE
    for frame in traceback.extract_tb(error.__traceback__):
        yield f'  File "{frame.filename}", line {frame.lineno}, in {frame.name}'
        if frame.line:
            yield f"    {frame.line}"
    yield told(error)


def _error(record: logging.LogRecord) -> BaseException | None:
    return record.exc_info[1] if record.exc_info else None


def catch() -> None:
    """What nobody caught, in any thread, is written in the same way; for a process that is all ours."""
    sys.unraisablehook = lambda lost: uncaught(lost.exc_type, lost.exc_value, lost.exc_traceback)
    threading.excepthook = lambda lost: uncaught(lost.exc_type, lost.exc_value, lost.exc_traceback)


def uncaught(kind: type[BaseException], error: BaseException | None, at: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    log.critical("Nobody caught this", exc_info=(kind, error or kind(), at))
