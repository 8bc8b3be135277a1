"""How long the door stays closed while the database changes: a step of each kind, on much history."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.table import show

HISTORY = {"messages": 400_000, "documents": 50_000}
TAKE = """
import json, time
import django; django.setup()
from django.db import connection, migrations, models
from django.db.migrations import Migration
from django.db.migrations.loader import MigrationLoader
from fireside.config.migrating import Steps
from fireside.config.serve import prepare

def take(operation):
    migration = Migration("9999_bench", "hearth")
    migration.operations = [operation] if operation else []
    state = MigrationLoader(connection).project_state()
    began = time.perf_counter()
    if operation:
        Steps(connection).apply_migration(state, migration)
    else:
        prepare()
    return time.perf_counter() - began

prepare()
empty = migrations.AddField("message", "mood", models.TextField(null=True))
filled = migrations.AddField("message", "smell", models.TextField(db_default=""))
index = migrations.AddIndex("entry", models.Index("noted_at", name="bench"))
chair = migrations.CreateModel("Chair", [("id", models.BigAutoField(primary_key=True))])
print(json.dumps([
    ["none, as at most starts", take(None)],
    ["a new table", take(chair)],
    ["a column that may be empty, on messages", take(empty)],
    ["an index on the timeline", take(index)],
    ["a column with a default, on messages: on SQLite each row is written anew", take(filled)],
]))
"""


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="fireside-bench-") as folder:
        env = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"} | {
            "FIRESIDE_DATA": folder, "DJANGO_SETTINGS_MODULE": "fireside.config.settings",
        }  # fmt: skip
        seed = [sys.executable, "-m", "bench.seed", json.dumps(HISTORY)]
        subprocess.run(seed, env=env, check=True, capture_output=True)
        size = (Path(folder) / "fireside.sqlite3").stat().st_size / 2**20
        take = [sys.executable, "-c", TAKE]
        told = subprocess.run(take, env=env, check=True, capture_output=True, text=True)
    title = f"steps that change the database; {HISTORY['messages']:,} messages, SQLite, {size:,.0f} MiB"
    show(title, ["step", "seconds"], json.loads(told.stdout.splitlines()[-1]))
