"""Work that kills, and work that is killed: poison is set aside, and everything else is done once."""

from __future__ import annotations

import subprocess
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.machines import wait_for
from tests.test_takeover import Shared

pytestmark = pytest.mark.crash
BURST, KILLS = 300, 4
LIGHT = """
import sys
import django; django.setup()
from datetime import timedelta
from django.utils import timezone
from fireside.hearth.models import Entry, Room
room, due = Room.objects.get(slug="stable"), timezone.now() + timedelta(seconds=float(sys.argv[2]))
at = due - timedelta(hours=1)
kettle = dict(verb="kettle.on", words=sys.argv[3], room=room, at=at, noted_at=at)
Entry.objects.bulk_create(Entry(**kettle) for _ in range(int(sys.argv[1])))
"""
UP = """
import os, signal, sys
import django; django.setup()
from datetime import timedelta
from fireside.config.cli import main
from fireside.hearth.workflows import when

@when("kettle.on", after=timedelta(hours=1))
def whistle(entry):
    if entry.words == "poison":
        os.kill(os.getpid(), signal.SIGKILL)
    entry.room.say(f"kettle {entry.pk}", voice="Kettle", key=f"kettle:{entry.pk}")

main(sys.argv[1:])
"""
WHISTLES = "SELECT text FROM hearth_message WHERE voice = 'Kettle'"
ASIDE = (
    "SELECT workflow_uuid FROM workflow_status WHERE status IN ('ERROR', 'MAX_RECOVERY_ATTEMPTS_EXCEEDED')"
)
LEFT = "SELECT count(*) FROM workflow_status WHERE status IN ('DELAYED', 'ENQUEUED', 'PENDING')"


class Kettles(Shared):
    """A house with kettles, and a worker that is killed and started again."""

    def start(self, stack: ExitStack) -> subprocess.Popen[bytes]:
        return self.up(stack, "kettles", "--only", "worker", code=UP)

    def light(self, count: int, *, after: float, words: str = "") -> None:
        self.run(LIGHT, str(count), str(after), words)

    def whistled(self) -> int:
        return len(self.ask(WHISTLES))


def test_a_worker_that_is_killed_in_a_burst_of_timers_loses_none_and_doubles_none(tmp_path: Path) -> None:
    house = Kettles(tmp_path, "")
    house.light(BURST, after=4)
    with ExitStack() as stack:
        for _ in range(KILLS):
            known, worker = house.whistled(), house.start(stack)
            wait_for(lambda known=known: house.whistled() > known + BURST // 10, "kettles to whistle")
            worker.kill()
            worker.wait()
        assert house.whistled() < BURST
        house.start(stack)
        wait_for(lambda: house.whistled() >= BURST and house.ask(LEFT) == [0], "the rest to whistle")
    assert len(set(house.ask(WHISTLES))) == house.whistled() == BURST
    assert house.ask(ASIDE) == []


def test_a_job_that_kills_its_worker_each_time_is_set_aside_and_alone(tmp_path: Path) -> None:
    house = Kettles(tmp_path, "")
    house.light(30, after=2)
    house.light(1, after=2, words="poison")
    house.light(30, after=2)
    deaths, latest = 0, time.monotonic() + 120
    with ExitStack() as stack:
        worker = house.start(stack)
        while house.whistled() < 60 or not house.ask(ASIDE):
            assert time.monotonic() < latest, f"{deaths} deaths, {house.whistled()} whistled"
            if worker.poll() is not None:
                deaths += 1
                worker = house.start(stack)
            time.sleep(0.05)
    [poison] = house.ask("SELECT id FROM hearth_entry WHERE words = 'poison'")
    assert [key.split(":")[1] for key in house.ask(ASIDE)] == [str(poison)]
    assert deaths == 5
    assert len(set(house.ask(WHISTLES))) == house.whistled() == 60
