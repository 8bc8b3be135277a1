"""What the house under test does unasked, at once and a little later, and two jobs that can never succeed."""

from __future__ import annotations

import os
import signal
from datetime import timedelta

from fireside.hearth.timeline import Entry
from fireside.hearth.workflows import when

LATER = timedelta(seconds=2)


@when("message.said")
def answer(entry: Entry) -> None:
    if entry.by is not None and entry.room and entry.message:
        entry.room.say(f"heard {entry.message.text}", voice="Echo", key=f"echo:{entry.pk}")


@when("message.said", after=LATER)
def remember(entry: Entry) -> None:
    if entry.by is not None and entry.room and entry.message:
        entry.room.say(f"later {entry.message.text}", voice="Echo", key=f"later:{entry.pk}")


@when("message.said")
def swallow_poison(entry: Entry) -> None:
    if entry.message and entry.message.text == "poison that raises":
        raise RuntimeError("this never succeeds")
    if entry.message and entry.message.text == "poison that kills":
        os.kill(os.getpid(), signal.SIGKILL)
