"""How long somebody who writes has to wait while much that is old goes in the night.

One thread says a word every few milliseconds, alone and then while another lets go; the waits are compared.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from datetime import timedelta
from typing import Any

from bench.table import part, show

DELIVERIES, MESSAGES, BODY = 20_000, 20_000, 4000
PAUSE = 0.003


def main() -> None:
    with tempfile.TemporaryDirectory() as data:
        env = {**os.environ, "FIRESIDE_DATA": data, "DJANGO_SETTINGS_MODULE": "fireside.config.settings"}
        subprocess.run([sys.executable, "-m", "bench.keeping"], env=env, check=True)


def inside() -> None:
    """In a process of its own, which wakes Django with a data folder of its own."""
    import django

    django.setup()
    from django.core.management import call_command
    from django.utils import timezone

    from fireside.alerts.models import Delivery, Source
    from fireside.hearth import batches, keeping, start
    from fireside.hearth.forgetting import tidy
    from fireside.hearth.models import Doc, Message, Room

    call_command("migrate", verbosity=0)
    ana = start.begin("Bench", name="Ana", email="ana@example.org", password="lanterns by the river")
    source, old = Source.make("machine", by=ana)[0], timezone.now() - timedelta(days=60)
    body = os.urandom(BODY)
    Delivery.objects.bulk_create(
        [
            Delivery(
                source=source, at=old, form="webhook", sha256=str(n), size=BODY, body=body, handled_at=old
            )
            for n in range(DELIVERIES)
        ],
        batch_size=500,
    )
    room = Room.make("til", by=ana, purpose="til")
    _say(room, ana, old, Message, Doc)
    _say(Room.make("guild", by=ana, purpose="guild"), ana, old, Message, Doc)  # what stays
    keeping.choose(keeping.kinds["words-til"], 30, by=ana)
    other = Room.make("other", by=ana)
    alone = _waits(other, ana, lambda: time.sleep(5))
    spent: dict[str, float] = {}

    def night() -> None:
        for name, act in (("let go", keeping.let_go), ("tidy", tidy)):
            began = time.monotonic()
            act()
            spent[name] = time.monotonic() - began

    held = _held(batches)
    during = _waits(other, ana, night)
    print({name: f"{seconds:.1f} s" for name, seconds in spent.items()}, "left:", Delivery.objects.count(),
          Message.objects.filter(room=room).count())  # fmt: skip
    rows = [
        (name, len(waits), *(1000 * part(waits, p) for p in (50, 95, 99, 99.9)), 1000 * max(waits))
        for name, waits in (("alone", alone), ("while it goes", during))
    ]
    rows.append(
        ("one step", len(held), *(1000 * part(held, p) for p in (50, 95, 99, 99.9)), 1000 * max(held))
    )
    header = ("writing", "times", "ms p50", "p95", "p99", "p99.9", "longest")
    show(
        f"{DELIVERIES:,} deliveries of {BODY:,} bytes and {MESSAGES:,} messages go, as many messages stay",
        header,
        rows,
    )


def _say(room: Any, ana: Any, old: Any, message: Any, doc: Any) -> None:
    rng = random.Random(7)
    for first in range(0, MESSAGES, 2000):
        texts = [" ".join(f"word{rng.randrange(20_000)}" for _ in range(14)) for _ in range(2000)]
        made = message.objects.bulk_create(
            message(room=room, author=ana, text=text, at=old) for text in texts
        )
        doc.objects.bulk_create(
            doc(
                kind="message",
                ref=one.pk,
                title="Ana in #til",
                body=one.text,
                url=f"/m/{first}",
                at=old,
                room=room,
            )
            for one in made
        )


def _held(batches: Any) -> list[float]:
    """How long each step kept others from writing, from here on."""
    held: list[float] = []
    clock = batches.time.monotonic
    began: list[float] = []

    class Clock:
        sleep = staticmethod(time.sleep)

        @staticmethod
        def monotonic() -> float:
            now = clock()
            if began:
                held.append(now - began.pop())
            else:
                began.append(now)
            return now

    batches.time = Clock
    return held


def _waits(room: Any, ana: Any, meanwhile: Any) -> list[float]:
    from django.db import connection

    waits: list[float] = []
    over = threading.Event()

    def write() -> None:
        while not over.is_set():
            began = time.monotonic()
            room.say("a word", by=ana)
            waits.append(time.monotonic() - began)
            time.sleep(PAUSE)
        connection.close()

    writer = threading.Thread(target=write)
    writer.start()
    meanwhile()
    over.set()
    writer.join()
    return waits


if __name__ == "__main__":
    inside()
