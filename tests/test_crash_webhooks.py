"""A house that dies while it tells another program: everything arrives, and what comes twice has one id."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from tests.machines import ROOT, House, wait_for
from tests.receiver import Receiver

pytestmark = pytest.mark.crash
ROUNDS, WORDS = 6, 25

MAKE = """
import sys, django; django.setup()
from fireside.hearth.keys import Key
from fireside.hearth.models import Person, Room, Webhook
ana = Person.objects.get(handle="ana-ngata")
hook, secret = Webhook.make(sys.argv[1], ["message.said"], by=ana, room=Room.objects.get())
print(secret, Key.make(ana, "a script", scopes="act")[1])
"""


def test_a_house_that_is_killed_tells_everything_and_the_same_id_when_it_tells_twice(tmp_path: Path) -> None:
    house, rng, said = House(tmp_path), random.Random(), 0
    house.env["WEBHOOKS_TO"] = "127.0.0.0/8"
    with Receiver() as receiver:
        made = [sys.executable, "-c", MAKE, receiver.url]
        told = subprocess.run(made, env=house.env, cwd=ROOT, capture_output=True, text=True, check=True)
        secret, key = told.stdout.split()
        for _ in range(ROUNDS):
            with house.up():
                with httpx.Client(headers={"Authorization": f"Bearer {key}"}) as program:
                    for _ in range(WORDS):
                        answer = program.post(
                            f"{house.url}/api/do/say", json={"words": f"{said}", "to": "magic-sparkles"}
                        )
                        assert answer.status_code == 200, answer.text
                        said += 1
                time.sleep(rng.uniform(0.0, 0.4))
                house.kill()
        with house.up():
            wait_for(lambda: len(set(receiver.ids)) == said, "all of it")
            wait_for(
                lambda: house.rows("SELECT count(*) FROM hearth_sending WHERE sent_at IS NULL") == [0],
                "the last note",
            )
    words = [one["data"]["message"]["text"] for one in receiver.told(secret)]
    assert set(words) == {str(number) for number in range(said)}
    assert len(words) - said <= ROUNDS, "one was on its way at each death, at most"
    assert len(dict(zip(receiver.ids, words, strict=True))) == said, "each has an id of its own"
