"""Real machines for tests: the house as one process, a shop with numbers, Prometheus and Alertmanager."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeVar

import httpx
import psycopg

T = TypeVar("T")
UP = (sys.executable, "-m", "fireside", "up")
ROOT = Path(__file__).resolve().parent.parent
KILLS = 20 if os.environ.get("CHAOS") == "full" else 8

SEED = """
import django; django.setup()
from fireside.config.serve import prepare; prepare()
from fireside.alerts.models import Source
from fireside.hearth.models import Organisation, Person, Room, Team
from fireside.systems.models import Runbook, System
org = Organisation.objects.create(name="Unicorn Rentals")
ana = Person.welcome("Ana Ngata", email="ana@example.org", keeper_since=org.made_at)
team = Team.objects.create(name="Magic Sparkles", slug="magic-sparkles")
room = Room.make("magic-sparkles", by=ana, purpose="team", team=team)
shop = System.add("Storefront", by=ana, team=team, room=room, matchers=[{"job": "storefront"}])
Runbook.write("Payments are refused", ["Look at the queue", "Double the workers"], by=ana, system=shop,
              alertname="PaymentsRefused")
print(Source.make("Test", by=ana)[1])
"""


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(look: Callable[[], T | None], what: str, seconds: float = 60) -> T:
    """Look again and again until there is something; says what was awaited when it does not come."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := look():
            return found
        time.sleep(0.05)  # between two looks at another process, which cannot call us
    raise AssertionError(f"waited {seconds:.0f} seconds in vain for {what}")


def answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2).status_code < 500
    except httpx.TransportError:
        return False


@contextmanager
def process(
    *args: str, log: Path, env: dict[str, str] | None = None, cwd: Path = ROOT
) -> Iterator[subprocess.Popen[bytes]]:
    """A process of ours that is asked to leave at the end, and made to when it does not."""
    with log.open("ab") as out:
        running = subprocess.Popen(args, stdout=out, stderr=subprocess.STDOUT, env=env, cwd=cwd)
        try:
            yield running
        finally:
            running.send_signal(signal.SIGTERM)
            try:
                running.wait(10)
            except subprocess.TimeoutExpired:
                running.kill()
                running.wait()


