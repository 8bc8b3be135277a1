"""Slack's door under load: how soon it is answered, how soon words cross, how it keeps Slack's pace.

Slack itself is the stand-in of our tests, on this machine. The floor of an answer is a page of our own server
that does nothing; the floor of carrying words is Slack's pace (three at once, then one a second).
"""

from __future__ import annotations

import logging
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx

from bench.slack_house import CHANNELS, Bench, bench
from bench.table import part, show

RATE, SECONDS = 50, 10
WORDS = 12
AWAY = 20  # seconds

DRAW = """
import time
import django; django.setup()
from datetime import UTC, datetime
from fireside.hearth.cards import Button, Card, Chart, text
from fireside.slack import blocks, pictures
class Nobody:
    def __getattr__(self, name): return lambda *given: ""
chart = Chart(tuple(minute * 7 % 23 for minute in range(60)), "Firing over the last hour")
facts = {f"Fact {n}": text("{words}", words="some words " * 8) for n in range(6)}
help = (Button("I can help", "coming"),)
card = Card(title=text("Payments are refused"), facts=facts, chart=chart, buttons=help)
def draw():
    blocks.message_blocks(card, "some *words*", author="Ana", at=datetime.now(UTC), said="", names=Nobody(),
                          base="http://127.0.0.1", ident="1")
for do in (draw, lambda: pictures.png(chart)):
    do()
    began = time.perf_counter()
    for _ in range(100):
        do()
    print((time.perf_counter() - began) * 10)
"""
HANDLED = """
SELECT (julianday(handled_at) - julianday(at)) * 86400000 FROM slack_arrival WHERE kind = 'command'
ORDER BY id
"""  # milliseconds from the answer to the effect


def at_a_rate(do: Callable[[int], object], count: int, rate: float) -> None:
    """Begin so many things at even distances, however long each takes."""
    began = time.perf_counter()
    with ThreadPoolExecutor(64) as pool:
        for number in range(count):
            time.sleep(max(0.0, began + number / rate - time.perf_counter()))
            pool.submit(do, number)


def commands(made: Bench, kind: str) -> list[object]:
    """Fifty commands a second from forty people; half whisper, half are said in twenty rooms."""
    made.server.deliveries.clear()

    def one(number: int) -> None:
        line = f"/fireside say word {number}" if number % 2 else "/fireside rooms"
        made.people[number % 40].types(made.channels[number % CHANNELS], line)

    at_a_rate(one, RATE * SECONDS, RATE)
    times = [1000 * d.seconds for d in made.server.deliveries if b"response_url" in d.body]
    made.until(lambda: not made.rows("SELECT id FROM slack_arrival WHERE handled_at IS NULL"))
    handled = [float(str(row[0])) for row in made.rows(HANDLED)][-RATE * SECONDS :]
    failed = sum(d.status != 200 for d in made.server.deliveries)
    return [
        kind,
        len(times),
        failed,
        part(times, 50),
        part(times, 99),
        max(times),
        part(handled, 50),
        part(handled, 99),
    ]


def floor(made: Bench) -> list[object]:
    times: list[float] = []
    client = httpx.Client(base_url=f"http://127.0.0.1:{made.port}")

    def one(_number: int) -> None:
        began = time.perf_counter()
        client.get("/healthz")
        times.append(1000 * (time.perf_counter() - began))

    at_a_rate(one, RATE * SECONDS, RATE)
    return ["floor: /healthz", len(times), 0, part(times, 50), part(times, 99), max(times), 0.0, 0.0]


def crossing(made: Bench) -> list[list[object]]:
    """One word at a time: from Slack into the room, and from the room into Slack."""
    there, here = [], []
    with made.client() as client:
        for number in range(30):
            channel = made.channels[number % CHANNELS]
            made.people[1].says(channel, f"from there {number}")
            sql = f"SELECT id FROM hearth_message WHERE text = 'from there {number}'"
            there.append(1000 * made.until(lambda sql=sql: bool(made.rows(sql))))
            said = client.post(
                "/api/do/say", json={"room": f"room-{number % CHANNELS}", "words": f"from here {number}"}
            )
            assert said.status_code == 200, said.text
            words = f"from here {number}"
            here.append(
                1000 * made.until(lambda w=words, c=channel: any(w in m.text for m in c.messages.values()))
            )
    return [
        ["Slack to room", part(there, 50), part(there, 95)],
        ["room to Slack", part(here, 50), part(here, 95)],
    ]


