"""A worker that never comes back, or whose whole machine is gone: another one takes over, and soon."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from fireside.hearth.slots_postgres import SPACE
from tests.chaos.conftest import at_length
from tests.chaos.crowd import Crowd
from tests.chaos.house import SPREAD, Home
from tests.chaos.ledger import Ledger
from tests.chaos.machine import machine, may_make
from tests.chaos.postgres import Postgres, postgres
from tests.machines import wait_for

pytestmark = pytest.mark.chaos
SOON = 15  # seconds within which another worker does what is due


def heard(home: Home, words: str) -> bool:
    return f"heard {words}" in home.words()


@at_length
def test_a_worker_that_never_returns(tmp_path: Path, server: Postgres, book: Callable[..., Ledger]) -> None:
    """The first one routes, for it came first; it is killed in the middle of its work and stays away."""
    ledger = book("a worker killed for good", "PostgreSQL")
    with server.base() as base:
        home = Home(tmp_path, server.url(base))
        with home.living():
            with Crowd(home, ledger).busy(people=1, machines=1) as crowd:
                wait_for(lambda: heard(home, "w0-2"), "the first worker at work")
                home.kill("one")
                died = time.monotonic()
                crowd.say("after")
                wait_for(lambda: heard(home, "after"), "the other worker", SOON)
                took = time.monotonic() - died
            ledger.close(home.everything)
    ledger.note(f"taken over after {took:.1f} s")


@pytest.mark.skipif(not may_make(), reason="only root makes networks")
@pytest.mark.parametrize("fate", ["lost", pytest.param("cut off", marks=at_length)])
def test_a_worker_whose_machine_is_gone(tmp_path: Path, fate: str, book: Callable[..., Ledger]) -> None:
    """No packet comes from there any more, not even a goodbye; later the cable may be put back."""
    ledger = book(f"a worker's machine {fate}", "PostgreSQL")
    with machine() as there, postgres(there.house) as server, server.base() as base:
        home = Home(
            tmp_path,
            server.url(base),
            parts={"one": SPREAD["one"], "web": SPREAD["web"], "two": SPREAD["two"]},
        )
        home.before["one"] = (*there.inside, "env", f"DATABASE_URL={server.url(base, address=there.house)}")
        with home.living():
            with Crowd(home, ledger, pause=0.2).busy(people=1, machines=1) as crowd:
                wait_for(lambda: heard(home, "w0-2"), "the first worker at work")
                there.pull()
                gone = time.monotonic()
                if fate == "lost":
                    home.kill("one")
                crowd.say("after")
                wait_for(lambda: heard(home, "after"), "the other worker", SOON)
                took = time.monotonic() - gone
                if fate == "cut off":
                    there.plug()
                    wait_for(lambda: slots(home) == 2, "the first worker to have its place again")
                    home.kill("two")
                    crowd.say("and back")
                    wait_for(lambda: heard(home, "and back"), "the first worker to go on", SOON)
            ledger.close(home.everything)
    ledger.note(f"taken over after {took:.1f} s")


def slots(home: Home) -> int:
    """Sessions that hold a worker's place."""
    held = "SELECT count(DISTINCT pid) FROM pg_locks WHERE locktype = 'advisory' AND classid = ? AND granted"
    return int(home.rows(held, SPACE)[0])
