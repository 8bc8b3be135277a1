"""The clock jumps a day forward or an hour back: timers come once, nobody is stuck, people stay signed in."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from tests.chaos.clock import Clock
from tests.chaos.conftest import at_length
from tests.chaos.crowd import Crowd
from tests.chaos.house import Home
from tests.chaos.ledger import Ledger
from tests.machines import wait_for

pytestmark = pytest.mark.chaos
DAY, HOUR = 24 * 3600, 3600


def listen(home: Home, heard: list[int]) -> None:
    """Open a live page, which stays open as long as the house."""

    def read() -> None:
        address = f"{home.url}/events?topics=room:magic-sparkles"
        page = httpx.stream("GET", address, cookies=home.cookies, timeout=30)
        with suppress(httpx.TransportError), page as stream:
            for line in stream.iter_lines():
                said = line.startswith("data: ") and '"said"' in line
                heard.extend([json.loads(line[6:])["message"]] if said else [])

    threading.Thread(target=read, daemon=True).start()


@at_length
@pytest.mark.parametrize("jump", [DAY, -HOUR], ids=["a day forward", "an hour back"])
def test_a_clock_that_jumps(tmp_path: Path, jump: int, book: Callable[..., Ledger]) -> None:
    stuck = "SELECT count(*) FROM workflow_status WHERE status IN ('PENDING', 'ENQUEUED')"
    ledger = book(f"the clock jumps {'a day forward' if jump > 0 else 'an hour back'}", "SQLite")
    home, clock, heard = Home(tmp_path), Clock(tmp_path), []
    assert home.cookies
    with home.living(**clock.env):
        listen(home, heard)
        with Crowd(home, ledger, pause=0.2).busy(people=1) as crowd:
            soon(home, "Expires", timedelta(hours=2))
            wait_for(lambda: "later w0-1" in home.words(), "timers to come")
            crowd.say("across")  # its timer is set before the jump and comes after it
            recurred = home.rows("SELECT count(*) FROM workflow_status WHERE workflow_uuid LIKE 'every:%'")
            clock.ahead(jump)
            began = time.monotonic()
            crowd.say("new")
            wait_for(lambda: "heard new" in home.words(), "what follows at once", 15)
            wait_for(lambda: "later new" in home.words(), "a timer set after the jump", 20)
            if jump < 0:  # what was set before it waits for its hour to come again
                assert "later across" not in home.words()
                clock.ahead(0)
            wait_for(lambda: "later across" in home.words(), "the timer set before the jump", 20)
            took = time.monotonic() - began
            signed_in = httpx.get(f"{home.url}/rooms/magic-sparkles/", cookies=home.cookies, timeout=30)
            assert signed_in.status_code == 200
            over = "SELECT count(*) FROM alerts_alert WHERE resolved_at IS NOT NULL"
            if jump > 0:
                wait_for(lambda: home.rows(over) == [1], "the alert whose end has passed to be over", 75)
            assert home.rows(over) == [int(jump > 0)]
        ledger.close(home.everything)
        told = "SELECT id FROM hearth_message WHERE text = 'new' AND author_id IS NOT NULL"
        wait_for(lambda: heard.count(home.rows(told)[0]) == 1, "the live page to hear of it, once")
        wait_for(lambda: home.rows(stuck) == [0], "jobs that are not stuck")
    jobs = home.rows("SELECT count(*) FROM workflow_status WHERE workflow_uuid LIKE 'every:%'")
    ledger.note(f"timers {took:.1f} s after; {jobs[0] - recurred[0]} recurring jobs more, none stuck")


def soon(home: Home, name: str, after: timedelta) -> None:
    """What Prometheus tells, with the time at which it is over if nobody tells it again."""
    end = (datetime.now(UTC) + after).isoformat()
    told = [{"labels": {"alertname": name, "job": "storefront", "instance": "x"}, "endsAt": end}]
    headers = {"authorization": f"Bearer {home.token}"}
    assert httpx.post(f"{home.url}/api/v2/alerts", json=told, headers=headers, timeout=30).status_code == 200
