"""The database cannot be reached, is slow, or is held by others: the house says so, waits, and goes on."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest

from tests.chaos.conftest import FULL, at_length
from tests.chaos.crowd import Crowd, delivery
from tests.chaos.house import Home
from tests.chaos.ledger import Ledger
from tests.chaos.postgres import Postgres
from tests.chaos.wire import Wire, wire
from tests.machines import wait_for

pytestmark = pytest.mark.chaos
LONG = 60 if FULL else 8  # seconds the database is away
QUICK = 5  # seconds within which a machine is to be told to come again


@pytest.fixture
def far(tmp_path: Path, server: Postgres) -> Iterator[tuple[Home, Wire]]:
    """A house whose database is at the other end of a wire."""
    with server.base() as base, wire(server.port) as between:
        home = Home(tmp_path, server.url(base, between.port))
        yield home, between
        home.database = server.url(base)


def knock(home: Home) -> tuple[int, str, float]:
    """What a machine is told, when it may come again, and how long that took."""
    began = time.monotonic()
    headers = {"authorization": f"Bearer {home.token}"}
    answer = httpx.post(
        f"{home.url}/hooks/alertmanager", json=delivery("Knock", 1), headers=headers, timeout=60
    )
    return answer.status_code, answer.headers.get("retry-after", ""), time.monotonic() - began


def asked(home: Home, path: str) -> httpx.Response:
    """What somebody hears who comes with a cookie and a key."""
    headers = {"authorization": f"Bearer {home.key}", "cookie": f"sessionid={'x' * 32}"}
    return httpx.get(f"{home.url}{path}", timeout=60, headers=headers, follow_redirects=True)


def calmly_told(home: Home) -> None:
    """People and programs, each in their own way."""
    with ThreadPoolExecutor() as two:
        page, told = two.map(lambda path: asked(home, path), ("/account/login/", "/api/rooms"))
    for answer in (page, told):
        assert (answer.status_code, bool(answer.headers.get("retry-after"))) == (503, True), answer.text
    assert "The database does not answer just now." in page.text
    assert told.json()["error"].startswith("The database does not answer just now.")


@pytest.mark.parametrize("how", [pytest.param("refuses", marks=at_length), "hangs"])
def test_a_database_that_is_away_for_a_while(
    far: tuple[Home, Wire], how: str, book: Callable[..., Ledger]
) -> None:
    home, between = far
    ledger = book(f"the database {how} for {LONG} s", "PostgreSQL")
    with home.living():
        wait_for(lambda: home.answers("/readyz") == 200, "the house")
        with Crowd(home, ledger).busy():
            time.sleep(1.5)
            between.mood(how)
            until = time.monotonic() + LONG
            status, again, took = knock(home)
            assert (status, bool(again)) == (503, True)
            assert took < QUICK
            wait_for(lambda: home.answers("/readyz") == 503, "readiness to be taken back", 10)
            if FULL:  # a page waits twenty seconds for a database that hangs
                calmly_told(home)
            while time.monotonic() < until:
                time.sleep(0.2)
            between.mood("open")
            back = time.monotonic()
            wait_for(lambda: home.answers("/readyz") == 200, "the house to be back", 30)
            back = time.monotonic() - back
        opened = time.monotonic()
        ledger.close(home.everything, 120)
    done = time.monotonic() - opened
    ledger.note(f"503 to a machine after {took:.1f} s; ready {back:.1f} s after, all done {done:.0f} s after")


@at_length
def test_a_slow_database_only_takes_longer(far: tuple[Home, Wire], book: Callable[..., Ledger]) -> None:
    home, between = far
    ledger = book("200 ms for each packet to the database and back", "PostgreSQL")
    with home.living():
        between.delay = 0.2
        with Crowd(home, ledger).busy(patience=120) as crowd:
            until = time.monotonic() + (60 if FULL else 10)
            while time.monotonic() < until:
                time.sleep(0.2)
        between.delay = 0.0
        ledger.close(home.everything, 120)
    ledger.note(f"slowest answer {crowd.slowest:.1f} s, {crowd.calm} calm answers")


# -- SQLite: one file, many readers, one writer


@contextmanager
def holding(home: Home, begin: str, seconds: float) -> Iterator[None]:
    """Another program has the file open in a transaction for so long."""
    with closing(sqlite3.connect(home.data / "fireside.sqlite3", isolation_level=None)) as other:
        other.execute(begin)
        other.execute("SELECT count(*) FROM hearth_message").fetchall()
        began = time.monotonic()
        yield
        while time.monotonic() < began + seconds:
            time.sleep(0.05)
        other.execute("COMMIT")


@at_length
def test_a_long_reader_holds_up_nobody(tmp_path: Path, book: Callable[..., Ledger]) -> None:
    ledger = book("a reader of a minute" if FULL else "a reader of ten seconds", "SQLite")
    home = Home(tmp_path)
    log = home.data / "fireside.sqlite3-wal"
    with home.living():
        with (
            Crowd(home, ledger, pause=0.01).busy(people=3) as crowd,
            holding(home, "BEGIN", 60 if FULL else 10),
        ):
            pass
        grown = log.stat().st_size
        ledger.close(home.everything)
        moved = "PRAGMA wal_checkpoint(TRUNCATE)"
        wait_for(
            lambda: home.rows(moved)[0][0] == 0 and log.stat().st_size < grown, "the log to be moved over"
        )
    assert crowd.slowest < QUICK
    assert crowd.calm == 0
    ledger.note(
        f"slowest answer {crowd.slowest:.1f} s; the log grew to {grown / 1e6:.1f} MB and was moved over"
    )


@pytest.mark.parametrize("seconds", [10, 40] if FULL else [7])
def test_a_long_writer_makes_everybody_wait_a_little_and_then_come_again(
    tmp_path: Path, seconds: int, book: Callable[..., Ledger]
) -> None:
    ledger = book(f"the file held by a writer for {seconds} s", "SQLite")
    home = Home(tmp_path)
    with home.living(), Crowd(home, ledger).busy() as crowd:
        time.sleep(0.5)
        with holding(home, "BEGIN IMMEDIATE", seconds):
            status, again, took = knock(home)
            assert (status, bool(again)) == (503, True)
            assert took < QUICK
            began = time.monotonic()
            headers = {"authorization": f"Bearer {home.key}"}
            read = httpx.get(f"{home.url}/api/rooms", headers=headers, timeout=60)
            assert read.status_code == 200
            reading = time.monotonic() - began
    with home.living():
        ledger.close(home.everything, 90)
    assert crowd.calm > 0
    assert crowd.slowest < 3 * QUICK  # five for what may be left out, five for what may not
    ledger.note(f"{crowd.calm} calm answers, the slowest {crowd.slowest:.1f} s; reading took {reading:.1f} s")
