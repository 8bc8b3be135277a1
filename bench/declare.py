"""`/incident` from Slack: how soon it is acknowledged, and how soon everybody in the channel reads of it.

Peers, by the design's figures: monzo/response announces after 42 / 127 ms, Dispatch after 682 / 1,518 ms.
"""

from __future__ import annotations

import logging
import time
from concurrent.futures import ThreadPoolExecutor

from bench.slack_house import CHANNELS, Bench, bench
from bench.table import part, show

CALM, BURST = 30, 50


def declare(made: Bench, number: int, kind: str) -> float:
    """Milliseconds until the channel in which it was declared tells of it."""
    channel, title = made.channels[number % CHANNELS], f"{kind} {number:03} are refused"
    began = time.perf_counter()
    made.people[number % 40].types(channel, f"/fireside incident {title}")
    made.until(lambda: any(title in str(m.blocks) for m in [*channel.messages.values()]))
    return (time.perf_counter() - began) * 1000


def measured(made: Bench, kind: str, count: int, *, at_once: bool) -> list[object]:
    made.server.deliveries.clear()
    with ThreadPoolExecutor(count if at_once else 1) as pool:
        waiting = []
        began = time.perf_counter()
        for number in range(count):
            due = began + number / count if at_once else time.perf_counter() + 0.2
            time.sleep(max(0.0, due - time.perf_counter()))
            waiting.append(pool.submit(declare, made, number, kind))
            if not at_once:
                waiting[-1].result()
        told = [job.result() for job in waiting]
    asked = [1000 * d.seconds for d in made.server.deliveries if b"response_url" in d.body]
    [[kept]] = made.rows(f"SELECT count(*) FROM incidents_incident WHERE title LIKE '{kind} %'")
    return [count, kept, part(asked, 50), part(asked, 99), part(told, 50), part(told, 99)]


def main() -> None:
    logging.disable(logging.CRITICAL)
    with bench(socket=False) as made:
        measured(made, "Cold", 40, at_once=False)  # everybody has been met
        rows = [
            ["one after another", *measured(made, "Payments", CALM, at_once=False)],
            [f"{BURST} in one second", *measured(made, "Rentals", BURST, at_once=True)],
        ]
    show(
        "/incident from Slack",
        ["", "declared", "kept", "acknowledged p50 ms", "p99", "announced p50 ms", "p99"],
        rows,
    )
