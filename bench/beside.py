"""Alerts taken in beside the real Alertmanager: the same posts, in turns, on the same machine.

Ours are on the disk before they are answered, and known, owned, grouped and on a card after; theirs are in
memory. So two rates are ours: answered, and handled to the end. The processor's time covers both.
"""

from __future__ import annotations

import sqlite3
import statistics
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TypeAlias

from bench.alertmanager import Alertmanager, alertmanager, knock
from bench.house import House, house
from bench.intake import wait_until_idle
from bench.table import show

ROUNDS, SECONDS = 3, 4
CASES = [(64, 4, 0), (64, 4, 10_000), (256, 4, 0), (1, 4, 0), (1, 32, 0)]
Run: TypeAlias = (
    "tuple[float, float, float, float, float]"  # answered/s, handled/s, p50 ms, p99 ms, CPU us an alert
)


def theirs(size: int, connections: int, distinct: int) -> Run:
    with alertmanager() as peer:
        return _run(peer, size, connections, distinct)


def ours(size: int, connections: int, distinct: int) -> Run:
    with house() as at, opened(at) as base:
        return _run(at, size, connections, distinct, base)


@contextmanager
def opened(at: House) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(Path(at.folder) / "fireside.sqlite3", timeout=30)) as base:
        yield base


def _run(
    at: House | Alertmanager,
    size: int,
    connections: int,
    distinct: int,
    base: sqlite3.Connection | None = None,
) -> Run:
    knock(at.port, at.token, size=1, connections=1, seconds=1)  # whoever starts cold is warm now
    spent, began = at.cpu(), time.perf_counter()
    done = knock(
        at.port, at.token, size=size, connections=connections, seconds=SECONDS, distinct=distinct, first=10**6
    )
    if done.failed:
        raise SystemExit(f"{done.failed} posts were not taken")
    if base is not None:
        wait_until_idle(base)
    handled = done.alerts / (time.perf_counter() - began)
    return done.alerts / done.seconds, handled, done.p50, done.p99, (at.cpu() - spent) * 1e6 / done.alerts


def main() -> None:
    rows = []
    for size, connections, distinct in CASES:
        turns = [
            (theirs(size, connections, distinct), ours(size, connections, distinct)) for _ in range(ROUNDS)
        ]
        peer, we = (
            list(map(statistics.median, zip(*side, strict=True))) for side in zip(*turns, strict=True)
        )
        kind = "the same again" if distinct else "always new"
        rows.append([f"{size}, {kind}", connections, peer[0], we[0], we[0] / peer[0], we[1], we[1] / peer[0],
                     peer[3], we[3], peer[4], we[4], we[4] / peer[4]])  # fmt: skip
    show(
        f"alerts beside Alertmanager, medians of {ROUNDS} turns of {SECONDS} s",
        ["a post", "connections", "AM alerts/s", "answered/s", "ratio", "handled/s", "ratio", "AM p99 ms",
         "p99 ms", "AM CPU us", "CPU us", "ratio"],
        rows,
    )  # fmt: skip
