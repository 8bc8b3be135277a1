"""Searching 100,000 stories: newest first and best match first, beside SQLite's own ranking of all."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile

from bench.table import show

STORIES, QUERIES, VOCABULARY, LENGTH = 100_000, 200, 20_000, 300
RUN = f"""
import itertools, json, random, time
import django; django.setup()
from django.db import connection
from django.utils import timezone
from fireside.config.serve import prepare; prepare()
from fireside.hearth import start as house
from fireside.hearth.models import Doc
from fireside.hearth.search import find
from bench.table import part

rng = random.Random(5)
words = [f"w{{n:05}}" for n in range({VOCABULARY})]
weights = list(itertools.accumulate(1 / (n + 1) for n in range({VOCABULARY})))  # as people use words (Zipf)
ana = house.begin("Bench", name="Ana Ngata", email="ana@example.org", password="a long password")
now = timezone.now()
for first in range(0, {STORIES}, 2000):
    Doc.objects.bulk_create(
        Doc(kind="postmortem", ref=n, title=" ".join(rng.choices(words, cum_weights=weights, k=6)), url="/",
            body=" ".join(rng.choices(words, cum_weights=weights, k={LENGTH})), at=now)
        for n in range(first, first + 2000)
    )
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


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        settings = {"FIRESIDE_DATA": folder, "DJANGO_SETTINGS_MODULE": "fireside.config.settings"}
        ran = subprocess.run(
            [sys.executable, "-c", RUN], env=os.environ | settings, check=True, capture_output=True, text=True
        )
    show(
        f"{STORIES:,} stories of {LENGTH} words, {QUERIES} questions a kind, ms",
        ["question", "newest first p50", "p99", "best first p50", "p99", "floor: FTS5 ranks all p50", "p99"],
        json.loads(ran.stdout.splitlines()[-1]),
    )
