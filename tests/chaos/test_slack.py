"""Words go both ways between a room and Slack while the web, a worker or whoever carries them is killed."""

from __future__ import annotations

import random
import re
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.chaos.conftest import at_length
from tests.chaos.house import SPREAD, Home
from tests.chaos.ledger import Ledger
from tests.chaos.postgres import Postgres
from tests.machines import wait_for
from tests.slack_server import SlackServer
from tests.test_slack_house import Lived, Said, forgive_late_answers

pytestmark = pytest.mark.chaos
PARTS = {**SPREAD, "slack": ("--only", "slack")}


@at_length
def test_words_go_both_ways_whatever_is_killed(
    tmp_path: Path, server: Postgres, chance: random.Random, book: Callable[..., Ledger]
) -> None:
    ledger = book("kill -9 of web, workers and the Slack carrier", "PostgreSQL")
    with server.base() as base, SlackServer() as slack:
        home = Home(tmp_path, server.url(base), PARTS)
        slack.retry_delays, kills = (0.5, 1, 2), 12
        lived = Lived(slack, home, socket=False)
        with home.living():
            lived.link()
            said, stop = Said(lived), threading.Event()
            talking = threading.Thread(target=said.both_ways, args=(stop,), daemon=True)
            talking.start()
            try:
                for _ in range(kills):
                    time.sleep(chance.uniform(0.2, 1.5))
                    name = chance.choice([*home.parts])
                    home.kill(name)
                    home.begin(name)
            finally:
                stop.set()
            wait_for(lambda: not talking.is_alive(), "the last words to be taken")
            ledger.sent = [*said.here, *said.there]
            taken = [d.body for d in slack.deliveries if d.status == 200]
            ledger.acknowledged = [
                *said.here,
                *(w for w in said.there if any(w.encode() in b for b in taken)),
            ]
            ledger.close(lambda: arrived(lived, said), 120)
        forgive_late_answers(slack)
        assert slack.violations == []
    ledger.note(f"{kills} kills; {len(said.there)} words from Slack, {len(said.here)} to it")


def arrived(lived: Lived, said: Said) -> list[str]:
    """What stands in the channel of ours, and in the room of theirs; echoes of it are not it."""
    read = "\n".join(lived.bo.reads(lived.channel))
    heard = lived.house.rows("SELECT text FROM hearth_message")
    ours = [
        words for words in said.here for _ in re.findall(rf"(?<!heard )(?<!later ){re.escape(words)}", read)
    ]
    return ours + [words for words in said.there for _ in range(heard.count(words))]
