"""Two processes on one database: one says, the other does; and when one is killed the other takes over."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from django.conf import settings

from tests.machines import ROOT, answers, free_port, process, wait_for

SEED = """
import django; django.setup()
from fireside.config.serve import prepare; prepare()
from fireside.hearth.keys import Key
from fireside.hearth.models import Organisation, Person, Room
org = Organisation.objects.create(name="Unicorn Rentals")
ana = Person.welcome("Ana Ngata", email="ana@example.org", keeper_since=org.made_at)
Room.make("stable", by=ana)
print(Key.make(ana, "test")[1])
"""
SAY = """
import sys
import django; django.setup()
from fireside.hearth.models import Person, Room
Room.objects.get(slug="stable").say(sys.argv[1], by=Person.objects.get())
"""
MUCH = """
import sys
import django; django.setup()
from fireside.hearth.models import Person, Room
for number in range(int(sys.argv[1])):
    Room.objects.get(slug="stable").say(f"slow {number}", by=Person.objects.get())
"""
RUNNING = "SELECT name FROM dbos.workflow_status WHERE status = 'PENDING' AND workflow_uuid LIKE '%answer'"
UP = """
import os, pathlib, sys, time
import django; django.setup()
from fireside.config.cli import main
from fireside.hearth.workflows import when

@when("message.said")
def answer(entry):
    mark = pathlib.Path(os.environ["MARK"])
    if entry.by is None:
        return
    if entry.message.text == "slow" and not mark.exists():
        mark.write_text(str(os.getpid()))
        time.sleep(600)
    entry.room.say(f"{os.environ['WHO']} heard {entry.message.text}", voice="Echo", key=f"echo:{entry.pk}")

