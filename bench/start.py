"""How long a start takes, what it holds in memory, and what it costs while nobody asks anything."""

from __future__ import annotations

import subprocess
import sys
import time

from bench.house import house
from bench.pages import times
from bench.table import show


def floor() -> float:
    """Seconds Python needs to start and to import Django, below which no start can go."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import django.core.handlers.wsgi, django.db.models"], check=True)
    return time.perf_counter() - began


def main() -> None:
    starts, idle, after, cpu = [], [], [], []
    for _ in range(3):
        with house(messages=100) as at:
            starts.append(at.ready)
            time.sleep(2)
            before, began = at.cpu(), time.perf_counter()
            time.sleep(5)
            cpu.append(100 * (at.cpu() - before) / (time.perf_counter() - began))
            idle.append(at.rss())
            times(at, "/rooms/bench/", 300)
            after.append(at.rss())
    show(
        "start, memory (PSS) and idle cost; three starts, smallest / middle / largest",
        ["what", "min", "median", "max", "floor: Python and Django alone"],
        [
            ["start to first page, s", *sorted(starts), floor()],
            ["idle memory, MiB", *sorted(idle), "-"],
            ["after 300 pages, MiB", *sorted(after), "-"],
            ["idle processor, % of a core", *sorted(cpu), "-"],
        ],
    )
