"""The whole loop, killed at random moments: alerts, incidents, decisions and what was learned."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.machines import KILLS, ROOT, House, wait_for

pytestmark = pytest.mark.crash

SEED = 20261124
LATEST = "2026-11-02T08:52:00Z"


class Crowd:
    """Machines and people who go on whatever happens; whoever hears no answer asks the same again."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.quiet = False  # what was begun is finished, nothing new is begun
        self.fired: set[tuple[str, str]] = set()
        self.told: list[str] = []  # titles of incidents that were lived through to the end
        self.done: list[str] = []  # attempts, decisions and factors that were acknowledged
        self.wrong: list[str] = []
        made = subprocess.run(
            [sys.executable, "-m", "fireside", "token", "new", "--person", "ana-ngata"],
            env=house.env, cwd=ROOT, capture_output=True, text=True, check=True,
        )  # fmt: skip
        self.key = made.stdout.strip()

    def post(self, path: str, token: str, body: bytes, wanted: int, patience: float = 300) -> dict[str, Any]:
        """Knock until the answer is the one that counts."""
        headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
        latest, said = time.monotonic() + patience, ""
        while time.monotonic() < latest:
            try:
                answer = httpx.post(f"{self.house.url}{path}", content=body, timeout=30, headers=headers)
            except httpx.TransportError:
                time.sleep(0.05)
                continue
            if answer.status_code == wanted:
                return dict(answer.json())
            said = f"{path} {answer.status_code} {answer.text}"
            time.sleep(0.1)
        self.wrong.append(said or path)
        raise AssertionError(said)

    def machines(self) -> None:
        number = 0
        while not self.quiet:
            number += 1
            for some in (range(2), range(1, 4)):
                alerts = [
                    {"status": "firing", "startsAt": LATEST,
                     "labels": {"alertname": f"Fire{number}", "job": "storefront", "instance": f"shop-{n}"}}
                    for n in some
                ]  # fmt: skip
                body = json.dumps({"version": "4", "groupKey": f"g{number}", "alerts": alerts}).encode()
                self.post("/hooks/alertmanager", self.house.token, body, 202)
                self.fired |= {(f"Fire{number}", f"shop-{n}") for n in some}
            time.sleep(0.1)

    def person(self, who: int) -> None:
        number = 0
        while not self.quiet:
            number += 1
            self.live_through(f"story {who}-{number}")

    def live_through(self, title: str) -> None:
        opened = self.do("incident", title, "magic-sparkles", what=title)
        room = opened["message"]["room"]
        for verb in ("doing", "ruled-out", "decide"):
            self.do(verb, title, room, what=f"{verb} in {title}")
            self.done.append(f"{verb} in {title}")
        self.do("close", title, room)
        for which in ("one", "two"):  # refused until the post-mortem has opened by itself
            self.do("factor", f"{title} {which}", room, what=f"factor {which} in {title}")
            self.done.append(f"factor {which} in {title}")
        self.do("write", title, room, section="summary", words=f"What happened in {title}.")
        self.do("publish", title, room)
        self.told.append(title)

    def do(self, verb: str, key: str, room: str, **given: str) -> dict[str, Any]:
        body = json.dumps({"room": room, "key": f"{verb}:{key}", **given}).encode()
        return self.post(f"/api/do/{verb}", self.key, body, 200)


def settled(house: House) -> bool:
    """Has everything that was taken been handled, and everything that follows been done?"""
    if not house.rows("SELECT 1 FROM sqlite_master WHERE name = 'workflow_status'"):
        return False  # no worker has ever come so far
    return house.rows("""
        SELECT (SELECT count(*) FROM alerts_delivery WHERE handled_at IS NULL)
             + (SELECT count(*) FROM workflow_status WHERE status IN ('PENDING', 'ENQUEUED'))
             + (SELECT max(id) FROM hearth_entry) - (SELECT entry FROM hearth_cursor WHERE name = 'router')
        """) == [0]


def test_the_journey_loses_and_doubles_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    chance, house = random.Random(SEED), House(tmp_path)
    crowd = Crowd(house)
    doing = [(crowd.machines,), (crowd.person, 1), (crowd.person, 2)]
    threads = [threading.Thread(target=do, args=given, daemon=True) for do, *given in doing]
    for thread in threads:
        thread.start()
    for _ in range(KILLS):
        with house.up():
            time.sleep(chance.uniform(0.1, 3.5))  # some lives end before the worker is there, some after
            house.kill()
    with house.up():
        crowd.quiet = True
        wait_for(lambda: not any(thread.is_alive() for thread in threads), "the crowd to finish", 90)
        wait_for(lambda: settled(house), "all that follows")
    with capsys.disabled():
        told = f"{len(crowd.fired)} alerts, {len(crowd.told)} incidents, {len(crowd.done)} steps"
        sys.stdout.write(f"\n{KILLS} kills, {told}\n")
    assert crowd.wrong == []
    assert len(crowd.told) >= 2
    alerts_are_there_once(house, crowd)
    stories_are_there_once(house, crowd)


def alerts_are_there_once(house: House, crowd: Crowd) -> None:
    """Each alert once, in one card; from the eleventh name on they share a card, as in any storm."""
    labels = (
        "SELECT json_extract(labels, '$.alertname'), json_extract(labels, '$.instance') FROM alerts_alert"
    )
    assert Counter(house.rows(labels)) == Counter(crowd.fired)
    groups = house.rows("SELECT alertname FROM alerts_group")
    assert set(groups) - {"*"} <= {name for name, _ in crowd.fired}
    assert len(set(groups)) == len(groups)
    assert house.rows("SELECT sum(firing) FROM alerts_group") == [len(crowd.fired)]
    cards = [card["title"]["parts"]["title"] for card in house.cards() if card["kind"] == "alert"]
    assert len(set(cards)) == len(cards) == len(groups)


def stories_are_there_once(house: House, crowd: Crowd) -> None:
    told = Counter(crowd.told)
    assert Counter(house.rows("SELECT title FROM incidents_incident")) == told
    steps = house.rows("""
        SELECT what FROM incidents_attempt UNION ALL SELECT what FROM incidents_decision
        UNION ALL SELECT text FROM postmortems_factor
        """)
    assert Counter(steps) == Counter(crowd.done)
    learned = "SELECT title FROM postmortems_postmortem WHERE published_at IS NOT NULL"
    assert Counter(house.rows(learned)) == told
    for key, many in (("asked", len(told)), ("celebrated", len(told))):
        said = f"SELECT count(*) FROM hearth_message WHERE key LIKE 'postmortem:%:{key}'"
        assert house.rows(said) == [many], key
    once = "SELECT verb, about FROM hearth_entry WHERE verb IN ('incident.opened', 'incident.closed', "
    once += "'postmortem.opened', 'postmortem.published', 'alertgroup.fired', 'group.fired')"
    assert set(Counter(house.rows(once)).values()) == {1}
