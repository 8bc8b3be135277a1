"""One web and one worker beside two of each, on one PostgreSQL: `tools/postgres.sh python -m bench machines`.

On two cores that are busy already nothing can double; the table says how busy they were, and with what.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx

from bench.alertmanager import knock
from bench.house import free_port, processor
from bench.table import part, show

SECONDS, TALKERS = 6, 16
SOW = [sys.executable, "-m", "bench.seed", json.dumps({"messages": 100})]
KEY = """
import django; django.setup()
from fireside.hearth.keys import Key
from fireside.hearth.models import Person
print(Key.make(Person.objects.get(), "bench")[1])
"""


@contextmanager
def up(*arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "fireside", "up", *arguments], stdout=subprocess.DEVNULL,
        env={**os.environ, "LOG_LEVEL": "ERROR"},
    )  # fmt: skip
    try:
        yield process
    finally:
        process.terminate()
        process.wait(20)


def say(ports: list[int], key: str) -> tuple[float, list[float]]:
    """Words said a second through the API by people who each wait for their answer."""
    times: list[float] = []
    end = time.perf_counter() + SECONDS

    def talk(number: int) -> None:
        url = f"http://127.0.0.1:{ports[number % len(ports)]}"
        with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=60) as client:
            while time.perf_counter() < end:
                began = time.perf_counter()
                answer = client.post("/api/do/say", json={"room": "bench", "words": f"word {began}"})
                assert answer.status_code == 200, answer.text
                times.append((time.perf_counter() - began) * 1000)

    with ThreadPoolExecutor(TALKERS) as pool:
        list(pool.map(talk, range(TALKERS)))
    return len(times) / SECONDS, times


def alerts(ports: list[int], token: str) -> float:
    """Alerts a second that were answered, 64 a post."""

    def one(number: int) -> float:
        first = (number + 1) * 10**7
        seen = knock(ports[number], token, size=64, connections=4, seconds=SECONDS, first=first)
        assert not seen.failed
        return seen.alerts / seen.seconds

    with ThreadPoolExecutor(len(ports)) as pool:
        return sum(pool.map(one, range(len(ports))))


def busy() -> tuple[float, float]:
    """Seconds that all cores have worked, and could have."""
    fields = [int(word) for word in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) / 100, sum(fields) / 100


def measured(many: int, token: str, key: str, folder: str) -> list[object]:
    ports = [free_port() for _ in range(many)]
    with ExitStack() as stack:
        webs = [
            stack.enter_context(up("--only", "web", "--port", str(port), "--data", folder)) for port in ports
        ]
        for _ in range(many):
            stack.enter_context(up("--only", "worker", "--data", folder))
        for port in ports:
            while True:
                try:
                    if httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=5).status_code == 200:
                        break
                except httpx.TransportError:
                    time.sleep(0.05)
        time.sleep(3)
        say(ports, key)
        before, began = busy(), sum(processor(web.pid) for web in webs)
        rate, times = say(ports, key)
        after, ours = busy(), sum(processor(web.pid) for web in webs) - began
        cores = 100 * (after[0] - before[0]) / (after[1] - before[1])
        return [
            many,
            rate,
            part(times, 50),
            part(times, 99),
            cores,
            100 * ours / SECONDS,
            alerts(ports, token),
        ]


def main() -> None:
    if not os.environ.get("DATABASE_URL"):
        print("\n## two machines: not measured, needs tools/postgres.sh in front")
        return
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"FIRESIDE_DATA": folder, "DJANGO_SETTINGS_MODULE": "fireside.config.settings"}
        sown = subprocess.run(SOW, check=True, capture_output=True, text=True)
        token = json.loads(sown.stdout.splitlines()[-1])["token"]
        made = subprocess.run([sys.executable, "-c", KEY], check=True, capture_output=True, text=True)
        rows = [measured(many, token, made.stdout.split()[-1], folder) for many in (1, 2)]
    show(
        f"webs and workers on one PostgreSQL, on {os.cpu_count()} cores, {TALKERS} people talking",
        ["webs and workers", "words/s", "p50 ms", "p99 ms", "cores busy %", "webs' share of a core %",
         "alerts/s answered"],
        rows,
    )  # fmt: skip
