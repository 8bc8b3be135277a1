"""Ten thousand alerts while the house is killed again and again: none is lost, none is told twice."""

from __future__ import annotations

import itertools
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.chaos.conftest import FULL
from tests.chaos.crowd import delivery
from tests.chaos.house import Home
from tests.chaos.ledger import Ledger
from tests.machines import wait_for
from tests.slack_server import SlackServer
from tests.test_slack_house import Lived, forgive_late_answers

pytestmark = pytest.mark.chaos
ALERTS, EACH = (10_000, 20) if FULL else (1_000, 20)
KILLS = 20 if FULL else 3
BACK = 2.0  # seconds after which alerts are taken again


class Storm:
    """Several Alertmanagers, each of which sends again what was not taken."""

    def __init__(self, home: Home, ledger: Ledger) -> None:
        self.home, self.ledger = home, ledger
        self._turn, self._numbers = threading.Lock(), itertools.count()
        self.over = threading.Event()

    def blow(self) -> None:
        while (number := self._next()) < ALERTS // EACH:
            name = f"Storm{number % 40}x{number // 40}"
            mine = [f"alert {name}/shop-{n}" for n in range(EACH)]
            self.ledger.sent += mine
            while not self._taken(name):
                time.sleep(0.05)
            self.ledger.acknowledged += mine
            self.over.wait(0.02 * (KILLS / 3))
        self.over.set()

    def _next(self) -> int:
        with self._turn:
            return next(self._numbers)

    def _taken(self, name: str) -> bool:
        headers = {"authorization": f"Bearer {self.home.token}"}
        told = delivery(name, EACH)
        try:
            answer = httpx.post(f"{self.home.url}/hooks/alertmanager", json=told, headers=headers, timeout=30)
        except httpx.TransportError:
            return False
        if answer.status_code not in (202, 503):
            self.ledger.wrong.append(f"{answer.status_code} {answer.text[:200]}")
        return answer.status_code == 202


def back(home: Home) -> float:
    """Start it again; the seconds until it answers a machine."""
    began = time.monotonic()
    home.begin("house")
    headers = {"authorization": f"Bearer {home.token}"}
    empty = {"version": "4", "groupKey": "g", "alerts": []}

    def takes() -> bool:
        return httpx.post(f"{home.url}/hooks/alertmanager", json=empty, headers=headers).status_code == 202

    wait_for(takes, "alerts to be taken again")
    return time.monotonic() - began


def test_a_storm_of_alerts_with_kills_in_it(
    tmp_path: Path, chance: random.Random, book: Callable[..., Ledger]
) -> None:
    ledger = book(f"a storm of {ALERTS:,} alerts, {KILLS} kills", "SQLite")
    home, times = Home(tmp_path), []
    with SlackServer() as slack:
        lived = Lived(slack, home, socket=False)
        with home.living():
            lived.link()
            storm = Storm(home, ledger)
            machines = [threading.Thread(target=storm.blow, daemon=True) for _ in range(4)]
            for one in machines:
                one.start()
            for _ in range(KILLS):
                time.sleep(chance.uniform(0.1, 1.5))
                home.kill("house")
                times.append(back(home))
            wait_for(lambda: not any(one.is_alive() for one in machines), "the storm to pass", 180)
            ledger.close(home.alerts, 180)
            waits = "SELECT count(*) FROM slack_post WHERE due_at IS NOT NULL"
            wait_for(lambda: home.rows(waits) == [0], "Slack to have been told", 180)
        forgive_late_answers(slack)
        assert slack.violations == []
        repeated = twice(lived)
    assert repeated <= 1, "at most one message is repeated in a channel"
    times.sort()
    assert times[len(times) // 2] <= BACK
    told = f"back in {times[len(times) // 2]:.1f} s, {times[-1]:.1f} s at most"
    ledger.note(f"{told}; {repeated} messages repeated in Slack")


def twice(lived: Lived) -> int:
    """How often a message of ours stands in the channel once more: each carries its own mark."""
    ours = (m for m in lived.channel.messages.values() if m.app and m.metadata and not m.deleted)
    said = Counter(json.dumps(message.metadata, sort_keys=True) for message in ours)
    assert said, "the storm was told in Slack"
    return sum(times - 1 for times in said.values())
