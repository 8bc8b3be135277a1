"""A process that brings the database up to date is killed in the middle: the next one goes on."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.db.migrations.loader import MigrationLoader

from tests.machines import ROOT, free_port, wait_for

HALF = """
import os, signal, sys, time
import django; django.setup()
from django.db.migrations.recorder import MigrationRecorder
from fireside.config.serve import prepare
step, mark = tuple(sys.argv[1].split(".")), sys.argv[2]
record = MigrationRecorder.record_applied

def stop(recorder, app, name):
    if (app, name) == step:  # all that it does is done; only the note about it is not written
        open(mark, "w").close()
        time.sleep(600)
    return record(recorder, app, name)

MigrationRecorder.record_applied = stop
prepare()
"""
BOTH = [
    pytest.param("sqlite", marks=pytest.mark.crash),
    pytest.param("postgres", marks=pytest.mark.postgres),
]


@pytest.fixture(params=BOTH)
def env(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[dict[str, str]]:
    """An empty house; on PostgreSQL with a database of its own."""
    known = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    known |= {"FIRESIDE_DATA": str(tmp_path), "DJANGO_SETTINGS_MODULE": "fireside.config.settings"}
    if request.param == "sqlite":
        yield known
        return
    given = settings.DATABASES["default"]
    assert given["ENGINE"].endswith("postgresql"), "run this with tools/postgres.sh"
    server = f"postgresql://{given['USER']}:{given['PASSWORD']}@{given['HOST']}:{given['PORT']}"
    name = f"half_{free_port()}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as base:
        base.execute(f"CREATE DATABASE {name}")
        yield known | {"DATABASE_URL": f"{server}/{name}"}
        base.execute(f"DROP DATABASE {name} WITH (FORCE)")


def begin(env: dict[str, str], *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, *words], env=env, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


@pytest.mark.parametrize("which", ["one of the first", "one of the last"])
def test_of_two_that_begin_at_once_one_is_killed_and_the_other_goes_on(
    env: dict[str, str], which: str, tmp_path: Path
) -> None:
    [last] = MigrationLoader(None).graph.leaf_nodes("hearth")
    step = "alerts.0001_first" if which == "one of the first" else ".".join(last)
    mark = tmp_path / "mark"
    first = begin(env, "-c", HALF, step, str(mark))
    try:
        wait_for(mark.exists, "the first to be in the middle")
        second = begin(env, "-m", "fireside", "jobs")
        with pytest.raises(subprocess.TimeoutExpired):
            second.wait(2)  # it waits for the first to finish, however long that takes
    finally:
        first.kill()
        first.communicate()
    said, complained = second.communicate(timeout=60)
    assert (second.returncode, said) == (0, "Nothing waits, and nothing was set aside.\n"), complained
    told = begin(env, "-m", "django", "migrate", "--check")
    assert told.wait(30) == 0, "every step was taken"
    told.communicate()
