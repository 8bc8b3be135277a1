"""How long pages take, with little and with much history, beside the same server's answer to /healthz."""

from __future__ import annotations

import time

from bench.house import House, house
from bench.table import part, show

PAGES = {
    "home": "/",
    "rooms": "/rooms/",
    "room": "/rooms/bench/",
    "an old incident's room": "/rooms/old-7/",
    "incidents": "/incidents/",
    "incident": "/incidents/1/",
    "an old incident": "/incidents/50/",
    "alerts": "/alerts/",
    "an old alert": "/alerts/15/",
    "systems": "/systems/",
    "morgue": "/learn/",
    "a story": "/learn/50/",
    "search, rare word": "/search/?q=rare42",
    "search, common word": "/search/?q=queue",
    "search, best first": "/search/?q=queue&sort=best",
    "morgue, two words": "/learn/?q=queue+refused",
}
LITTLE = {"messages": 1_000, "incidents": 100, "alerts": 1_000, "stories": 100}
MUCH = {"messages": 1_000_000, "incidents": 100_000, "alerts": 1_000_000, "stories": 100_000}


def times(at: House, path: str, count: int = 100) -> list[float]:
    """Milliseconds of so many requests, one after another on one connection."""
    connection = at.connect()
    taken = []
    for number in range(count + 5):
        began = time.perf_counter()
        connection.request("GET", path, headers={"Cookie": f"sessionid={at.cookie}"})
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise SystemExit(f"{path} answered {answer.status}")
        if number >= 5:
            taken.append((time.perf_counter() - began) * 1000)
    return taken


def main() -> None:
    measured: list[dict[str, list[float]]] = []
    for seed in (LITTLE, MUCH):
        with house(**seed) as at:
            measured.append(
                {name: times(at, path) for name, path in {"floor: /healthz": "/healthz", **PAGES}.items()}
            )
    little, much = measured
    rows = [
        [name, part(little[name], 50), part(little[name], 99), part(much[name], 50), part(much[name], 99),
         part(much[name], 50) / part(little[name], 50)]
        for name in little
    ]  # fmt: skip
    header = ["page", "little p50 ms", "p99", "much p50 ms", "p99", "much / little"]
    show(f"pages; little = {LITTLE}, much = {MUCH}", header, rows)
