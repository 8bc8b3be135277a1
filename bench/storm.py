"""A storm of alerts into a Slack as strict as Slack's own limits: how late each is told, in how many calls.

An alert is told when the cards that Slack shows count it. For Alertmanager into such a Slack see the design's
figures: the last one told after 91 s, 486 calls refused, 425 alerts told twice.
"""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Iterator

import httpx

from bench.slack_house import CHANNELS, Bench, bench
from bench.table import part, show

ALERTS, SECONDS, TOGETHER = 10_000, 10, 20
AWAY = 20  # seconds
QUIET = 2  # channels left to the storms
FIRING = re.compile(r"([\d,]+) firing")


def body(numbers: range, job: str, name: str = "Rule") -> str:
    return json.dumps(
        [
            {
                "labels": {"alertname": f"{name}{n % 50}", "job": job, "instance": f"pod-{n}"},
                "annotations": {
                    "summary": f"{name} {n % 50}",
                    "runbook_url": "https://wiki.example.org/mend",
                },
            }
            for n in numbers
        ]
    )


def post(client: httpx.Client, content: str) -> float:
    answer = client.post("/api/v2/alerts", content=content)
    assert answer.status_code == 200, answer.text
    return time.time()


def knocker(made: Bench) -> httpx.Client:
    url, headers = f"http://127.0.0.1:{made.port}", {"Authorization": f"Bearer {made.token}"}
    return httpx.Client(base_url=url, headers=headers, timeout=60)


def one_by_one(made: Bench) -> list[object]:
    """Milliseconds from the post of an alert until Slack has its card, each in a channel that is quiet."""
    times = []
    with knocker(made) as client:
        for number in range(60):
            place = QUIET + number % (CHANNELS - QUIET)
            name, channel = f"Single{number}-", made.channels[place]
            began = time.perf_counter()
            post(client, body(range(1), f"shop-{place}", name))
            made.until(lambda c=channel, n=name: any(n in str(m.blocks) for m in c.messages.values()))
            times.append((time.perf_counter() - began) * 1000)
            time.sleep(0.15)
    return [len(times), part(times, 50), part(times, 99)]


def storm(made: Bench, job: str, away: range = range(0)) -> tuple[list[float], float]:
    """Post at an even rate, Slack being away for a while; when each was answered, and when Slack was back."""
    at: list[float] = []
    back = 0.0
    with knocker(made) as client:
        began = time.perf_counter()
        for first in range(0, ALERTS, TOGETHER):
            due = began + first / ALERTS * SECONDS
            time.sleep(max(0.0, due - time.perf_counter()))
            if away and first == away.start * ALERTS // SECONDS:
                made.server.fail("*", "503", times=10**9)
            at += [post(client, body(range(first, first + TOGETHER), job))] * TOGETHER
    if away:
        time.sleep(max(0.0, began + away.stop - time.perf_counter()))
        made.server.faults.clear()
        back = time.time()
    return at, back


def told(made: Bench, since: int, channel: str) -> Iterator[tuple[float, int]]:
    """After each call that was answered well: when, and how many alerts the cards then count."""
    cards: dict[str, int] = {}
    for call in made.server.calls[since:]:
        fine = call.answer and call.answer.get("ok") and call.args.get("channel") == channel
        if fine and call.method in ("chat.postMessage", "chat.update"):
            counts = FIRING.findall(json.dumps(call.args.get("blocks"), ensure_ascii=False))
            if counts:
                cards[str(call.answer["ts"])] = sum(int(count.replace(",", "")) for count in counts)
                yield call.at, sum(cards.values())


def measured(made: Bench, number: int, away: range = range(0)) -> list[object]:
    made.server.limits = "slack"
    time.sleep(5)  # every channel has its burst again
    channel = made.channels[number].id
    since, limited = len(made.server.calls), len(made.server.limited)
    at, back = storm(made, f"shop-{number}", away)
    made.until(lambda: max((count for _, count in told(made, since, channel)), default=0) >= ALERTS)
    late: list[float] = []
    for moment, count in told(made, since, channel):
        late += [moment - sent for sent in at[len(late) : count]]
    calls = [c for c in made.server.calls[since:] if c.args.get("channel") == channel]
    posts = sum(c.method == "chat.postMessage" and bool(c.answer and c.answer.get("ok")) for c in calls)
    updates = sum(c.method == "chat.update" and bool(c.answer and c.answer.get("ok")) for c in calls)
    cards = [card for m in made.channels[number].messages.values() for card in FIRING.findall(str(m.blocks))]
    twice = sum(int(card.replace(",", "")) for card in cards) - ALERTS
    end = max(moment for moment, _ in told(made, since, channel))
    made.server.limits = None
    return [ALERTS, posts, updates, len(made.server.limited) - limited, ALERTS - len(late), twice,
            part(late, 50), part(late, 99), end - (back or at[-1])]  # fmt: skip


def main() -> None:
    logging.disable(logging.CRITICAL)
    with bench(socket=False) as made:
        single = one_by_one(made)
        calm = measured(made, 0)
        gone = measured(made, 1, range(3, 3 + AWAY))
    show("one alert into a quiet channel, with its runbook", ["alerts", "p50 ms", "p99 ms"], [single])
    head = ["storm", "alerts", "messages", "changes in place", "refused", "not told", "told twice",
            "late p50 s", "p99 s", "last told after the end (or after Slack was back), s"]  # fmt: skip
    rows = [[f"in {SECONDS} s", *calm], [f"Slack away for {AWAY} s", *gone]]
    show("a storm into one channel of a Slack with Slack's limits", head, rows)
