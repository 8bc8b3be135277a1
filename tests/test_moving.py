"""A house moves: from one database to the other and back, and out of a restore that was killed half way."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings

from tests.machines import ROOT, free_port

MORE = """
import django; django.setup()
from django.db import connection
from fireside.hearth import engine
from fireside.hearth.models import Message, Person, Room
from tests.attaching import attach
ana, room = Person.objects.order_by("pk").first(), Room.objects.order_by("pk").first()
message = room.say("🦄 e\\u0301 \\u202e", by=ana)
attach(message, "plan.txt", b"\\x00\\xff" * 5000, "text/plain")
engine.lay()
for number in range(20):
    engine._client().enqueue(
        {"workflow_name": "job", "queue_name": engine.QUEUE, "app_version": engine.VERSION,
         "workflow_id": f"entry:{number}:x", "delay_seconds": 86400},
        f"entry:{number}:x", "hearth.x", number, 1)
Message.objects.order_by("-pk").first().delete()
"""
SEARCH = """
import django; django.setup()
from fireside.hearth.models import Person
from fireside.hearth.search import find
found = find("payment", person=Person.objects.get(handle="aroha"), limit=50)
print(sorted((hit.doc.kind, hit.doc.ref) for hit in found))
"""

Move = Callable[..., str]


class House:
    """One house: its folder, and its database when that is PostgreSQL."""

    def __init__(self, folder: Path, url: str = "") -> None:
        self.folder, self.url = folder, url
        self.env = {
            name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "SECRET_KEY")
        }
        self.env |= {"FIRESIDE_DATA": str(folder), "DJANGO_SETTINGS_MODULE": "fireside.config.settings"}
        self.env |= {"DATABASE_URL": url} if url else {}

    def run(self, *words: str) -> str:
        done = subprocess.run(
            [sys.executable, *words], env=self.env, cwd=ROOT, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def fireside(self, *words: str) -> str:
        return self.run("-m", "fireside", *words)

    def everything(self) -> dict[str, Any]:
        """What a plain backup of it holds: rows with their JSON read, key, files, numbers given out."""
        path = self.folder.with_suffix(".backup")
        self.fireside("backup", str(path), "--plain")
        found: dict[str, Any] = {}
        with tarfile.open(path) as tar:
            for about in tar:
                data = tar.extractfile(about).read()
                if about.name.startswith("tables/"):
                    found[about.name] = [
                        [_read(value) for value in json.loads(line)] for line in data.splitlines()
                    ]
                elif about.name == "manifest.json":
                    found["numbers"] = json.loads(data)["sequences"]
                elif about.name != "cover.json":
                    found[about.name] = data
        return found


def _read(value: Any) -> Any:
    return (
        json.loads(value)
        if isinstance(value, str) and value[:1] in ("{", "[") and value[-1:] in "}]"
        else value
    )


@pytest.fixture
def told(tmp_path: Path) -> House:
    """The story of Unicorn Rentals on SQLite, with a file and jobs that wait."""
    house = House(tmp_path / "told")
    house.fireside("demo")
    house.run("-c", MORE)
    return house


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[Callable[[str], House]]:
    given = settings.DATABASES["default"]
    assert given["ENGINE"].endswith("postgresql"), "run this with tools/postgres.sh"
    server = f"postgresql://{given['USER']}:{given['PASSWORD']}@{given['HOST']}:{given['PORT']}"
    made: list[str] = []

    def make(name: str) -> House:
        made.append(f"{name}_{free_port()}")
        base.execute(f"CREATE DATABASE {made[-1]}")
        return House(tmp_path / name, f"{server}/{made[-1]}")

    with psycopg.connect(f"{server}/postgres", autocommit=True) as base:
        yield make
        for name in made:
            base.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.mark.postgres
def test_a_house_moves_to_postgresql_and_on_and_back_with_nothing_lost(
    told: House, postgres: Callable[[str], House], tmp_path: Path
) -> None:
    key = tmp_path / "key"
    public = told.fireside("backup", "--new-key", str(key)).strip()
    before, found = told.everything(), told.run("-c", SEARCH)
    assert len(before["tables/engine.workflow_status/000001.jsonl"]) == 20
    assert sum(name.startswith("files/") for name in before) == 1
    here = told
    for there in (
        postgres("first"),
        postgres("second"),
        House(tmp_path / "third"),
        House(tmp_path / "fourth"),
    ):
        here.fireside("backup", str(tmp_path / "moving.age"), "--to", public)
        there.fireside("restore", str(tmp_path / "moving.age"), "--key", str(key))
        assert there.everything() == before
        assert there.run("-c", SEARCH) == found
        here = there


@pytest.mark.crash
def test_a_restore_that_is_killed_leaves_an_empty_house_and_can_be_done_again(
    told: House, tmp_path: Path
) -> None:
    path, house = tmp_path / "house.backup", House(tmp_path / "again")
    before = told.everything()
    told.fireside("backup", str(path), "--plain")
    began = time.monotonic()
    House(tmp_path / "whole").fireside("restore", str(path))
    whole = time.monotonic() - began
    for _ in range(6):
        started = subprocess.Popen(
            [sys.executable, "-m", "fireside", "restore", str(path)], env=house.env, cwd=ROOT,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        time.sleep(random.uniform(0.3, 0.9) * whole)  # it is to die anywhere
        started.send_signal(signal.SIGKILL)
        started.wait()
    again = subprocess.run(
        [sys.executable, "-m", "fireside", "restore", str(path)],
        env=house.env, cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert again.returncode == 0 or "There is something in this database already" in again.stderr
    assert house.everything() == before
    assert not [*house.folder.rglob("*.part")]


@pytest.mark.crash
def test_a_backup_of_an_older_release_is_brought_up_to_date(tmp_path: Path) -> None:
    old, new = House(tmp_path / "old"), House(tmp_path / "new")
    old.run("-c", OLDER)
    old.fireside("backup", str(tmp_path / "old.backup"), "--plain")
    new.fireside("restore", str(tmp_path / "old.backup"))
    assert "The tables are those of this release" in new.fireside("doctor")
    assert new.run("-c", NEWER) == "kept\n"
    ready = House(tmp_path / "ready")
    ready.run("-c", "import django; django.setup()\nfrom fireside.config.serve import prepare; prepare()")
    refused = subprocess.run(
        [sys.executable, "-m", "fireside", "restore", str(tmp_path / "old.backup")],
        env=ready.env, cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert refused.returncode == 1
    assert "is of an older Fireside, and the database was already made ready for this one" in refused.stderr


OLDER = """
import django; django.setup()
from django.core.management import call_command
call_command("migrate", "alerts", "0001", verbosity=0)
from django.db import connection
made = "INSERT INTO alerts_source (name, hash, made_at) VALUES ('kept', 'x', '2026-11-02 08:52:00')"
connection.cursor().execute(made)  # as that release would; our models know more columns
"""
NEWER = """
import django; django.setup()
from fireside.alerts.models import Source
print(Source.objects.get().name)
"""
