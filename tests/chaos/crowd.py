"""People and machines who go on whatever happens; whoever hears no answer asks the same again."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

import httpx
import psycopg

from tests.chaos.house import Home
from tests.chaos.ledger import Ledger
from tests.machines import wait_for

SINCE = "2026-11-02T08:52:00Z"


class Crowd:
    """Each of its members is a thread; `quiet` lets each finish what it has begun."""

    def __init__(self, home: Home, ledger: Ledger, pause: float = 0.05, *, claps: bool = True) -> None:
        self.home, self.ledger, self.pause, self.claps = home, ledger, pause, claps
        self.quiet = threading.Event()
        self.slowest = 0.0  # seconds an answer took, of whatever kind
        self.calm = 0  # answers that said: not now

    @contextmanager
    def busy(
        self, people: int = 2, machines: int = 1, files: int = 0, patience: float = 90
    ) -> Iterator[Crowd]:
        """Some who talk, each with echoes and timers behind, some who raise alerts, some who bring files."""
        members = [threading.Thread(target=self._talk, args=(n,), daemon=True) for n in range(people)]
        members += [threading.Thread(target=self._fire, args=(n,), daemon=True) for n in range(machines)]
        members += [threading.Thread(target=self._bring, args=(n,), daemon=True) for n in range(files)]
        for member in members:
            member.start()
        try:
            yield self
            self.quiet.set()
            wait_for(lambda: not any(m.is_alive() for m in members), "the crowd to finish", patience)
        finally:
            self.quiet.set()

    def say(self, words: str) -> bool:
        """Say it until it is taken."""
        body = {"room": "magic-sparkles", "words": words, "key": words}
        self.ledger.sent.append(f"said {words}")
        if not self._until(lambda: self._post("/api/do/say", self.home.key, body), 200):
            return False
        # What follows of it is owed from now on.
        self.ledger.acknowledged += [f"said {words}", f"heard {words}", f"later {words}"]
        return True

    def fire(self, name: str, count: int = 2) -> None:
        """One delivery of an Alertmanager, sent again until it is taken."""
        mine = [f"alert {name}/shop-{n}" for n in range(count)]
        self.ledger.sent += mine
        told = delivery(name, count)
        if self._until(lambda: self._post("/hooks/alertmanager", self.home.token, told), 202):
            self.ledger.acknowledged += mine

    def _talk(self, who: int) -> None:
        number = 0
        while not self.quiet.is_set():
            number += 1
            if self.say(f"w{who}-{number}") and self.claps and number % 3 == 0:
                self._clap(f"w{who}-{number}")
            self.quiet.wait(self.pause)

    def _clap(self, words: str) -> None:
        """A clap is a switch: whoever hears no answer leaves it."""
        with suppress(psycopg.Error):
            said = "SELECT id FROM hearth_message WHERE text = ? AND author_id IS NOT NULL"
            [message] = self.home.rows(said, words)
            self.ledger.sent.append(f"clap {message}")
            body = {"room": "magic-sparkles", "message": str(message)}
            if self._tried("/api/do/clap", self.home.key, body) == 200:
                self.ledger.acknowledged.append(f"clap {message}")

    def _fire(self, who: int) -> None:
        number = 0
        while not self.quiet.is_set():
            number += 1
            self.fire(f"Fire{who}x{number}")
            self.quiet.wait(self.pause * 2)

    def _bring(self, who: int) -> None:
        """Somebody at the composer of a page, with a file each time."""
        number = 0
        with httpx.Client(base_url=self.home.url, timeout=60, cookies=self.home.cookies) as visitor:
            while not self.quiet.is_set():
                number += 1
                name = f"f{who}-{number}.txt"
                self.ledger.sent += [f"file {name}", f"said {name}"]
                if self._until(partial(self._carry_in, visitor, {"words": name, "key": name}, name), 303):
                    self.ledger.acknowledged += [f"file {name}", f"said {name}"]
                self.quiet.wait(self.pause * 2)

    def _carry_in(self, visitor: httpx.Client, words: dict[str, str], name: str) -> httpx.Response:
        page = "/rooms/magic-sparkles/"
        if "csrftoken" not in visitor.cookies and (answer := visitor.get(page)).status_code != 200:
            return answer
        token = {"csrfmiddlewaretoken": visitor.cookies["csrftoken"]}
        content = {"files": (name, name.encode() * 3000, "text/plain")}
        return visitor.post(page, data=words | token, files=content)

    def _tried(self, path: str, token: str, body: dict[str, Any]) -> int:
        try:
            return self._post(path, token, body).status_code
        except httpx.TransportError:
            return 0

    def _until(self, ask: Callable[[], httpx.Response], wanted: int, patience: float = 200) -> bool:
        latest = time.monotonic() + patience
        while time.monotonic() < latest:
            try:
                answer = ask()
            except httpx.TransportError:
                time.sleep(0.05)
                continue
            if answer.status_code == wanted:
                return True
            if answer.status_code != 503 or "retry-after" not in answer.headers:
                self.ledger.wrong.append(f"{answer.url.path} {answer.status_code} {answer.text[:300]}")
            self.calm += 1
            time.sleep(0.2)
        self.ledger.wrong.append("never taken")
        return False

    def _post(self, path: str, token: str, body: dict[str, Any]) -> httpx.Response:
        began = time.monotonic()
        try:
            return httpx.post(
                f"{self.home.url}{path}", content=json.dumps(body), timeout=60,
                headers={"authorization": f"Bearer {token}", "content-type": "application/json"},
            )  # fmt: skip
        finally:
            self.slowest = max(self.slowest, time.monotonic() - began)


def delivery(name: str, count: int) -> dict[str, Any]:
    """What Alertmanager sends for `count` alerts of one name."""
    alerts = [
        {"status": "firing", "startsAt": SINCE,
         "labels": {"alertname": name, "job": "storefront", "instance": f"shop-{n}"}}
        for n in range(count)
    ]  # fmt: skip
    return {"version": "4", "groupKey": name, "alerts": alerts}
