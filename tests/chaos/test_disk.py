"""The disk is full: the house says so at every door, what is there can be read, and it goes on by itself."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from tests.chaos.conftest import FULL
from tests.chaos.crowd import Crowd
from tests.chaos.house import Home
from tests.chaos.ledger import Ledger
from tests.machines import wait_for

pytestmark = [pytest.mark.chaos, pytest.mark.skipif(os.geteuid() != 0, reason="only root makes small disks")]
SIZE = 16  # MB
FULL_DISK = "The disk is full, so nothing new can be written down."


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own for the house's folder."""
    place = tmp_path / "small"
    place.mkdir()
    subprocess.run(("mount", "-t", "tmpfs", "-o", f"size={SIZE}m", "fireside-chaos", str(place)), check=True)
    try:
        yield place
    finally:
        subprocess.run(("umount", "-l", str(place)), check=True)


@contextmanager
def filled(disk: Path) -> Iterator[None]:
    """Somebody else's file takes all the room there is left."""
    other = disk / "other"
    with suppress(OSError), other.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    try:
        yield
    finally:
        other.unlink()


def test_a_full_disk(small: Path, book: Callable[..., Ledger]) -> None:
    ledger = book("the disk is full", "SQLite")
    home = Home(small)
    with home.living():
        assert home.cookies
        with Crowd(home, ledger).busy(files=1) as crowd:
            for _ in range(3 if FULL else 1):
                before = len(ledger.acknowledged)
                wait_for(lambda before=before: len(ledger.acknowledged) > before + 30, "the house at work")
                with filled(small):
                    says_so(home)
                    until, calm = time.monotonic() + (20 if FULL else 5), crowd.calm
                    while time.monotonic() < until:
                        time.sleep(0.1)
                    assert crowd.calm > calm
                freed = time.monotonic()
                wait_for(lambda: post(home).status_code == 202, "the house to take alerts again", 10)
                back = time.monotonic() - freed
        ledger.close(home.everything, 90)
    assert home.rows("PRAGMA quick_check") == ["ok"]
    ledger.note(f"{crowd.calm} calm answers; taking again {back:.1f} s after there was room; quick_check ok")


def post(home: Home) -> httpx.Response:
    body = {
        "version": "4",
        "groupKey": "g",
        "alerts": [{"status": "firing", "labels": {"alertname": "Full"}}],
    }
    headers = {"authorization": f"Bearer {home.token}"}
    return httpx.post(f"{home.url}/hooks/alertmanager", json=body, headers=headers, timeout=60)


def says_so(home: Home) -> None:
    """Machines, programs, people with and without scripts."""
    wait_for(lambda: post(home).status_code == 503, "the alerts to be put off", 10)
    told = post(home)
    assert told.headers["retry-after"]
    assert FULL_DISK in told.json()["error"]
    words = {"room": "magic-sparkles", "words": "more", "key": "full"}
    program = httpx.post(
        f"{home.url}/api/do/say", json=words, headers={"authorization": f"Bearer {home.key}"}, timeout=60
    )
    assert (program.status_code, FULL_DISK in program.json()["error"]) == (503, True)
    with httpx.Client(base_url=home.url, cookies=home.cookies, timeout=60) as person:
        page = person.get("/rooms/magic-sparkles/")
        assert page.status_code == 200, "what is there can be read"
        form = {"words": "more", "key": "full", "csrfmiddlewaretoken": person.cookies["csrftoken"]}
        answer = person.post("/rooms/magic-sparkles/", data=form)
        assert answer.status_code == 503
        assert FULL_DISK in answer.text
        assert ">more</textarea>" in answer.text
