"""How many entries a second reach webhooks, and whether a dead receiver is noticed by the others."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from bench.table import part, show

WORDS = 300


class Receiver:
    """Answers at once, and remembers when it was told."""

    def __init__(self) -> None:
        self.came: list[float] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["content-length"]))
                outer.came.append(time.monotonic())
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Says nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/"


def main() -> None:
    with tempfile.TemporaryDirectory() as data:
        env = {**os.environ, "FIRESIDE_DATA": data, "WEBHOOKS_TO": "127.0.0.0/8"}
        env["DJANGO_SETTINGS_MODULE"] = "fireside.config.settings"
        subprocess.run([sys.executable, "-m", "bench.hooks"], env=env, check=True)


def inside() -> None:
    """In a process of its own, which wakes Django with a data folder of its own."""
    import django

    django.setup()
    from django.core.management import call_command

    from fireside.hearth import start
    from fireside.hearth.carrier import Carrier
    from fireside.hearth.models import Room, Webhook
    from fireside.web.api.outgoing import told

    call_command("migrate", verbosity=0)
    ana = start.begin("Bench", name="Ana", email="ana@example.org", password="lanterns by the river")
    carrier = Carrier(told)
    carrier.begin()
    rows = []
    for receivers, dead in ((1, 0), (8, 0), (1, 4)):
        room = Room.make(f"room-{receivers}-{dead}", by=ana)
        for _ in range(dead):
            silent = ThreadingHTTPServer(
                ("127.0.0.1", 0), BaseHTTPRequestHandler
            )  # takes calls, answers none
            Webhook.make(f"http://127.0.0.1:{silent.server_port}/", ["message.said"], by=ana, room=room)
        living = [Receiver() for _ in range(receivers)]
        for one in living:
            Webhook.make(one.url, ["message.said"], by=ana, room=room)
        time.sleep(0.5)  # what was said about the webhooks themselves is told
        for one in living:
            one.came.clear()
        said = []
        for number in range(WORDS):
            said.append(time.monotonic())
            room.say(f"word {number}", by=ana)
        while any(len(one.came) < WORDS for one in living):
            time.sleep(0.01)
        waits = [came - at for one in living for at, came in zip(said, one.came, strict=True)]
        took = max(one.came[-1] for one in living) - said[0]
        rows.append([receivers, dead, WORDS * receivers / took, part(waits, 50), part(waits, 99)])
    show("Webhooks", ["receivers", "dead beside them", "told a second", "p50 s", "p99 s"], rows)
    sys.stdout.flush()
    os._exit(0)  # the dead ones are still being waited for


if __name__ == "__main__":
    inside()
