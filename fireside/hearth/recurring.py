"""When something recurs: every few minutes, or at a wall-clock time on chosen days in a zone.

A slot is the moment one occurrence is due, in UTC. A wall-clock time has one slot for each local date: in
the hour that spring skips it is the first minute there is, in the hour that autumn repeats the earlier one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from fireside.hearth.people import Organisation

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MINUTE = timedelta(minutes=1)


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
        today = moment.astimezone(self.tz).date()
        dates = (today - timedelta(days=back) for back in range(9))
        return next(
            slot for day in dates if day.weekday() in self.days and (slot := self.slot(day)) <= moment
        )

    def slot(self, day: date) -> datetime:
        local = datetime.combine(day, self.at, tzinfo=self.tz)
        while local.astimezone(UTC).astimezone(self.tz).replace(tzinfo=None) != local.replace(tzinfo=None):
            local += MINUTE
        return local.astimezone(UTC)

    def key(self, slot: datetime) -> str:
        return slot.astimezone(self.tz).date().isoformat()

    @property
    def tz(self) -> ZoneInfo:
        org = Organisation.current() if self.zone == "org" else None
        return ZoneInfo(org.zone if org else "UTC" if self.zone == "org" else self.zone)


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
