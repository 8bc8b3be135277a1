"""The power goes, not only the process: what was acknowledged had been flushed to the disk before."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.chaos.conftest import FULL, at_length
from tests.chaos.crowd import Crowd
from tests.chaos.house import Home
from tests.chaos.ledger import Ledger
from tests.chaos.postgres import postgres
from tests.chaos.power import Disk

pytestmark = pytest.mark.chaos


def test_after_a_power_cut_everything_acknowledged_is_there(
    tmp_path: Path, chance: random.Random, book: Callable[..., Ledger]
) -> None:
    ledger = book("power cut, DURABILITY=full", "SQLite")
    home = Home(tmp_path)
    assert home.cookies  # from here on nobody but the house touches the folder, for only its flushes are seen
    disk, cuts = Disk(home.data, tmp_path / "disk"), 12 if FULL else 2
    home.begin("house", **disk.env)
    try:
        with Crowd(home, ledger, claps=False).busy(files=1):
            for _ in range(cuts):
                time.sleep(chance.uniform(0.3, 2.0))
                home.kill("house")
                disk.cut(chance)
                assert home.rows("PRAGMA quick_check") == ["ok"]
                disk.remember()  # for the check has tidied up
                home.begin("house", **disk.env)
        ledger.close(home.everything)
        assert disk.listened()
    finally:
        home.kill("house")
    ledger.note(f"{cuts} cuts, each with pages torn; the database was whole after each")


@pytest.mark.parametrize("end", ["power cut", "kill -9"])
def test_relaxed_may_forget_the_last_moments_in_a_power_cut_and_never_in_a_crash(
    tmp_path: Path, end: str, chance: random.Random, book: Callable[..., Ledger]
) -> None:
    ledger = book(f"{end}, DURABILITY=relaxed", "SQLite", may_lose=end == "power cut")
    home = Home(tmp_path, parts={"web": ("--only", "web")})
    home.env |= {"DURABILITY": "relaxed"}
    disk = Disk(home.data, tmp_path / "disk")
    home.begin("web", **disk.env)
    crowd = Crowd(home, ledger)
    try:
        for number in range(20):
            crowd.say(f"word {number}")
    finally:
        home.kill("web")
    if end == "power cut":
        disk.cut(random.Random(0))
    assert home.rows("PRAGMA quick_check") == ["ok"]
    ledger.acknowledged = [thing for thing in ledger.acknowledged if thing.startswith("said ")]
    ledger.close(home.words, patience=1)
    assert bool(ledger.lost) == (end == "power cut")
    ledger.note("never corrupt; the last moments may be gone" if ledger.lost else "nothing gone")


@at_length
def test_postgresql_keeps_what_was_acknowledged_through_a_power_cut(
    tmp_path: Path, chance: random.Random, book: Callable[..., Ledger]
) -> None:
    ledger = book("power cut of the database's machine", "PostgreSQL")
    cuts = 6
    with postgres() as server, server.base() as base:
        home = Home(tmp_path, server.url(base))
        server.rest()  # what is there by now has been on the disk for long
        disk = Disk(server.folder / "data", server.folder / "disk")
        server.own(server.folder)
        server.env = disk.env
        server.start()
        with home.living():
            with Crowd(home, ledger).busy(patience=150):
                for _ in range(cuts):
                    time.sleep(chance.uniform(1.0, 3.0))
                    server.kill()
                    disk.cut(chance)
                    server.own(server.folder)
                    server.start()
                    home.wait_until_ready()
            ledger.close(home.everything, 90)
        assert disk.listened()
    ledger.note(f"{cuts} cuts")
