"""How many alerts a second are on the disk before they are answered, and how soon their card is in the room.

Beside each number stand its floors, taken in the same run: SQLite writing the same bodies one commit a
request (nobody shares a flush) and 32 to a commit, and a server that reads and answers, keeping nothing.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from bench.house import House, free_port, house
from bench.table import part, show

PATH = "/hooks/alertmanager"
CONNECTIONS = 32
SECONDS = 4.0
CARDS = 40


def body(first: int, size: int, status: str = "firing", name: str = "") -> bytes:
    """A webhook of `size` alerts of about 630 bytes, in 50 groups."""
    alerts = [
        {
            "status": status,
            "labels": {
                "alertname": name or f"Rule{n % 50}", "job": "storefront", "instance": f"shop-{n}",
                "severity": "high", "team": "magic-sparkles", "region": "eu-central-1",
                "pod": f"storefront-7d9f8b6c5-{n:06}",
            },
            "annotations": {
                "summary": "Payments are refused", "description": "One in four payments is refused. " * 4,
                "runbook_url": "https://wiki.example.org/runbooks/payments-are-refused",
            },
            "startsAt": "2026-11-02T08:52:00.123456789Z", "endsAt": "0001-01-01T00:00:00Z",
        }
        for n in range(first, first + size)
    ]  # fmt: skip
    return json.dumps({"version": "4", "groupKey": "{}", "alerts": alerts}).encode()


def request(content: bytes, token: str) -> bytes:
    lines = ("Host: x", f"Authorization: Bearer {token}", f"Content-Length: {len(content)}")
    return "\r\n".join((f"POST {PATH} HTTP/1.1", *lines, "", "")).encode() + content


async def hollow(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """The floor: reads the request, keeps nothing, answers."""
    if scope["type"] == "http":
        while (await receive()).get("more_body"):
            continue
        await send({"type": "http.response.start", "status": 202, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})


def load(port: int, requests: list[bytes]) -> tuple[float, list[float]]:
    """Requests a second over all connections, and how long each took."""

    async def caller(number: int, end: float, times: list[float]) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        turn = number
        while time.perf_counter() < end:
            began = time.perf_counter()
            writer.write(requests[turn % len(requests)])
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(
                (line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")), b":0"
            )
            await reader.readexactly(int(length.split(b":")[1]))
            if b" 202" not in head[:16]:
                raise SystemExit(f"the house answered {head[:60]!r}")
            times.append(time.perf_counter() - began)
            turn += CONNECTIONS
        writer.close()

    async def all_callers() -> tuple[float, list[float]]:
        times: list[float] = []
        began = time.perf_counter()
        await asyncio.gather(*(caller(n, began + SECONDS, times) for n in range(CONNECTIONS)))
        return len(times) / (time.perf_counter() - began), times

    return asyncio.run(all_callers())


def written(content: bytes, together: int) -> float:
    """Bodies a second that SQLite writes durably by itself, so many to a commit."""
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(sqlite3.connect(f"{folder}/floor", isolation_level=None)) as base,
    ):
        base.execute("PRAGMA journal_mode=WAL")
        base.execute("PRAGMA synchronous=FULL")
        base.execute("CREATE TABLE row (id INTEGER PRIMARY KEY, body BLOB)")
        began, count = time.perf_counter(), 0
        while time.perf_counter() - began < 1:
            base.execute("BEGIN IMMEDIATE")
            base.executemany("INSERT INTO row (body) VALUES (?)", [(content,)] * together)
            base.execute("COMMIT")
            count += together
        return count / (time.perf_counter() - began)


@contextmanager
def nothing_kept() -> Iterator[int]:
    port = free_port()
    args = ["--interface", "asgi", "--port", str(port), "--no-log", "bench.intake:hollow"]
    with subprocess.Popen([sys.executable, "-m", "granian", *args]) as process:
        for _ in range(200):
            try:
                closing(asyncio.run(asyncio.open_connection("127.0.0.1", port))[1])
                break
            except OSError:
                time.sleep(0.05)
        try:
            yield port
        finally:
            process.terminate()


def taken_in(at: House, hollow_port: int, size: int) -> list[object]:
    fresh = [request(body(n * size, size), at.token) for n in range(max(64, 4096 // size))]
    floor, _ = load(hollow_port, fresh)
    cpu = at.cpu()
    rate, times = load(at.port, fresh)
    spent = (at.cpu() - cpu) / (len(times) * size)
    content = body(0, size)
    return [
        size, rate * size, part(times, 50) * 1000, part(times, 99) * 1000, spent * 1e6,
        written(content, 1) * size, written(content, CONNECTIONS) * size, floor * size,
    ]  # fmt: skip


def until_card(at: House) -> list[float]:
    """Seconds from the first byte sent until the card is committed, for new cards one after another."""
    times = []
    with closing(sqlite3.connect(Path(at.folder) / "fireside.sqlite3", timeout=30)) as base:
        wait_until_idle(base)
        for n in range(CARDS):
            connection = at.connect()
            before = newest(base)
            began = time.perf_counter()
            post(connection, at, body(n, 1, name=f"Card{n}"))
            while newest(base) == before:
                time.sleep(0.0005)
            times.append(time.perf_counter() - began)
            post(connection, at, body(n, 1, status="resolved", name=f"Card{n}"))
            connection.close()
            wait_until_idle(base)
    return times


def post(connection: Any, at: House, content: bytes) -> None:
    connection.request("POST", PATH, content, {"Authorization": f"Bearer {at.token}"})
    connection.getresponse().read()


def newest(base: sqlite3.Connection) -> int:
    sql = "SELECT coalesce(max(id), 0) FROM hearth_message WHERE voice = 'Alerts' AND thread_id IS NULL"
    return int(base.execute(sql).fetchone()[0])


def wait_until_idle(base: sqlite3.Connection) -> float:
    """Until every delivery is handled; gives the seconds that took."""
    began = time.perf_counter()
    while base.execute("SELECT 1 FROM alerts_delivery WHERE handled_at IS NULL LIMIT 1").fetchone():
        time.sleep(0.01)
    return time.perf_counter() - began


def main() -> None:
    with house() as at:
        times = until_card(at)
    show(
        "one alert to its card in the room, idle house, ms",
        ["cards", "p50", "p99", "floor: one SQLite commit"],
        [[CARDS, part(times, 50) * 1000, part(times, 99) * 1000, 1000 / written(body(0, 1), 1)]],
    )
    rows = []
    with nothing_kept() as port:
        for size in (1, 64, 256):
            with (
                house() as at,
                closing(sqlite3.connect(Path(at.folder) / "fireside.sqlite3", timeout=30)) as base,
            ):
                row = taken_in(at, port, size)
                behind = wait_until_idle(base)
                rows.append([*row, behind, *base.execute("SELECT count(*) FROM alerts_group").fetchone()])
    sqlite = f"floor: SQLite, {CONNECTIONS} to a commit"
    show(
        f"alerts taken in durably, {CONNECTIONS} connections, {SECONDS:.0f} s each, handled meanwhile",
        ["a request", "alerts/s", "p50 ms", "p99 ms", "CPU us/alert", "floor: SQLite, 1 to a commit", sqlite,
         "floor: HTTP, nothing kept", "then handled within s", "cards"],
        rows,
    )  # fmt: skip


if __name__ == "__main__":
    main()
