"""Two releases on one database: the previous one and this one as real processes, with people at work."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import httpx
import psycopg

from tests import previous
from tests.machines import ROOT, answers, free_port, process, wait_for

SEED = """
import django; django.setup()
from fireside.config.serve import prepare; prepare()
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from fireside.alerts.models import Source
from fireside.hearth import start
from fireside.hearth.keys import Key
from fireside.hearth.rooms import Room
ana = start.begin("Unicorn Rentals", name="Ana Ngata", email="ana@example.org", password="a long enough one")
Room.make("stable", by=ana)
Room.make("meadow", by=ana)
session = SessionStore()
session[SESSION_KEY], session[HASH_SESSION_KEY] = str(ana.pk), ana.get_session_auth_hash()
session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
session.save()
print(session.session_key, Source.make("Test", by=ana)[1], Key.make(ana, "test")[1])
"""
# The first release refuses to begin on a newer database, whatever it says. What is looked at is its code.
UNREFUSED = """
import sys
import django; django.setup()
from fireside.config import serve
serve._refuse_newer = lambda: None
from fireside.config.cli import main
main(sys.argv[1:])
"""
PAGES = ("/", "/rooms/", "/rooms/stable/", "/incidents/", "/alerts/", "/search/?q=word", "/people/", "/api/")


class House:
    """One database, and ways to run either release on it."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.url = folder, url
        self.old, self.new = previous.code(folder / "old"), ROOT
        self.env = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"} | {
            "FIRESIDE_DATA": str(folder / "data"), "DJANGO_SETTINGS_MODULE": "fireside.config.settings",
        }  # fmt: skip
        if url:
            self.env["DATABASE_URL"] = url

    def seed(self) -> None:
        self.cookie, self.token, self.key = self.run(self.old, "-c", SEED).stdout.split()[-3:]

    def run(self, code: Path, *words: str, fine: bool = True) -> subprocess.CompletedProcess[str]:
        env = self.env | {"PYTHONPATH": str(code)}
        told = subprocess.run([sys.executable, *words], env=env, cwd=code, capture_output=True, text=True)
        assert not fine or told.returncode == 0, told.stderr
        return told

    def part(self, only: str) -> tuple[str, ...]:
        """On SQLite one process is everything; on PostgreSQL there are doors and workers."""
        return ("--only", only) if self.url else ()

    def start(
        self, stack: ExitStack, code: Path, *more: str, how: tuple[str, ...] = ("-m", "fireside")
    ) -> Any:
        """A process, of which `door` is the address."""
        port = free_port()
        env = self.env | {"PYTHONPATH": str(code), "PUBLIC_URL": f"http://127.0.0.1:{port}"}
        args = (sys.executable, *how, "up", "--port", str(port), *more)
        running: Any = stack.enter_context(process(*args, log=self.folder / f"{port}.log", env=env, cwd=code))
        running.door, running.log = f"http://127.0.0.1:{port}", self.folder / f"{port}.log"
        return running

    def open(self, running: Any) -> Any:
        def ready() -> bool:
            assert running.poll() is None, running.log.read_text()
            return answers(f"{running.door}/readyz")

        wait_for(ready, "the door to open")
        return running

    def ask(self, sql: str) -> list[Any]:
        """What one statement finds; of a single column plain values."""
        if self.url:
            with psycopg.connect(self.url) as base:
                told = base.execute(sql.replace("workflow_status", "dbos.workflow_status"))
                found: list[Any] = told.fetchall() if told.description else []
        else:
            with closing(sqlite3.connect(self.folder / "data" / "fireside.sqlite3", timeout=30)) as base:
                found = base.execute(sql).fetchall()
                base.commit()
        return [row[0] if len(row) == 1 else row for row in found]

    def incident(self, running: Any, what: str) -> None:
        """Elsewhere than people speak: in 0.1.0 two who spoke in one room could block each other."""
        said = httpx.post(
            f"{running.door}/api/do/incident", json={"what": what, "room": "meadow"},
            headers={"authorization": f"Bearer {self.key}"}, timeout=30,
        )  # fmt: skip
        assert said.status_code == 200, said.text

    def job(self, what: str, name: str) -> str:
        """The key of a job that waits since the incident of this title opened."""
        noted = (
            "SELECT e.id FROM hearth_entry e JOIN incidents_incident i ON e.about = 'incident:' || i.id "
            f"WHERE e.verb = 'incident.opened' AND i.title = '{what}'"
        )
        key = f"entry:{self.ask(noted)[0]}:{name}"
        asked = f"SELECT workflow_uuid FROM workflow_status WHERE workflow_uuid = '{key}'"
        wait_for(lambda: self.ask(asked), f"the job of {what}")
        return key

    def bring_forward(self, key: str) -> None:
        self.ask(f"UPDATE workflow_status SET delay_until_epoch_ms = 1 WHERE workflow_uuid = '{key}'")