main(sys.argv[1:])
"""


class Shared:
    """A database that several processes share, and ways to start them on it."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.url, self.mark = folder, url, folder / "mark"
        self.port = free_port()
        self.env = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"} | {
            "FIRESIDE_DATA": str(folder / "data"), "DJANGO_SETTINGS_MODULE": "fireside.config.settings",
            "MARK": str(self.mark), "PUBLIC_URL": f"http://127.0.0.1:{self.port}",
        }  # fmt: skip
        if url:
            self.env["DATABASE_URL"] = url
        self.key = self.run(SEED).split()[-1]

    def run(self, code: str, *args: str) -> str:
        told = subprocess.run(
            [sys.executable, "-c", code, *args],
            env=self.env,
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert told.returncode == 0, told.stderr
        return told.stdout

    def up(self, stack: ExitStack, who: str, *more: str, code: str = UP) -> subprocess.Popen[bytes]:
        env = self.env | {"WHO": who}
        args = (sys.executable, "-c", code, "up", "--port", str(self.port), *more)
        return stack.enter_context(process(*args, log=self.folder / f"{who}.log", env=env))

    def ask(self, sql: str) -> list[Any]:
        if self.url:
            with psycopg.connect(self.url) as base:
                return [row[0] for row in base.execute(sql).fetchall()]
        with closing(sqlite3.connect(self.folder / "data" / "fireside.sqlite3", timeout=30)) as base:
            return [row[0] for row in base.execute(sql).fetchall()]

    def echoes(self) -> list[str]:
        return self.ask("SELECT text FROM hearth_message WHERE voice = 'Echo' ORDER BY id")


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[Shared]:
    given = settings.DATABASES["default"]
    assert given["ENGINE"].endswith("postgresql"), "run this with tools/postgres.sh"
    server = f"postgresql://{given['USER']}:{given['PASSWORD']}@{given['HOST']}:{given['PORT']}"
    name = f"shared_{free_port()}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as base:
        base.execute(f"CREATE DATABASE {name}")
        yield Shared(tmp_path, f"{server}/{name}")
        base.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def shared(request: pytest.FixtureRequest, tmp_path: Path) -> Shared:
    return request.getfixturevalue("postgres") if request.param == "postgres" else Shared(tmp_path, "")


BOTH = [
    pytest.param("sqlite", marks=pytest.mark.crash),
    pytest.param("postgres", marks=pytest.mark.postgres),
]


@pytest.mark.parametrize("shared", BOTH, indirect=True)
def test_what_a_killed_worker_was_doing_another_one_does(shared: Shared) -> None:
    shared.run(SAY, "slow")
    with ExitStack() as stack:
        first = shared.up(stack, "first", "--only", "worker")
        wait_for(shared.mark.exists, "the first worker to be busy")
        shared.up(stack, "second", "--only", "worker")
        shared.run(SAY, "quick")
        wait_for(lambda: shared.echoes() == ["first heard quick"], "the first worker, which still routes")
        time.sleep(3)  # the second has opened the engine by then; were it not, this would only be harder
        assert shared.mark.read_text() == str(first.pid)
        first.kill()
        died = time.monotonic()
        wait_for(lambda: "second heard slow" in shared.echoes(), "the second worker to take over", 15)
        assert time.monotonic() - died < 15
        shared.run(SAY, "after")
        wait_for(lambda: "second heard after" in shared.echoes(), "the second worker to route")
    assert shared.echoes() == ["first heard quick", "second heard slow", "second heard after"]


@pytest.mark.parametrize("shared", BOTH, indirect=True)
def test_when_the_router_hangs_another_worker_does_what_is_new_and_nothing_twice(shared: Shared) -> None:
    with ExitStack() as stack:
        first = shared.up(stack, "first", "--only", "worker")
        shared.run(SAY, "before")
        wait_for(lambda: shared.echoes() == ["first heard before"], "the first worker to route")
        shared.up(stack, "second", "--only", "worker")
        time.sleep(3)  # the second has begun by then; were it not, this would only be harder
        first.send_signal(signal.SIGSTOP)
        try:
            shared.run(SAY, "meanwhile")
            said = time.monotonic()
            wait_for(lambda: "second heard meanwhile" in shared.echoes(), "the second worker", 40)
            took = time.monotonic() - said
        finally:
            first.send_signal(signal.SIGCONT)
        assert took < 30
        shared.run(SAY, "after")
        wait_for(lambda: len(shared.echoes()) == 3, "whoever routes now")
    assert shared.echoes()[:2] == ["first heard before", "second heard meanwhile"]
    assert shared.echoes()[2].endswith("heard after")


MANY = 60


@pytest.mark.postgres
def test_many_jobs_of_a_worker_that_died_are_all_done_by_another_within_seconds(postgres: Shared) -> None:
    hangs = UP.replace(
        "    if entry.by", "    if os.environ['WHO'] == 'first':\n        time.sleep(600)\n    if entry.by"
    )
    with ExitStack() as stack:
        first = postgres.up(stack, "first", "--only", "worker", code=hangs)
        postgres.run(MUCH, str(MANY))
        wait_for(lambda: postgres.ask("SELECT to_regclass('dbos.workflow_status')::text")[0], "the engine")
        wait_for(lambda: postgres.ask(RUNNING) == ["job"] * MANY, "the first worker to have them all")
        postgres.up(stack, "second", "--only", "worker", code=hangs)
        time.sleep(3)  # the second has begun by then; were it not, this would only be harder
        first.kill()
        died = time.monotonic()
        wait_for(lambda: len(postgres.echoes()) >= MANY, "the second worker to take over", 40)
        assert time.monotonic() - died < 15
    assert len(set(postgres.echoes())) == len(postgres.echoes()) == MANY


@pytest.mark.postgres
def test_what_is_said_at_the_door_is_done_by_the_worker(postgres: Shared) -> None:
    with ExitStack() as stack:
        postgres.up(stack, "door", "--only", "web")
        wait_for(lambda: answers(f"{postgres.env['PUBLIC_URL']}/readyz"), "the door")
        said = httpx.post(
            f"{postgres.env['PUBLIC_URL']}/api/do/incident",
            json={"what": "customers cannot pay", "room": "stable"},
            headers={"authorization": f"Bearer {postgres.key}"},
        )  # fmt: skip
        assert said.status_code == 200, said.text
        assert postgres.echoes() == []
        postgres.up(stack, "worker", "--only", "worker")
        wait_for(lambda: postgres.ask("SELECT id FROM hearth_message WHERE pinned_at IS NOT NULL"), "the pin")
        wait_for(postgres.echoes, "the worker")
        assert {words.split()[0] for words in postgres.echoes()} == {"worker"}


@pytest.mark.postgres
def test_when_the_database_cuts_every_session_the_house_goes_on(postgres: Shared) -> None:
    with ExitStack() as stack:
        house = postgres.up(stack, "house")
        wait_for(lambda: answers(f"{postgres.env['PUBLIC_URL']}/readyz"), "the house")
        postgres.run(SAY, "before")
        wait_for(lambda: postgres.echoes() == ["house heard before"], "the first answer")
        postgres.ask(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        postgres.run(SAY, "after")
        wait_for(lambda: len(postgres.echoes()) == 2, "the second answer", 30)
        assert httpx.get(f"{postgres.env['PUBLIC_URL']}/readyz").text == "ready\n"
        assert house.poll() is None
