"""Alerts as a pass over the inbox handles them: met with a few questions, written with one statement.

The models' own way costs ten times as much for each alert, which in a storm is what everybody waits for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec
from django.db import connection

from fireside.alerts.models import Alert

AT_ONCE = 500  # alerts asked for together
FOUND = ("source_id", "fingerprint", "group_id")
TOLD = ("labels", "annotations", "starts_at", "ends_at", "resolved_at", "last_at")
MARK = "%s"
UPSERT = (
    f"INSERT INTO alerts_alert ({', '.join(FOUND + TOLD)}) "  # noqa: S608 -- our own names
    f"VALUES ({', '.join([MARK] * len(FOUND + TOLD))}) ON CONFLICT ({', '.join(FOUND)}) "
    f"DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in TOLD)}"
)
MEET = """
SELECT a.source_id, a.fingerprint, a.group_id, CAST(a.labels AS text), CAST(a.annotations AS text),
    a.starts_at, a.ends_at, a.resolved_at, a.last_at
FROM alerts_alert a JOIN alerts_group g ON g.id = a.group_id
WHERE a.source_id = %s AND a.fingerprint IN ({})
    AND (g.resolved_at IS NULL OR g.resolved_at >= %s OR a.last_at >= %s)
ORDER BY a.id
"""

encode = msgspec.json.encode
_decode = msgspec.json.Decoder(dict[str, str]).decode


@dataclass(slots=True)
class Known:
    """One alert; labels and annotations are JSON, as they are kept."""

    source_id: int
    fingerprint: str
    group_id: int
    labels: str
    annotations: str
    starts_at: datetime
    ends_at: datetime | None
    resolved_at: datetime | None
    last_at: datetime

    @classmethod
    def of(cls, alert: Alert) -> Known:
        return cls(
            alert.source_id, alert.fingerprint, alert.group_id, written(alert.labels),
            written(alert.annotations), alert.starts_at, alert.ends_at, alert.resolved_at, alert.last_at,
        )  # fmt: skip


def written(words: dict[str, str]) -> str:
    return encode(words).decode()


def same(kept: str, words: str) -> bool:
    """Do both say the same, whatever the order and however the database writes it?"""
    return kept == words or _decode(kept) == _decode(words)


def meet(source: int, fingerprints: Sequence[str], since: datetime) -> Iterator[Known]:
    """The alerts of a source with these fingerprints that fire, or did since then; oldest first."""
    moment = connection.ops.adapt_datetimefield_value(since)
    with connection.cursor() as cursor:
        for start in range(0, len(fingerprints), AT_ONCE):
            some = fingerprints[start : start + AT_ONCE]
            marks = ", ".join([MARK] * len(some))
            cursor.execute(MEET.format(marks), [source, *some, moment, moment])
            for row in cursor.fetchall():
                yield Known(*row[:5], *map(_utc, row[5:]))


def write(alerts: Iterable[Known]) -> None:
    """Keep all of them."""
    moment = _Moments()
    rows = [
        (
            alert.source_id, alert.fingerprint, alert.group_id, alert.labels, alert.annotations,
            moment[alert.starts_at], moment[alert.ends_at], moment[alert.resolved_at], moment[alert.last_at],
        )
        for alert in alerts
    ]  # fmt: skip
    with connection.cursor() as cursor:
        cursor.executemany(UPSERT, rows)


class _Moments(dict[datetime | None, str | datetime | None]):
    """Moments as this database takes them; in a storm most are the same few."""

    def __missing__(self, moment: datetime | None) -> str | datetime | None:
        adapted = self[moment] = connection.ops.adapt_datetimefield_value(moment)
        return adapted


def _utc(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment
