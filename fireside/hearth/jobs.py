"""The jobs as keepers see them, read from the engine's tables without loading the engine.

A key tells what a job is: "entry:12:incidents.gather_round" or "every:alerts.look_after_alerts:1777900000",
and behind it "~again2" for the second time a keeper let it run again and "~3" for its third attempt.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from django.db import connection

from fireside.hearth.workflows import Unknown

KEY = re.compile(r"(?:entry:\d+:|every:)?(?P<name>[^:~]+)[^~]*(?:~again-?\d+)?(?:~(?P<attempt>\d+))?")
STATES = {
    "DELAYED": "waiting", "ENQUEUED": "waiting", "PENDING": "running", "SUCCESS": "done",
    "CANCELLED": "cancelled", "ERROR": "set aside", "MAX_RECOVERY_ATTEMPTS_EXCEEDED": "set aside",
}  # fmt: skip
WAITING = ("DELAYED", "ENQUEUED", "PENDING")
ASIDE = ("ERROR", "MAX_RECOVERY_ATTEMPTS_EXCEEDED")
LIST = (
    "SELECT j.workflow_uuid, j.status, coalesce(j.completed_at, j.delay_until_epoch_ms, j.created_at),"
    " coalesce(o.error, j.error) FROM {status} j LEFT JOIN {output} o ON o.workflow_uuid = j.workflow_uuid"
)
# As the engine's own index on what failed has it, so that looking for it costs nothing.
FAILED = "j.status IN ('ERROR', 'CANCELLED', 'MAX_RECOVERY_ATTEMPTS_EXCEEDED') AND j.status <> 'CANCELLED'"


@dataclass(frozen=True, slots=True)
class Known:
    """A job as the engine knows it."""

    key: str
    name: str
    state: str  # "waiting", "running", "done", "set aside" or "cancelled"
    attempt: int
    at: datetime  # when it is due, or when it ended
    reason: str  # why it was set aside, which never holds anybody's words
    error: str  # and all that was said about it, which may


@dataclass(frozen=True, slots=True)
class Kind:
    """All that waits of one kind, and when the first of it is due."""

    name: str
    count: int
    due: datetime


def begun() -> bool:
    """Has a worker ever begun here? Until then there are no such tables, and so there are no jobs."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT to_regclass('dbos.workflow_status')")
        else:
            cursor.execute("SELECT max(name) FROM sqlite_master WHERE name = 'workflow_status'")
        return bool(cursor.fetchone()[0])


def jobs(*statuses: str, most: int = 100) -> list[Known]:
    """The newest jobs that wait or run and those that were set aside, or those with the given statuses."""
    wanted = statuses or WAITING + ASIDE
    return _listed(f"j.status IN ({', '.join(['%s'] * len(wanted))})", wanted, most)


def set_aside(most: int = 100) -> list[Known]:
    """The newest jobs that failed too often."""
    return _listed(FAILED, (), most)


def is_set_aside(key: str) -> bool:
    return bool(_listed(f"{FAILED} AND j.workflow_uuid = %s", (key,), 1))


def waiting() -> list[Kind]:
    """What waits, by kind, the soonest first."""
    if not begun():
        return []
    found = _rows(
        "SELECT workflow_uuid, coalesce(delay_until_epoch_ms, created_at) FROM {status}"
        " WHERE status = 'DELAYED' UNION ALL"
        " SELECT workflow_uuid, created_at FROM {status} WHERE status IN ('ENQUEUED', 'PENDING')"
    )
    named = sorted((_name(key), due) for key, due in found)
    kinds = [(name, [due for _, due in rows]) for name, rows in groupby(named, key=lambda row: row[0])]
    return sorted(
        (Kind(name, len(dues), _moment(dues[0])) for name, dues in kinds), key=lambda kind: kind.due
    )


def _listed(where: str, given: Iterable[str], most: int) -> list[Known]:
    if not begun():
        return []
    found = _rows(f"{LIST} WHERE {where} ORDER BY j.created_at DESC LIMIT %s", *given, most)
    return [_known(*row) for row in found]


def _known(key: str, status: str, at: int, error: str | None) -> Known:
    kind, said = _error(error)
    return Known(key, _name(key), STATES[status], _attempt(key), _moment(at), _reason(status, kind), said)


def _reason(status: str, kind: str) -> str:
    if status == "MAX_RECOVERY_ATTEMPTS_EXCEEDED":
        return "its worker died each time it ran"
    if kind == Unknown.__name__:
        return "this release does not know it"
    return f"it failed with {kind}" if kind else ""


def _error(stored: str | None) -> tuple[str, str]:
    """What kind it was and what it said, from the engine's JSON."""
    try:
        told = json.loads(stored or "{}")
    except ValueError:
        return "", str(stored)
    if not isinstance(told, dict):
        return "", str(stored)
    return str(told.get("name", "")), str(told.get("message", ""))


def _name(key: str) -> str:
    found = KEY.fullmatch(key)
    return found["name"] if found else key


def _attempt(key: str) -> int:
    found = KEY.fullmatch(key)
    return int(found["attempt"] or 1) if found else 1


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def _rows(sql: str, *given: str | int) -> list[tuple[Any, ...]]:
    """What a query over {status} and {output}, the engine's tables, finds."""
    schema = "dbos." if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        asked = sql.format(status=f"{schema}workflow_status", output=f"{schema}workflow_output")
        cursor.execute(asked, given)
        return list(cursor.fetchall())
