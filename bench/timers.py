"""Nine thousand timers wait and a thousand are due at once: how late they are, and who waits for them."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bench.table import part, show

WAITING, BURST, LAMPS = 9_000, 1_000, 40
READY = 25.0  # seconds in which a thousand timers are set and the lamps before the burst are lit
HOUR = timedelta(hours=1)
TABLES = """
PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE ran (id PRIMARY KEY);
CREATE TABLE timer (id INTEGER PRIMARY KEY, due REAL); CREATE INDEX due ON timer (due)
"""
HELD = (
    "worker starts, s", "memory, MiB", "memory afterwards, MiB", "threads", "threads afterwards",
)  # fmt: skip


def main() -> None:
    many, none = house(WAITING), house(0)
    loop, timers = floor_loop(), floor_timers()
    columns = (many, none, loop, timers)
    rows: list[list[object]] = [["ran once", *(one["ran"] for one in columns)]]
    rows += [[f"late p{p}, s", *(part(one["late"], p) for one in columns)] for p in (50, 99)]
    rows.append(["all had run after, s", *(max(one["late"]) for one in columns)])
    for when in ("before the burst", "in the burst"):
        for percent in (50, 99):
            reactions = (part(one[when], percent) for one in (many, none))
            rows.append([f"reaction {when} p{percent}, s", *reactions, "-", "-"])
    rows += [[name, *(one.get(name, "-") for one in columns)] for name in HELD]
    show(
        f"{BURST:,} timers due at once, each of which writes one row; and a reaction every 100 ms",
        ["what", f"{WAITING:,} others wait", "none waits", "floor: SQLite loop", "floor: Timer (forgets)"],
        rows,
    )


def house(waiting: int) -> dict[str, Any]:
    """The real engine, in a process and a folder of its own."""
    folder = tempfile.mkdtemp(prefix="fireside-bench-")
    environment = {
        **os.environ, "FIRESIDE_DATA": folder, "DJANGO_SETTINGS_MODULE": "fireside.config.settings",
        "LOG_LEVEL": "ERROR",
    }  # fmt: skip
    try:
        told = subprocess.run(
            [sys.executable, "-c", f"from bench.timers import inside; inside({waiting})"],
            env=environment, check=True, capture_output=True, text=True,
        )  # fmt: skip
        return dict(json.loads(told.stdout.splitlines()[-1]))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def inside(waiting: int) -> None:
    import django

    django.setup()
    from fireside.config.serve import prepare
    from fireside.hearth import engine, start, workflows
    from fireside.hearth.timeline import Cursor, Entry

    prepare()
    start.begin("Unicorn Rentals", name="Ana", email="ana@example.org", password="a long enough one")
    workflows.rest()
    late: list[float] = []
    seen: dict[int, float] = {}

    @workflows.when("kettle.on", after=HOUR)
    def whistle(entry: Entry) -> None:
        late.append(time.time() - (entry.noted_at + HOUR).timestamp())
        Cursor.objects.create(name=f"whistled {entry.pk}")

    @workflows.when("lamp.lit")
    def cheer(entry: Entry) -> None:
        seen[entry.pk] = time.time()

    def kettles(count: int, due: float) -> None:
        at = datetime.fromtimestamp(due, UTC) - HOUR
        Entry.objects.bulk_create(Entry(verb="kettle.on", at=at, noted_at=at) for _ in range(count))
        wait_for(lambda: Cursor.objects.get(name="router").entry == Entry.objects.latest("pk").pk)

    first = engine.Worker()
    first.begin()
    kettles(waiting, time.time() + 86_400)
    first.end()
    began = time.perf_counter()
    worker = engine.Worker()
    worker.begin()
    took = time.perf_counter() - began
    found: dict[str, Any] = {
        "worker starts, s": took,
        "memory, MiB": rss(),
        "threads": threading.active_count(),
    }
    due = time.time() + READY
    kettles(BURST, due)
    found["before the burst"] = light_lamps(seen)
    assert time.time() < due, "the burst came too soon"
    time.sleep(due - time.time())
    found["in the burst"] = light_lamps(seen)
    wait_for(lambda: len(late) >= BURST)
    time.sleep(2)  # what came twice would come now
    found |= {"memory afterwards, MiB": rss(), "threads afterwards": threading.active_count()}
    ran = Cursor.objects.filter(name__startswith="whistled").count()
    print(json.dumps({**found, "ran": ran, "late": late}))
    sys.stdout.flush()
    os._exit(0)


def light_lamps(seen: dict[int, float]) -> list[float]:
    """How long each of forty reactions took."""
    from django.db import transaction

    from fireside.hearth.timeline import note

    lit = {}
    for _ in range(LAMPS):
        with transaction.atomic():
            pk = note("lamp.lit").pk
        lit[pk] = time.time()
        time.sleep(0.1)
    wait_for(lambda: lit.keys() <= seen.keys())
    return [seen[pk] - at for pk, at in lit.items()]


def floor_loop() -> dict[str, Any]:
    """The least that keeps timers: a table and a loop that looks ten times a second."""
    folder = tempfile.mkdtemp(prefix="fireside-bench-")
    try:
        with closing(sqlite3.connect(Path(folder) / "timers", isolation_level=None)) as base:
            base.executescript(TABLES)
            due, late = time.time() + 1, []
            base.execute("BEGIN")
            base.executemany(
                "INSERT INTO timer (due) VALUES (?)", [(due + 86_400,)] * WAITING + [(due,)] * BURST
            )
            base.execute("COMMIT")
            while len(late) < BURST:
                time.sleep(0.1)
                for pk, at in base.execute(
                    "SELECT id, due FROM timer WHERE due <= ?", [time.time()]
                ).fetchall():
                    late.append(time.time() - at)
                    base.executescript(
                        f"BEGIN; INSERT INTO ran VALUES ({pk}); DELETE FROM timer WHERE id = {pk}; COMMIT"
                    )
            return {"ran": base.execute("SELECT count(*) FROM ran").fetchone()[0], "late": late}
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def floor_timers() -> dict[str, Any]:
    """What Python itself offers: a thread for each, kept in memory only."""
    late: list[float] = []
    found = {"memory, MiB": rss(), "threads": threading.active_count()}
    due = time.time() + 2
    timers = [
        threading.Timer(due - time.time(), lambda: late.append(time.time() - due)) for _ in range(BURST)
    ]
    for timer in timers:
        timer.start()
    found |= {"memory afterwards, MiB": rss(), "threads afterwards": threading.active_count()}
    for timer in timers:
        timer.join()
    return {**found, "ran": len(late), "late": late}


def wait_for(true: Callable[[], bool], seconds: float = 200) -> None:
    latest = time.monotonic() + seconds
    while not true():
        if time.monotonic() > latest:
            raise SystemExit("it did not come about")
        time.sleep(0.02)


def rss() -> float:
    """MiB this process holds."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
