"""How long pages take, with little and with much history, beside the same server's answer to /healthz."""

from __future__ import annotations

import time

from bench.house import House, house
from bench.table import part, show

PAGES = {
    "home": "/",
    "room": "/rooms/bench/",
    "incident": "/incidents/1/",
    "incidents": "/incidents/",
    "search, rare word": "/search/?q=rare42",
    "search, common word": "/search/?q=queue",
    "morgue, two words": "/learn/?q=queue+refused",
}
LITTLE = {"messages": 100, "entries": 60, "documents": 100}
MUCH = {"messages": 10_000, "entries": 1_000, "documents": 100_000}


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
