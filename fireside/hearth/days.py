"""The beginning of a day as somebody wrote it."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from django.utils import timezone


def midnight(words: str, after: int = 0) -> datetime | None:
    """The first moment (UTC) of "2026-11-24", or of the day `after` it, where the reader is; None for no day.

    At the two ends of the calendar a reader's day may begin outside of all that can be told in UTC.
    """
    try:
        day = date.fromisoformat(words) + timedelta(days=after)
        return timezone.make_aware(datetime.combine(day, time())).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
