"""A real Fireside for a benchmark: its own folder, its own port, the real process, ended at the end."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass
class House:
    """A running Fireside: where it listens, its process id, and a signed-in visitor's cookie."""

    port: int
    pid: int
    cookie: str
    token: str
    ready: float  # seconds from start to the first page
    folder: str  # where its database is

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    def rss(self) -> float:
        return share(self.pid)

    def cpu(self) -> float:
        return processor(self.pid)


def share(pid: int) -> float:
    """Memory in MiB that a process holds for itself and its share of what is shared (PSS)."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    line = next(line for line in rollup.splitlines() if line.startswith("Pss:"))
    return int(line.split()[1]) / 1024


def processor(pid: int) -> float:
    """Seconds of processor time a process has used so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@contextmanager
def house(**seed: int) -> Iterator[House]:
    """Seed a new folder (`messages=10_000`), serve it, and clear all away afterwards."""
    folder = tempfile.mkdtemp(prefix="fireside-bench-")
    environment = {
        **os.environ,
        "FIRESIDE_DATA": folder,
        "DJANGO_SETTINGS_MODULE": "fireside.config.settings",
    }
    sown = subprocess.run(
        [sys.executable, "-m", "bench.seed", json.dumps(seed)],
        env=environment, check=True, capture_output=True, text=True,
    )  # fmt: skip
    keys = json.loads(sown.stdout.splitlines()[-1])
    began = time.perf_counter()
    try:
        with served(folder) as (port, process):
            yield House(port, process.pid, keys["cookie"], keys["token"], time.perf_counter() - began, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def served(folder: str, port: int = 0) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """`fireside up` on a folder, as its own process, ready when this yields and ended afterwards."""
    port = port or free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "fireside", "up", "--port", str(port), "--data", folder],
        env={**os.environ, "LOG_LEVEL": "ERROR", "DJANGO_SETTINGS_MODULE": "fireside.config.settings"},
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        _wait(port, process)
        yield port, process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(1200):
        if process.poll() is not None:
            raise SystemExit(f"fireside up ended with {process.returncode}")
        if _answers(port):
            return
        time.sleep(0.02)
    raise SystemExit("fireside up was not ready after 24 s")


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/account/login/")
        return connection.getresponse().status < 400
    except OSError:
        return False
    finally:
        connection.close()
