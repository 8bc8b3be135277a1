"""Killed at any moment, again and again: what was acknowledged is there, once, and was heard."""

from __future__ import annotations

import http.client
import json
import os
import random
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.machines import KILLS

pytestmark = pytest.mark.crash

SEED = 20261123
SET_UP = """
import django; django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from fireside.hearth import start
from fireside.hearth.rooms import Room
from fireside.hearth.workflows import rest
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
ana = start.begin("Unicorn Rentals", name="Ana Ngata", email="ana@example.org", password="a long enough one")
Room.make("stable", by=ana)
rest()
session = SessionStore()
session[SESSION_KEY], session[HASH_SESSION_KEY] = str(ana.pk), ana.get_session_auth_hash()
session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
session.save()
print(session.session_key)
"""
SERVE = """
import sys
import django; django.setup()
from fireside.config.cli import main
from fireside.hearth.workflows import when

@when("message.said")
def answer(entry):
    if entry.by is not None:
        entry.room.say(f"Heard {entry.message.text}", voice="Echo", key=f"echo:{entry.pk}")

main(["up", "--port", sys.argv[1]])
"""


class House:
    """A real process that is killed and started again on the same folder."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.folder = folder
        self.environment = {
            **{name: value for name, value in os.environ.items() if name != "DATABASE_URL"},
            "FIRESIDE_DATA": str(folder),
            "DJANGO_SETTINGS_MODULE": "fireside.config.settings",
        }
        made = subprocess.run(
            [sys.executable, "-c", SET_UP], env=self.environment, capture_output=True, text=True, check=True
        )
        self.cookie = made.stdout.split()[-1]
        self.quiet = False  # nobody says anything more
        self.over = False  # and nobody listens

    def start(self) -> float:
        began = time.monotonic()
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", SERVE, str(self.port)], env=self.environment, stdout=log, stderr=log
            )
        while time.monotonic() < began + 60:
            try:
                if self.ask("GET", "/readyz")[0] == 200:
                    return time.monotonic() - began
            except (OSError, http.client.HTTPException):
                assert self.process.poll() is None, (self.folder / "log").read_text()[-3000:]
                time.sleep(0.02)
        raise AssertionError("it did not start again")

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def ask(
        self, method: str, path: str, body: str = "", csrf: str = "", header: str = "Set-Cookie"
    ) -> tuple[int, str, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            cookie = f"sessionid={self.cookie}; csrftoken={csrf}"
            headers = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode(), answer.headers.get(header, "")
        finally:
            connection.close()


def talk(house: House, who: int, acknowledged: list[str]) -> None:
    """Say one thing after the other; whoever hears no answer says the same again, with the same key."""
    csrf = field = ""
    number = 0
    while not house.quiet:
        key = f"w{who}-{number}"
        try:
            if not csrf:
                _, page, cookie = house.ask("GET", "/rooms/stable/")
                csrf = re.findall("csrftoken=([^;]+)", cookie)[0]
                field = re.findall('name="csrfmiddlewaretoken" value="([^"]+)', page)[0]
            words = urlencode({"csrfmiddlewaretoken": field, "key": key, "words": f"word {key}"})
            status, _, where = house.ask("POST", "/rooms/stable/", words, csrf, header="Location")
        except (OSError, http.client.HTTPException):
            time.sleep(0.05)
            continue
        assert status == 303, status
        assert "/rooms/stable/" in where
        acknowledged.append(key)
        number += 1
        time.sleep(0.03)


def listen(house: House, since: int, heard: list[int]) -> None:
    """A live page as a browser keeps it: it comes again with the id of what it heard last."""
    last = str(since)
    while not house.over:
        connection = http.client.HTTPConnection("127.0.0.1", house.port, timeout=5)
        try:
            headers = {"Cookie": f"sessionid={house.cookie}", "Last-Event-ID": last}
            connection.request("GET", "/events?topics=room:stable", headers=headers)
            block: dict[str, str] = {}
            for raw in connection.getresponse():
                line = raw.decode().rstrip("\n")
                if line:
                    name, _, value = line.partition(": ")
                    block[name] = value
                    continue
                last = block.get("id", last)
                assert block.get("event") != "gone"
                if block.get("event") == "message":
                    heard.append(json.loads(block["data"])["message"])
                block = {}
        except (OSError, http.client.HTTPException):
            time.sleep(0.05)
        finally:
            connection.close()


def rows(folder: Path, question: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(folder / "fireside.sqlite3", timeout=30)
    try:
        return connection.execute(question).fetchall()
    finally:
        connection.close()


def settled(folder: Path, heard: list[int]) -> bool:
    """Has everything been answered, and has every message been heard?"""
    words, echoes, all_there_is = rows(
        folder, "SELECT count(author_id), sum(coalesce(key LIKE 'echo:%', 0)), count(*) FROM hearth_message"
    )[0]
    return words == echoes and len(set(heard)) >= all_there_is


def test_what_was_acknowledged_is_there_once_after_every_kill(tmp_path: Path, capsys) -> None:
    chance = random.Random(SEED)
    house, acknowledged, heard = House(tmp_path), [[], []], []
    since = rows(tmp_path, "SELECT max(id) FROM hearth_entry")[0][0]
    starts = [house.start()]
    threads = [
        threading.Thread(target=talk, args=(house, who, said)) for who, said in enumerate(acknowledged)
    ]
    threads.append(threading.Thread(target=listen, args=(house, since, heard)))
    for thread in threads:
        thread.start()
    try:
        for _ in range(KILLS):
            time.sleep(chance.uniform(0.1, 2))
            house.kill()
            starts.append(house.start())
        house.quiet = True
        latest = time.monotonic() + 60
        while threads[0].is_alive() or threads[1].is_alive() or not settled(tmp_path, heard):
            assert time.monotonic() < latest, "reactions or live pages never caught up"
            time.sleep(0.1)
    finally:
        house.quiet = house.over = True
        house.kill()
        for thread in threads:
            thread.join(30)
    there = rows(tmp_path, "SELECT id, text, author_id IS NOT NULL FROM hearth_message ORDER BY id")
    words = Counter(text for _, text, human in there if human)
    echoes = Counter(text for _, text, human in there if not human)
    said = [f"word {key}" for one in acknowledged for key in one]
    table = {
        "kills": KILLS, "said": len(said), "reactions": echoes.total(), "heard live": len(heard),
        "start p50 s": round(sorted(starts)[len(starts) // 2], 1), "start max s": round(max(starts), 1),
    }  # fmt: skip
    with capsys.disabled():
        sys.stdout.write("\n" + "".join(f"{name:>14} {number}\n" for name, number in table.items()))
    assert [text for text in said if words[text] != 1] == []
    assert [text for text in words if words[text] != 1 or echoes[f"Heard {text}"] != 1] == []
    assert sorted(heard) == [pk for pk, _, _ in there]
