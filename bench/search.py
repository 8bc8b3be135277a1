"""Searching 100,000 stories, newest first and best first, in calm and in a storm, beside ranking all."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from bench.house import served
from bench.intake import PATH, body
from bench.table import show

STORIES, QUERIES, VOCABULARY, LENGTH = 100_000, 200, 20_000, 300
TOGETHER, APART = 64, 0.064  # a storm of a thousand alerts a second
WORDS = f"""
import itertools, json, random, time
import django; django.setup()
from django.db import connection
from django.utils import timezone
from fireside.config.serve import prepare; prepare()
from fireside.alerts.models import Source
from fireside.hearth import start as house
from fireside.hearth.models import Doc, Person
from fireside.hearth.search import find
from bench.table import part

rng = random.Random(5)
words = [f"w{{n:05}}" for n in range({VOCABULARY})]
weights = list(itertools.accumulate(1 / (n + 1) for n in range({VOCABULARY})))  # as people use words (Zipf)
"""
FILL = f"""
house.begin("Bench", name="Ana Ngata", email="ana@example.org", password="a long password")
now = timezone.now()
for first in range(0, {STORIES}, 2000):
    Doc.objects.bulk_create(
        Doc(kind="postmortem", ref=n, title=" ".join(rng.choices(words, cum_weights=weights, k=6)), url="/",
            body=" ".join(rng.choices(words, cum_weights=weights, k={LENGTH})), at=now)
        for n in range(first, first + 2000)
    )
if connection.vendor == "postgresql":
    connection.cursor().execute("ANALYZE")
print(Source.make("storm")[1])
"""
ASK = f"""
ana = Person.objects.get()
middle = lambda: words[rng.randrange(200, 2000)]
kinds = {{
    "a rare word": lambda: words[rng.randrange(10_000, {VOCABULARY})],
    "a common word": lambda: words[rng.randrange(0, 30)],
    "two words": lambda: f"{{middle()}} {{words[rng.randrange(0, 200)]}}",
    "the beginning of a word": lambda: middle()[:5],
}}
floor = "SELECT rowid FROM hearth_docwords WHERE hearth_docwords MATCH %s ORDER BY rank LIMIT 20"
rows = []
for name, ask in kinds.items():
    row = [name]
    for best in (False, True, None):
        times = []
        for _ in range({QUERIES}):
            query = ask()
            began = time.perf_counter()
            if best is not None:
                find(query, person=ana, best=best)
            elif connection.vendor == "sqlite":
                with connection.cursor() as cursor:
                    start = "*" * (name == "the beginning of a word")
                    cursor.execute(floor, [" AND ".join(query.split()) + start])
                    cursor.fetchall()
            times.append((time.perf_counter() - began) * 1000)
        row += [part(times, 50), part(times, 99)]
    rows.append(row)
print(json.dumps(rows))
"""
HEADER = ["question", "newest first p50", "p99", "best first p50", "p99", "floor: FTS5 ranks all p50", "p99"]


def run(script: str, folder: str) -> str:
    """The last line a script prints, in a process of its own."""
    settings = {"FIRESIDE_DATA": folder, "DJANGO_SETTINGS_MODULE": "fireside.config.settings"}
    ran = subprocess.run(
        [sys.executable, "-c", WORDS + script],
        env=os.environ | settings, check=True, capture_output=True, text=True,
    )  # fmt: skip
    return ran.stdout.splitlines()[-1]


@contextmanager
def storm(port: int, token: str) -> Iterator[None]:
    """Alerts come all the time, as fast as they are said to."""
    over = threading.Event()

    def blow() -> None:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            for first in itertools.count(0, TOGETHER):
                if over.wait(APART):
                    return
                told = client.post(
                    PATH, content=body(first, TOGETHER), headers={"Authorization": f"Bearer {token}"}
                )
                told.raise_for_status()

    thread = threading.Thread(target=blow)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        token = run(FILL, folder)
        calm = json.loads(run(ASK, folder))
        with served(folder) as (port, _), storm(port, token):
            stormy = json.loads(run(ASK, folder))
    where = "PostgreSQL" if os.environ.get("DATABASE_URL") else "SQLite"
    title = f"{STORIES:,} stories of {LENGTH} words, {QUERIES} questions a kind, {where}, ms"
    show(title, HEADER, calm)
    show(f"the same while {TOGETHER / APART:,.0f} alerts a second come in", HEADER, stormy)