class House:
    """`fireside up` with a storefront, its team's room and a runbook, and a token for one source."""

    def __init__(self, folder: Path, database: str = "") -> None:
        self.database = database  # the address of a PostgreSQL; SQLite when empty
        self.data = folder / "data"
        self.log = folder / "house.log"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        inherited = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
        settings = os.environ.get("HOUSE_SETTINGS", "fireside.config.settings")
        self.env = inherited | {
            "FIRESIDE_DATA": str(self.data), "PUBLIC_URL": self.url, "DJANGO_SETTINGS_MODULE": settings,
        }  # fmt: skip
        if database:
            self.env["DATABASE_URL"] = database
        seeded = subprocess.run(
            [sys.executable, "-c", SEED], env=self.env, cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert seeded.returncode == 0, seeded.stderr
        self.token = seeded.stdout.split()[-1]

    @contextmanager
    def up(self, *more: str) -> Iterator[House]:
        serve = (*UP, "--port", str(self.port), "--data", str(self.data), *more)
        with process(*serve, log=self.log, env=self.env) as running:
            self.kill, self.end = running.kill, running.terminate

            def ready() -> bool:
                assert running.poll() is None, self.log.read_text()
                return answers(f"{self.url}/healthz")

            wait_for(ready, "the house to open")
            yield self

    def rows(self, sql: str, *given: object) -> list[Any]:
        """What the database holds; a single column comes as plain values."""
        if self.database:
            with psycopg.connect(self.database) as server:
                asked = server.execute(sql.replace("?", "%s"), given or None)
                found = asked.fetchall() if asked.description else []
        else:
            with closing(sqlite3.connect(self.data / "fireside.sqlite3", timeout=30)) as base:
                found = base.execute(sql, given).fetchall()
                base.commit()
        return [row[0] if len(row) == 1 else row for row in found]

    def cards(self, room: str = "magic-sparkles") -> list[dict[str, Any]]:
        """The cards in a room, oldest first."""
        found = self.rows(
            "SELECT card FROM hearth_message m JOIN hearth_room r ON r.id = m.room_id "
            "WHERE r.slug = ? AND card IS NOT NULL ORDER BY m.id",
            room,
        )
        return [json.loads(card) for card in found]

    def traces(self) -> list[str]:
        """The lines under cards, oldest first."""
        return self.rows("SELECT text FROM hearth_message WHERE thread_id IS NOT NULL ORDER BY id")

    def post(self, path: str, body: bytes, token: str | None = None, **more: Any) -> httpx.Response:
        headers = {"authorization": f"Bearer {self.token if token is None else token}"} if token != "" else {}
        return httpx.post(f"{self.url}{path}", content=body, headers=headers, timeout=30, **more)


class Shop:
    """A small HTTP service that counts the payments it refuses; `broken` makes it refuse them."""

    def __init__(self) -> None:
        self.broken = False
        self.refused = 0
        shop = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.path == "/metrics":
                    self._say(200, f"shop_refusing {int(shop.broken)}\nshop_refused_total {shop.refused}\n")
                    return
                shop.refused += shop.broken
                self._say(503 if shop.broken else 200, "refused" if shop.broken else "paid")

            def _say(self, status: int, words: str) -> None:
                self.send_response(status)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.send_header("Content-Length", str(len(words)))
                self.end_headers()
                self.wfile.write(words.encode())

            def log_message(self, *args: object) -> None:
                """Nobody reads this log."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self._server.server_port}"

    @contextmanager
    def open(self) -> Iterator[Shop]:
        thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()


def installed() -> bool:
    """Are both Debian packages here?"""
    return bool(shutil.which("prometheus") and shutil.which("prometheus-alertmanager"))


@contextmanager
def alertmanager(folder: Path, house: House) -> Iterator[str]:
    """A real Alertmanager that tells the house; gives its address."""
    port = free_port()
    config = folder / "alertmanager.yml"
    config.write_text(f"""
route:
  receiver: fireside
  group_by: [alertname, job]
  group_wait: 0s
  group_interval: 1s
  repeat_interval: 1h
receivers:
  - name: fireside
    webhook_configs:
      - url: {house.url}/hooks/alertmanager
        send_resolved: true
        http_config: {{authorization: {{credentials: {house.token}}}}}
""")
    args = (
        "prometheus-alertmanager", f"--config.file={config}", f"--storage.path={folder / 'am'}",
        f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address=",
    )  # fmt: skip
    with process(*args, log=folder / "alertmanager.log"):
        wait_for(lambda: answers(f"http://127.0.0.1:{port}/-/ready"), "Alertmanager")
        yield f"127.0.0.1:{port}"


@contextmanager
def prometheus(folder: Path, shop: Shop, tells: str, token: str = "") -> Iterator[str]:
    """A real Prometheus that watches the shop and tells an Alertmanager, or the house with a token."""
    port = free_port()
    authorization = f"authorization: {{credentials: {token}}}" if token else ""
    (folder / "rules.yml").write_text("""
groups:
  - name: shop
    rules:
      - alert: PaymentsRefused
        expr: shop_refusing == 1
        labels: {severity: high}
        annotations:
          summary: Payments are refused
          impact: Customers read that we could not take their payment
          description: "{{ $labels.instance }} refuses payments"
""")
    config = folder / "prometheus.yml"
    config.write_text(f"""
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: [{folder / "rules.yml"}]
scrape_configs:
  - job_name: storefront
    static_configs: [{{targets: ["{shop.address}"]}}]
alerting:
  alertmanagers:
    - static_configs: [{{targets: ["{tells}"]}}]
      {authorization}
""")
    args = (
        "prometheus", f"--config.file={config}", f"--storage.tsdb.path={folder / 'tsdb'}",
        f"--web.listen-address=127.0.0.1:{port}", "--rules.alert.resend-delay=1s",
    )  # fmt: skip
    with process(*args, log=folder / "prometheus.log"):
        wait_for(lambda: answers(f"http://127.0.0.1:{port}/-/ready"), "Prometheus")
        yield f"127.0.0.1:{port}"
