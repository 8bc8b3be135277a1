"""What an organisation of a size needs: unit costs that the other benchmarks measure, and days people have.

Plain arithmetic, so that anybody can put in numbers of their own: `python -m bench model`. docs/scaling.md
explains each line, and says where the costs come from and how far they were checked.
"""

from __future__ import annotations

from dataclasses import dataclass

from bench.table import show

PEAK = 4.0  # the busiest minutes beside the mean of a working day of eight hours
DAY = 8 * 3600

# Processor milliseconds of one web process, measured on the machine that docs/scaling.md names.
PAGE, WORD, PUSH, ALERT, COMMAND = 20.0, 12.0, 0.05, 0.02, 35.0
READER = 0.04  # MiB of an open page
ORDER = 4.0  # milliseconds for which PostgreSQL's writers wait for one another, for each thing noted
SLACK_CHANNEL, SLACK_UPDATES = 1.0, 50 / 60  # messages a second in a channel, changes a second in a workspace


@dataclass(frozen=True, slots=True)
class People:
    """An organisation, and what one of its people does on a day."""

    count: int
    pages: float = 40  # that are opened
    words: float = 20  # that are said, half of them in Slack
    open: float = 0.6  # of all, who have a page open at a time
    hears: float = 30  # open pages that hear of each word
    incidents: float = 0.002
    alerts: float = 5

    def a_second(self, a_day: float) -> float:
        """At the peak."""
        return self.count * a_day / DAY * PEAK

    @property
    def noted(self) -> float:
        """Things noted a second: words, and what an incident brings along."""
        return self.a_second(self.words + 60 * self.incidents)

    @property
    def cores(self) -> float:
        """Of web processes."""
        work = self.a_second(self.pages) * PAGE + self.a_second(self.words) * WORD
        work += self.a_second(self.words) * self.hears * PUSH + self.a_second(self.incidents) * COMMAND
        return (work + self.a_second(self.alerts) * ALERT) / 1000

    @property
    def readers(self) -> float:
        return self.count * self.open

    @property
    def writers_busy(self) -> float:
        """Of the time, for how much somebody holds the order in which things are noted."""
        return self.noted * ORDER / 1000

    @property
    def cells(self) -> int:
        """So many houses, each with its own database, that writers wait for each other half of the time."""
        return max(1, round(self.writers_busy / 0.5 + 0.49))


def main() -> None:
    rows = []
    for count in (5, 50, 500, 5_000, 20_000, 100_000):
        org = People(count)
        rows.append([count, org.a_second(org.pages), org.noted, org.cores, org.readers * READER,
                     100 * org.writers_busy, org.cells])  # fmt: skip
    show(
        "what an organisation needs at its peak, by the model",
        [
            "people",
            "pages/s",
            "noted/s",
            "web cores",
            "open pages, MiB",
            "writers in turn, % of the time",
            "cells",
        ],
        rows,
    )
