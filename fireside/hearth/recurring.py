"""When something recurs: every few minutes, or at a wall-clock time on chosen days in a zone.

A slot is the moment one occurrence is due, in UTC; docs/schedules.md says where it lies when clocks change.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from fireside.hearth.people import Organisation

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
AROUND = 15  # days in which a weekday comes at least once, even where a zone leaves one out
NOON = time(12)


@dataclass(frozen=True, slots=True)
class Minutes:
    """Every so many minutes, counted from the epoch so that a restart changes nothing."""

    minutes: int

    def __str__(self) -> str:
        return "every minute" if self.minutes == 1 else f"every {self.minutes} minutes"

    def last(self, moment: datetime) -> datetime:
        """The newest slot that is not after `moment`."""
        period = self.minutes * 60
        return datetime.fromtimestamp(moment.timestamp() // period * period, UTC)

    def next(self, moment: datetime) -> datetime:
        """The first slot after `moment`."""
        return self.last(moment) + timedelta(minutes=self.minutes)

    def key(self, slot: datetime) -> str:
        return str(int(slot.timestamp()))


@dataclass(frozen=True, slots=True)
class Daily:
    """At a wall-clock time on some days of the week; zone "org" is the organisation's own."""

    at: time
    days: frozenset[int]
    zone: str

    def __str__(self) -> str:
        days = "every day" if len(self.days) == 7 else ", ".join(DAYS[day] for day in sorted(self.days))
        zone = "the organisation's zone" if self.zone == "org" else self.zone
        return f"{self.at:%H:%M} {days}, {zone}"

    def last(self, moment: datetime) -> datetime:
        """The newest slot that is not after `moment`."""
        return next(slot for slot in self._slots(moment, -1) if slot <= moment)

    def next(self, moment: datetime) -> datetime:
        """The first slot after `moment`."""
        return next(slot for slot in self._slots(moment, 1) if slot > moment)

    def slot(self, day: date) -> datetime | None:
        """The slot of one local date; None where the zone leaves out that date."""
        return self._slot(day, self.tz)

    def key(self, slot: datetime) -> str:
        """The local date the slot belongs to: today's, or yesterday's where clocks skip over midnight."""
        day = slot.astimezone(self.tz).date()
        return (day if self.slot(day) == slot else day - DAY).isoformat()

    def _slots(self, moment: datetime, step: int) -> Iterator[datetime]:
        """From a date beyond the moment's own to those on its other side."""
        tz = self.tz
        day = moment.astimezone(tz).date() - step * DAY
        for _ in range(AROUND + 1):
            if day.weekday() in self.days and (slot := self._slot(day, tz)):
                yield slot
            day += step * DAY

    def _slot(self, day: date, tz: ZoneInfo) -> datetime | None:
        noon = datetime.combine(day, NOON, tzinfo=tz)
        if noon.astimezone(UTC).astimezone(tz).date() != day:  # noon itself may be skipped, as in Juba once
            return None
        local = datetime.combine(day, self.at, tzinfo=tz)
        while not _exists(local):
            local += MINUTE
        return local.astimezone(UTC)

    @property
    def tz(self) -> ZoneInfo:
        org = Organisation.current() if self.zone == "org" else None
        return ZoneInfo(org.zone if org else "UTC" if self.zone == "org" else self.zone)


def _exists(local: datetime) -> bool:
    """Does a clock in that zone ever show this?"""
    back = local.astimezone(UTC).astimezone(local.tzinfo)
    return back.replace(tzinfo=None) == local.replace(tzinfo=None)


def daily(at: str, days: str, zone: str) -> Daily:
    """ "09:00" with "mon-fri", "tue" or "mon,thu"; no days means every day."""
    return Daily(time.fromisoformat(at), frozenset(_days(days)), zone)


def _days(words: str) -> set[int]:
    if not words:
        return set(range(7))
    if "-" in words:
        first, last = (DAYS.index(word) for word in words.split("-"))
        return set(range(first, last + 1))
    return {DAYS.index(word.strip()) for word in words.split(",")}
