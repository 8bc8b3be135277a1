"""How old a factor was when everything met, read from words: "since 2023", "since March", "8:52 that day"."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
SPANS = {"minute": 60, "hour": 3600, "day": 86400, "week": 604800, "month": 2629800, "year": 31557600}
NAMED = {
    "always": 20 * SPANS["year"], "the beginning": 20 * SPANS["year"], "last year": SPANS["year"],
    "last month": SPANS["month"], "last week": SPANS["week"], "yesterday": SPANS["day"],
    "today": 4 * SPANS["hour"], "that morning": 4 * SPANS["hour"], "that day": 4 * SPANS["hour"],
}  # fmt: skip
UNSAID = float(SPANS["month"])
YOUNGEST = 60.0


def age(words: str, met: datetime) -> float:
    """Seconds before `met`; words that name no time count as a month, to be drawn somewhere."""
    said = words.lower()
    for read in (_clock, _span, _date, _named):
        if (found := read(said, met)) is not None:
            return max(found, YOUNGEST)
    return UNSAID


def _clock(said: str, met: datetime) -> float | None:
    """ "8:52 that day"."""
    found = re.search(r"\b([01]?\d|2[0-3])[:.]([0-5]\d)\b", said)
    if found is None:
        return None
    then = met.replace(hour=int(found[1]), minute=int(found[2]), second=0, microsecond=0)
    return (met - then).total_seconds() % timedelta(days=1).total_seconds()


def _span(said: str, met: datetime) -> float | None:
    """ "three weeks" is told by a digit: "3 weeks"."""
    found = re.search(r"\b(\d{1,3}) (minute|hour|day|week|month|year)s?\b", said)
    return float(int(found[1]) * SPANS[found[2]]) if found else None


def _date(said: str, met: datetime) -> float | None:
    """A year, a month, or both; a month alone is the last one of that name."""
    year = re.search(r"\b(19|20)\d\d\b", said)
    month = next((n for n, name in enumerate(MONTHS, 1) if re.search(rf"\b{name}", said)), None)
    if year is None and month is None:
        return None
    then = met.replace(year=int(year[0]) if year else met.year, month=month or 1, day=1)
    if then > met and year is None:
        then = then.replace(year=met.year - 1)
    return (met - then).total_seconds()


def _named(said: str, met: datetime) -> float | None:
    return next((float(seconds) for name, seconds in NAMED.items() if name in said), None)