def pace(made: Bench) -> list[list[object]]:
    """Twelve words in each of twenty rooms at once, with Slack's own limits on."""
    made.server.limits = "slack"
    time.sleep(5)  # every channel has its burst again
    calls = len(made.server.calls)
    began = time.perf_counter()
    with made.client() as client:
        for word in range(WORDS):
            for number in range(CHANNELS):
                client.post("/api/do/say", json={"room": f"room-{number}", "words": f"paced {word}."})
    said = time.perf_counter() - began

    def all_there() -> bool:
        return all(
            any(f"paced {WORDS - 1}." in str(m.blocks) for m in channel.messages.values())
            for channel in made.channels
        )

    made.until(all_there)
    took = time.perf_counter() - began
    posts = sum(call.method == "chat.postMessage" for call in made.server.calls[calls:])
    limited = len(made.server.limited)
    made.server.limits = None
    return [
        ["words said", CHANNELS * WORDS, f"in {said:.1f} s"],
        ["all in Slack after", f"{took:.1f} s", f"in {posts} posts"],
        ["floor, one post a word", f"{WORDS - 3} s", "three at once, then one a second"],
        ["refused by Slack (429)", limited, ""],
    ]


def gone(made: Bench) -> list[list[object]]:
    """Slack answers nothing for twenty seconds while people go on; then it is back."""
    made.server.fail("*", "503", times=10**9)
    calls, began, said = len(made.server.calls), time.perf_counter(), 0
    with made.client() as client:
        while time.perf_counter() - began < AWAY:
            client.post("/api/do/say", json={"room": f"room-{said % CHANNELS}", "words": f"kept {said:04}."})
            said += 1
            time.sleep(0.25)
    asked = len(made.server.calls) - calls
    made.server.faults.clear()

    def told(number: int) -> int:
        words = f"kept {number:04}."
        return sum(words in str(m.blocks) for m in made.channels[number % CHANNELS].messages.values())

    took = made.until(lambda: all(told(number) for number in range(said)))
    twice = sum(told(number) > 1 for number in range(said))
    return [
        ["words said while it was away", said], ["calls a second meanwhile", asked / AWAY],
        ["all of them told after it was back, s", took], ["told twice", twice],
    ]  # fmt: skip


def drawing() -> list[list[object]]:
    """Milliseconds for a card with six facts, and for the picture of a chart."""
    drawn = subprocess.run([sys.executable, "-c", DRAW], check=True, capture_output=True, text=True)
    card, chart = map(float, drawn.stdout.split())
    return [["a card as blocks", card], ["a chart as a picture", chart]]


def drop(made: Bench) -> list[object]:
    made.server.drop_sockets()
    first = made.until(lambda: len(made.server.sockets.live) >= 1)
    both = made.until(lambda: len(made.server.sockets.live) >= 2) + first
    return ["all connections cut", first, both]


def main() -> None:
    logging.disable(logging.CRITICAL)
    head = ["by", "commands", "failed", "answer p50 ms", "p99", "max", "done p50 ms", "p99"]
    with bench(socket=False) as made:
        rows = [floor(made), commands(made, "HTTP")]
        crossed, paced, drawn, away = crossing(made), pace(made), drawing(), gone(made)
    with bench(socket=True) as made:
        rows.append(commands(made, "Socket Mode"))
        dropped = drop(made)
    show(f"Slack: {RATE} commands a second", head, rows)
    show("Slack: one word at a time", ["way", "p50 ms", "p95 ms"], crossed)
    show("Slack: a storm of words", ["what", "", ""], paced)
    show(f"Slack: away for {AWAY} seconds", ["what", ""], away)
    show("Slack: drawing", ["what", "ms"], drawn)
    show("Slack: a network that dies", ["what", "first back s", "both back s"], [dropped])
