"""A night that is ended with `kill -9` again and again: what is old goes once, and is counted once."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.crash
DELIVERIES, WORDS = 3000, 300

WAKE = "import django; django.setup()\n"
FILL = f"""
from datetime import timedelta
from django.core.management import call_command
from django.utils import timezone
call_command("migrate", verbosity=0)
from fireside.alerts.models import Delivery, Source
from fireside.hearth import keeping, start
from fireside.hearth.models import Room
from tests.attaching import attach
ana = start.begin("Crash", name="Ana", email="ana@example.org", password="lanterns by the river")
source, old = Source.make("machine", by=ana)[0], timezone.now() - timedelta(days=60)
Delivery.objects.bulk_create(
    Delivery(source=source, at=old, form="webhook", sha256=str(n), size=9, body=b"x" * 900, handled_at=old)
    for n in range({DELIVERIES}))
room = Room.make("til", by=ana, purpose="til")
for n in range({WORDS}):
    said = room.say(f"word {{n}}", by=ana, at=old)
    if n % 10 == 0:
        attach(said, "x.txt", b"x", "text/plain")
keeping.choose(keeping.kinds["words-til"], 30, by=ana)
"""
NIGHT = "from fireside.hearth import keeping; print('begun', flush=True); keeping.let_go(); print('over')"
LOOK = """
import json
from pathlib import Path
from django.conf import settings
from fireside.alerts.models import Delivery
from fireside.hearth.audit import Audit, troubles
from fireside.hearth.models import Doc, Entry, File, Message
kept = [path for path in Path(settings.DATA, "files").rglob("*") if path.is_file()]
print(json.dumps({
    "left": [Delivery.objects.count(), Message.objects.count(), File.objects.count(), len(kept),
             Doc.objects.filter(kind="message").count(), Entry.objects.filter(verb="message.said").count()],
    "told": [line.data for line in Audit.objects.filter(verb="keeping.done")],
    "troubles": list(troubles()),
}))
"""


def python(data: Path, code: str) -> subprocess.Popen[str]:
    env = {**os.environ, "FIRESIDE_DATA": str(data), "DJANGO_SETTINGS_MODULE": "fireside.config.settings"}
    env.pop("DATABASE_URL", None)
    return subprocess.Popen([sys.executable, "-c", WAKE + code], env=env, stdout=subprocess.PIPE, text=True)


def finished(data: Path, code: str) -> str:
    with python(data, code) as process:
        said, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    return said


def test_a_night_that_is_killed_goes_on_the_next_time(tmp_path: Path) -> None:
    finished(tmp_path, FILL)
    rng, killed = random.Random(), 0
    for _ in range(8):
        with python(tmp_path, NIGHT) as night:
            assert night.stdout is not None
            assert night.stdout.readline() == "begun\n"
            time.sleep(rng.uniform(0.02, 0.4))
            killed += night.poll() is None
            night.kill()
    assert "over" in finished(tmp_path, NIGHT)
    seen = finished(tmp_path, LOOK)
    assert '"left": [0, 0, 0, 0, 0, 0]' in seen
    assert killed, "at least one night was cut short"
    assert seen.count('"deliveries"') == seen.count('"words-til"') == 1, "each is told of once"
    assert f'"deliveries": {DELIVERIES}' in seen
    assert f'"words-til": {WORDS}' in seen
    assert '"troubles": []' in seen
