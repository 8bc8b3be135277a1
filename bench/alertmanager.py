"""The Alertmanager that Debian ships, as a peer in the same run."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.house import free_port, processor, share

PROGRAM = "prometheus-alertmanager"


@dataclass
class Alertmanager:
    """A running one, forgetting everything at the end."""

    port: int
    pid: int
    token: str = ""

    def cpu(self) -> float:
        return processor(self.pid)

    def rss(self) -> float:
        return share(self.pid)


@contextmanager
def alertmanager(
    receiver: dict[str, Any] | None = None, wait: str = "1s", interval: str = "5s"
) -> Iterator[Alertmanager]:
    """Groups by name and team, tells `receiver` (nobody when None); its file is JSON, which is YAML too."""
    if shutil.which(PROGRAM) is None:
        raise SystemExit(f"{PROGRAM} is not here: make packages")
    folder, port = tempfile.mkdtemp(prefix="fireside-bench-am-"), free_port()
    route = {
        "receiver": "them",
        "group_by": ["alertname", "team"],
        "group_wait": wait,
        "group_interval": interval,
    }
    config = {"route": route, "receivers": [{"name": "them", **(receiver or {})}]}
    Path(folder, "config.yml").write_text(json.dumps(config))
    arguments = [
        f"--config.file={folder}/config.yml", f"--storage.path={folder}/data", "--log.level=error",
        f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address=",
    ]  # fmt: skip
    process = subprocess.Popen([PROGRAM, *arguments], stderr=subprocess.DEVNULL)
    try:
        while not _ready(port):
            time.sleep(0.02)
        yield Alertmanager(port, process.pid)
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _ready(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/-/ready")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


@dataclass
class Knocks:
    """What wrk saw: alerts, seconds, milliseconds at two percentiles, and answers that were not 2xx."""

    alerts: int
    seconds: float
    p50: float
    p99: float
    failed: int


def knock(port: int, token: str, *, size: int, connections: int, seconds: int, **more: int) -> Knocks:
    """Post alerts as fast as they are taken."""
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is not here: make packages")
    environment = {**os.environ, "SIZE": str(size), "TOKEN": token}
    environment |= {name.upper(): str(value) for name, value in more.items()}
    told = subprocess.run(
        ["wrk", "-t1", f"-c{connections}", f"-d{seconds}", "--timeout", "30s", "-s",
         str(Path(__file__).parent / "knock.lua"), f"http://127.0.0.1:{port}"],
        env=environment, check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    line = next(line for line in told.splitlines() if line.startswith("TOLD"))
    requests, micros, p50, p99, failed = (float(word) for word in line.split()[1:])
    return Knocks(int(requests) * size, micros / 1e6, p50 / 1000, p99 / 1000, int(failed))