class Work:
    """People and machines who do not stop while releases come and go."""

    def __init__(self, house: House, door: str) -> None:
        self.house, self.door = house, door
        self.over = False
        self.said: list[str] = []
        self.called: list[str] = []
        self.answers: list[tuple[str, int]] = []
        self.wrong: list[str] = []
        self._threads = [
            threading.Thread(target=self._ends_well, args=(do,)) for do in (self._say, self._read, self._call)
        ]

    def __enter__(self) -> Work:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *told: object) -> None:
        self.over = True
        for thread in self._threads:
            thread.join(60)

    def goes_on(self) -> None:
        """Wait until everybody has done something more."""
        before = (len(self.said), len(self.called), len(self.answers))
        wait_for(
            lambda: self.wrong or all(now > then + 8 for now, then in zip(
                (len(self.said), len(self.called), len(self.answers)), before, strict=True)),
            "the work to go on",
        )  # fmt: skip
        assert self.wrong == [], self.wrong

    def _ends_well(self, do: Any) -> None:
        try:
            with httpx.Client(
                base_url=self.door, timeout=30, cookies={"sessionid": self.house.cookie}
            ) as client:
                while not self.over:
                    do(client)
        except (httpx.HTTPError, AssertionError) as error:
            self.wrong.append(repr(error))

    def _say(self, client: httpx.Client) -> None:
        page = self._seen(self._asked(client, "GET", "/rooms/stable/"))
        [field] = set(re.findall('name="csrfmiddlewaretoken" value="([^"]+)', page))
        words = f"word-{len(self.said)}"
        given = {"csrfmiddlewaretoken": field, "key": words, "words": words}
        self._seen(self._asked(client, "POST", "/rooms/stable/", data=given))
        self.said.append(words)

    def _read(self, client: httpx.Client) -> None:
        page = self._seen(self._asked(client, "GET", PAGES[len(self.answers) % len(PAGES)]))
        for path in re.findall(r'(?:src|href)="(/static/[^"#]+)', page)[:2]:
            self._seen(client.get(path))

    def _call(self, client: httpx.Client) -> None:
        name = f"Alert{len(self.called)}"
        labels = {"alertname": name, "job": "storefront"}
        body = {"version": "4", "groupKey": name, "alerts": [
            {"status": "firing", "labels": labels, "startsAt": "2026-11-02T08:52:00Z"}]}  # fmt: skip
        head = {"authorization": f"Bearer {self.house.token}"}
        self._seen(client.post("/hooks/alertmanager", content=json.dumps(body), headers=head))
        self.called.append(name)

    def _asked(self, client: httpx.Client, method: str, path: str, **more: Any) -> httpx.Response:
        """Like somebody who presses again: while a step holds two tables, PostgreSQL may end a request."""
        answer = client.request(method, path, **more)
        for _ in range(3 if self.house.url else 0):
            if answer.status_code != 500:
                break
            time.sleep(0.5)
            answer = client.request(method, path, **more)
        return answer

    def _seen(self, answer: httpx.Response) -> str:
        self.answers.append((str(answer.url), answer.status_code))
        assert answer.status_code < 400, f"{answer.request.method} {answer.url}: {answer.status_code}"
        return answer.text
