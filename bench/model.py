"""What an organisation of a size needs: unit costs that the other benchmarks measure, and days people have.

Plain arithmetic, so that anybody can put in numbers of their own: `python -m bench model`. docs/scaling.md
explains each line, and says where the costs come from and how far they were checked.
"""

from __future__ import annotations

import asyncio
import math
import time
from dataclasses import dataclass

from bench.house import House, house
from bench.intake import body, post
from bench.live import reader, say
from bench.table import show

PEAK = 4.0  # the busiest minutes beside the mean of a working day of eight hours
DAY = 8 * 3600

# Processor milliseconds of one web process, measured on the machine that docs/scaling.md names.
PAGE, WORD, PUSH, ALERT, COMMAND = 20.0, 5.5, 0.044, 0.04, 25.0
CARDS = 120.0  # each second, for the cards of a room in which alerts keep coming
READER = 0.06  # MiB of an open page
ORDER = 7.0  # milliseconds for which PostgreSQL's writers wait for one another, for each thing noted
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
    storms: float = 1 / 5000  # rooms at a time in which alerts keep coming

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
        work += self.a_second(self.alerts) * ALERT + self.count * self.storms * CARDS
        return work / 1000

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
        return max(1, math.ceil(self.writers_busy / 0.5))


READERS, SECONDS, STEP, ALERTS = 300, 15, 0.2, 40


async def mixture(at: House) -> list[object]:
    """All kinds of work at once: what the model says of it, and what the processor did."""
    ready = asyncio.Semaphore(0)
    readers = [asyncio.create_task(reader(at, {}, ready)) for _ in range(READERS)]
    for _ in range(READERS):
        await asyncio.wait_for(ready.acquire(), 60)
    spent, began, turns = at.cpu(), time.perf_counter(), 0
    while (now := time.perf_counter()) < began + SECONDS:
        await asyncio.to_thread(say, at, f"{turns:04}")  # a page, and a word
        await asyncio.to_thread(_look, at)
        await asyncio.to_thread(_alert, at, turns)
        turns += 1
        await asyncio.sleep(max(0.0, now + STEP - time.perf_counter()))
    took = time.perf_counter() - began
    for task in readers:
        task.cancel()
    await asyncio.gather(*readers, return_exceptions=True)
    model = turns * (2 * PAGE + WORD + READERS * PUSH + ALERTS * ALERT) / took / 1000 + CARDS / 1000
    return [2 * turns / took, turns / took, turns * READERS / took, turns * ALERTS / took,
            100 * model, 100 * (at.cpu() - spent) / took]  # fmt: skip


def _look(at: House) -> None:
    connection = at.connect()
    connection.request("GET", "/incidents/", headers={"Cookie": f"sessionid={at.cookie}"})
    connection.getresponse().read()
    connection.close()


def _alert(at: House, turn: int) -> None:
    connection = at.connect()
    post(connection, at, body(turn * ALERTS, ALERTS))
    connection.close()


def main() -> None:
    with house(messages=1000) as at:
        checked = asyncio.run(mixture(at))
    show(
        "the model checked: a mixture on one process",
        ["pages/s", "words/s", "told to open pages/s", "alerts/s", "model: % of a core", "measured"],
        [checked],
    )
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
