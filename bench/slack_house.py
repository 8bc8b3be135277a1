"""A house that is connected to a Slack on this machine, for measuring."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx

from bench.house import free_port, served
from tests.slack_server import SlackServer

CHANNELS = 20
SET_UP = """
import django; django.setup()
from fireside.config.serve import prepare; prepare()
from fireside.alerts.models import Source
from fireside.hearth import start
from fireside.systems.models import System
from fireside.hearth.keys import Key
from fireside.hearth.rooms import Room
ana = start.begin("Unicorn Rentals", name="Ana Ngata", email="ana@example.org", password="a long enough one")
for number in range(%d):
    room = Room.make(f"room-{number}", by=ana)
    System.add(f"Shop {number}", by=ana, room=room, matchers=[{"job": f"shop-{number}"}])
print(Key.make(ana, "bench")[1], Source.make("bench")[1])
"""


class Bench:
    """A house that is connected to a Slack on this machine, with its rooms linked."""

    def __init__(self, server: SlackServer, folder: str, *, socket: bool) -> None:
        self.server, self.folder, self.port = server, Path(folder), free_port()
        url = f"http://127.0.0.1:{self.port}"
        where = "" if socket else f"{url}/slack/events"
        self.app = server.app(manifest(socket=socket), request_url=where)
        self.workspace = server.workspace("T0BENCH", name="Bench")
        self.people = [self.workspace.user(f"Person {n}", name=f"person{n}") for n in range(40)]
        bot_token = self.workspace.install(self.app)
        os.environ |= {"SLACK_API_URL": server.url, "SLACK_BOT_TOKEN": bot_token}
        os.environ |= (
            {"SLACK_APP_TOKEN": self.app.app_token}
            if socket
            else {"SLACK_SIGNING_SECRET": self.app.signing_secret}
        )
        self.channels = [self.workspace.channel(f"c-{n}", members=self.people) for n in range(CHANNELS)]
        set_up = [sys.executable, "-c", SET_UP % CHANNELS]
        told = subprocess.run(set_up, check=True, capture_output=True, text=True).stdout
        self.key, self.token = told.split()[-2:]

    def client(self) -> httpx.Client:
        """Somebody who acts in the house itself."""
        url, headers = f"http://127.0.0.1:{self.port}", {"Authorization": f"Bearer {self.key}"}
        return httpx.Client(base_url=url, headers=headers, timeout=60)

    def link(self) -> None:
        for number, channel in enumerate(self.channels):
            channel.invite(self.workspace.bot(self.app))
            self.people[0].types(channel, f"/fireside link-channel #room-{number}")
        self.until(lambda: len(self.rows("SELECT id FROM slack_channel")) == CHANNELS)

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(self.folder / "fireside.sqlite3", timeout=30)) as base:
            return base.execute(sql).fetchall()

    @staticmethod
    def until(true: Callable[[], bool], seconds: float = 120) -> float:
        began = time.perf_counter()
        while not true():
            if time.perf_counter() - began > seconds:
                raise SystemExit("it did not come about")
            time.sleep(0.005)
        return time.perf_counter() - began


def manifest(*, socket: bool) -> dict[str, Any]:
    """As a keeper gets it."""
    door = "--socket" if socket else "--http"
    asked = [sys.executable, "-m", "fireside", "manifest", "--format", "json", door]
    return dict(json.loads(subprocess.run(asked, check=True, capture_output=True, text=True).stdout))


@contextmanager
def bench(*, socket: bool) -> Iterator[Bench]:
    folder = tempfile.mkdtemp(prefix="fireside-bench-")
    before = dict(os.environ)
    try:
        os.environ |= {"FIRESIDE_DATA": folder, "DJANGO_SETTINGS_MODULE": "fireside.config.settings"}
        with SlackServer() as server:
            made = Bench(server, folder, socket=socket)
            server.background()
            with served(folder, made.port):
                made.until(lambda: bool(made.rows("SELECT id FROM slack_installation")))
                if socket:
                    made.until(lambda: len(server.sockets.live) == 2)
                made.link()
                yield made
    finally:
        os.environ.clear()
        os.environ |= before
        shutil.rmtree(folder, ignore_errors=True)
