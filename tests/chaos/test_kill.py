"""Killed at any moment, one part or the database itself: what was acknowledged is there, once, and soon."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.chaos.conftest import FULL
from tests.chaos.crowd import Crowd
from tests.chaos.house import Home
from tests.chaos.ledger import Ledger
from tests.chaos.postgres import Postgres

pytestmark = pytest.mark.chaos
BOTH = pytest.mark.parametrize("database", ["sqlite", "postgres"], indirect=True)


@BOTH
def test_any_part_may_be_killed(
    tmp_path: Path, database: str, chance: random.Random, book: Callable[..., Ledger]
) -> None:
    ledger = book("kill -9 of any part", database)
    home, back = Home(tmp_path, database), []
    with home.living(), Crowd(home, ledger).busy():
        for _ in range(20 if FULL else 3):
            time.sleep(chance.uniform(0.2, 2.5))
            name = chance.choice([*home.parts])
            home.kill(name)
            back.append(home.begin(name))
    with home.living():
        ledger.close(home.everything)
    ledger.note(f"{len(back)} kills, a part is back in {max(back):.1f} s at most")


def test_the_database_server_may_be_killed(
    tmp_path: Path, server: Postgres, chance: random.Random, book: Callable[..., Ledger]
) -> None:
    ledger = book("the database server killed", "PostgreSQL")
    with server.base() as base:
        home, away = Home(tmp_path, server.url(base)), []
        with home.living(), Crowd(home, ledger).busy() as crowd:
            for turn in range(6 if FULL else 2):
                time.sleep(chance.uniform(0.5, 2.0))
                began = time.monotonic()
                server.kill() if turn % 2 else server.stop()
                server.start()
                away.append(time.monotonic() - began)
                home.wait_until_ready()
        with home.living():
            ledger.close(home.everything)
    ledger.note(f"{len(away)} times away, {crowd.calm} calm answers, slowest answer {crowd.slowest:.1f} s")
