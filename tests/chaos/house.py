"""The house under test: one process or several on one database, each of which can be killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path

import httpx

from tests.machines import ROOT, House, wait_for

RUN = """
import sys
import django; django.setup()
from tests.chaos import unasked
from fireside.config.cli import main
main(sys.argv[1:])
"""
SIGN_IN = """
import django; django.setup()
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from fireside.hearth.models import Person
ana, session = Person.objects.get(handle="ana-ngata"), SessionStore()
session[SESSION_KEY], session[HASH_SESSION_KEY] = str(ana.pk), ana.get_session_auth_hash()
session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
session.save()
print(session.session_key)
"""
ALONE = {"house": ()}
SPREAD = {"web": ("--only", "web"), "one": ("--only", "worker"), "two": ("--only", "worker")}
DOORS = ("house", "web")  # the parts at which one can knock


class Home(House):
    """`parts` name the processes and what each is told beyond `up`; `before` stands in front of a command."""

    def __init__(
        self, folder: Path, database: str = "", parts: dict[str, tuple[str, ...]] | None = None
    ) -> None:
        super().__init__(folder, database)
        self.folder = folder
        self.parts = parts or (SPREAD if database else ALONE)
        self.before: dict[str, tuple[str, ...]] = {}
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        made = (sys.executable, "-m", "fireside", "token", "new", "--person", "ana-ngata")
        self.key = subprocess.run(
            made, env=self.env, cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout.strip()

    def begin(self, name: str, **more: str) -> float:
        """Start one part; the seconds until it answers, when it is one that does."""
        before = self.before.get(name, ())
        told = (*before, sys.executable, "-c", RUN, "up", "--port", str(self.port), *self.parts[name])
        began = time.monotonic()
        opened = self._opened(name)
        with (self.folder / f"{name}.log").open("ab") as out:
            self.running[name] = subprocess.Popen(
                told, env=self.env | more, cwd=ROOT, stdout=out, stderr=out, start_new_session=True
            )
        if name in DOORS:
            self.wait_until_ready()
        else:
            wait_for(lambda: self._opened(name) > opened, f"{name} to begin")
        return time.monotonic() - began

    def _opened(self, name: str) -> int:
        """How often this part has said that it works."""
        log = self.folder / f"{name}.log"
        return log.read_text(errors="replace").count(" here.\n") if log.exists() else 0

    def kill(self, name: str) -> None:
        """As the kernel does it when memory is short: no goodbye, nothing finished."""
        process = self.running.pop(name)
        with suppress(ProcessLookupError):  # it ended by itself
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def gone(self) -> list[str]:
        """The parts that ended by themselves."""
        return [name for name, process in self.running.items() if process.poll() is not None]

    def wait_until_ready(self, seconds: float = 60) -> None:
        def ready() -> bool:
            assert self.gone() == [], self.said()
            return self.answers("/readyz") == 200

        wait_for(ready, "the house to open", seconds)

    def answers(self, path: str) -> int:
        try:
            return httpx.get(f"{self.url}{path}", timeout=5).status_code
        except httpx.TransportError:
            return 0

    def said(self, last: int = 3000) -> str:
        """The end of what its processes wrote into their logs."""
        logs = sorted(self.folder.glob("*.log"))
        return "\n".join(f"== {log.name}\n{log.read_text(errors='replace')[-last:]}" for log in logs)

    @contextmanager
    def living(self, **more: str) -> Iterator[Home]:
        """All its parts, gone again at the end whatever happens."""
        try:
            for name in self.parts:
                self.begin(name, **more)
            yield self
        finally:
            for name in [*self.running]:
                self.kill(name)

    @cached_property
    def cookies(self) -> dict[str, str]:
        """The browser of somebody who is signed in."""
        made = subprocess.run(
            [sys.executable, "-c", SIGN_IN],
            env=self.env,
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        return {"sessionid": made.stdout.split()[-1]}

    # -- what arrived

    def words(self) -> list[str]:
        """What people said, and what the house said to it at once and later."""
        return [f"said {words}" if who else words for words, who in self._messages()]

    def _messages(self) -> Iterable[tuple[str, int | None]]:
        return self.rows(
            "SELECT text, author_id FROM hearth_message WHERE author_id IS NOT NULL OR voice = 'Echo'"
        )

    def alerts(self) -> list[str]:
        labels = self.rows("SELECT labels FROM alerts_alert")
        told = [one if isinstance(one, dict) else json.loads(one) for one in labels]
        return [f"alert {one['alertname']}/{one.get('instance', '')}" for one in told]

    def claps(self) -> list[str]:
        return [f"clap {pk}" for pk in self.rows("SELECT message_id FROM hearth_clap")]

    def files(self) -> list[str]:
        """Those whose content is all there."""
        known = self.rows("SELECT name, path FROM hearth_file")
        kept = [(name, self.data / "files" / path) for name, path in known]
        whole = (name for name, path in kept if path.exists() and path.read_bytes() == name.encode() * 3000)
        return [f"file {name}" for name in whole]

    def everything(self) -> list[str]:
        assert self.gone() == [], self.said()
        return [*self.words(), *self.alerts(), *self.claps(), *self.files()]
