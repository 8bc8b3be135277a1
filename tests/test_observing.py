"""A real Prometheus watches a real house: the rules are sound, one of them rings, and the log keeps quiet."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.machines import ROOT, UP, House, answers, free_port, installed, process, wait_for

pytestmark = pytest.mark.prometheus

RULES = ROOT / "deploy/prometheus/fireside.rules.yml"
BOARD = ROOT / "deploy/grafana/fireside.json"
WORD = "woozle"


@pytest.fixture(autouse=True)
def _machines_are_here() -> None:
    assert installed(), "this needs the Debian packages prometheus and prometheus-alertmanager"


def promtool(*given: str) -> str:
    asked = subprocess.run(["promtool", *given], capture_output=True, text=True, check=False)
    assert asked.returncode == 0, asked.stdout + asked.stderr
    return asked.stdout


def panels() -> list[str]:
    """What the dashboard asks, as Grafana hands it on."""
    board = json.loads(BOARD.read_text())
    asked = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    return [expr.replace("$instance", ".*").replace("$__rate_interval", "1m") for expr in asked]


def test_the_rules_are_sound_and_each_rings_when_it_is_meant_to() -> None:
    assert "SUCCESS: 19 rules found" in promtool("check", "rules", str(RULES))
    assert "SUCCESS" in promtool("test", "rules", str(RULES.with_name("fireside.test.yml")))
    told = RULES.with_name("fireside.test.yml").read_text()
    rings = set(re.findall(r"alertname: (\w+)\n +exp_alerts:\n", told))
    assert rings == set(re.findall(r"- alert: (\w+)", RULES.read_text()))


def test_every_panel_asks_what_prometheus_understands(tmp_path: Path) -> None:
    rules = [{"record": f"panel:{number}", "expr": expr} for number, expr in enumerate(panels())]
    (tmp_path / "panels.yml").write_text(json.dumps({"groups": [{"name": "panels", "rules": rules}]}))
    assert f"SUCCESS: {len(rules)} rules found" in promtool("check", "rules", str(tmp_path / "panels.yml"))


@contextmanager
def watching(folder: Path, house: House, *targets: int) -> Iterator[str]:
    """A real Prometheus with our rules, one of which rings at once, and tells the house itself."""
    port = free_port()
    patient = r"(alert: FiresideJobsSetAside\n.*\n +for:) \w+"
    (folder / "rules.yml").write_text(re.sub(patient, r"\1 0s", RULES.read_text()))
    at = ", ".join(f'"127.0.0.1:{target}"' for target in targets)
    (folder / "prometheus.yml").write_text(f"""
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: [{folder / "rules.yml"}]
scrape_configs:
  - job_name: fireside
    static_configs: [{{targets: [{at}]}}]
alerting:
  alertmanagers:
    - static_configs: [{{targets: ["127.0.0.1:{house.port}"]}}]
      authorization: {{credentials: {house.token}}}
""")
    args = (
        "prometheus", f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={folder / 'tsdb'}",
        f"--web.listen-address=127.0.0.1:{port}", "--rules.alert.resend-delay=1s",
    )  # fmt: skip
    with process(*args, log=folder / "prometheus.log"):
        wait_for(lambda: answers(f"http://127.0.0.1:{port}/-/ready"), "Prometheus")
        yield f"http://127.0.0.1:{port}/api/v1"


def ask(prometheus: str, expr: str) -> list[Any]:
    said = httpx.get(f"{prometheus}/query", params={"query": expr}).json()
    assert said["status"] == "success", said
    return list(said["data"]["result"])


def test_a_job_that_was_set_aside_rings_and_becomes_a_card_of_the_house_itself(tmp_path: Path) -> None:
    house = House(tmp_path)
    window = free_port()
    worker = (*UP, "--only", "worker", "--metrics-port", str(window), "--data", str(house.data))
    with house.up(), process(*worker, log=tmp_path / "worker.log", env=house.env):
        wait_for(lambda: answers(f"http://127.0.0.1:{window}/readyz"), "the worker's window")
        wait_for(lambda: httpx.get(f"{house.url}/readyz").text == "ready\n", "the house to be ready")
        (house.data / "last_backup.json").touch()
        with watching(tmp_path, house, house.port, window) as prometheus:
            wait_for(lambda: ask(prometheus, "count(fireside_ready == 1) == 2"), "both to be ready")
            assert ask(prometheus, "sum(process_open_fds) > 20")
            for expr in panels():
                ask(prometheus, expr)
            assert ask(prometheus, 'ALERTS{alertstate="firing"}') == []
            house.rows(
                "INSERT INTO workflow_status (workflow_uuid, status, name, queue_name) "
                "VALUES ('entry:1:x', 'ERROR', 'job', 'work')"
            )
            [card] = wait_for(lambda: house.cards("alerts"), "the card")
            assert card["title"]["parts"]["title"] == "Jobs were set aside in Fireside"
            assert "observing.md#jobs-were-set-aside" in json.dumps(card)
            house.rows("DELETE FROM workflow_status WHERE workflow_uuid = 'entry:1:x'")
            wait_for(lambda: house.cards("alerts")[0]["tone"] == "ok", "the card to turn green")


def test_many_at_once_keep_their_ids_apart_and_their_words_to_themselves(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.env |= {"LOG_LEVEL": "DEBUG", "LOG_FORMAT": "json", "LEAVE_AFTER": "2"}
    routes = {
        "/welcome/": "welcome", f"/join/{WORD}/": "join", f"/hooks/alertmanager/{WORD}": "hooks",
        f"/search/?q={WORD}": "search", "/healthz": "healthz", f"/rooms/{WORD}/": "rooms",
    }  # fmt: skip
    with house.up(), httpx.Client(base_url=house.url) as client, ThreadPoolExecutor(16) as threads:

        def visit(number: int) -> None:
            path, name = list(routes.items())[number % len(routes)]
            given = f"{name}-{number:05}"
            heads = {"X-Request-ID": given, "User-Agent": WORD, "Authorization": f"Bearer {WORD}"}
            answer = client.request("POST" if name == "hooks" else "GET", path, headers=heads)
            assert answer.headers["x-request-id"] == given
            assert answer.status_code < 500

        list(threads.map(visit, range(300)))
        house.end()
        said = "the house is about to close here\n"
        wait_for(lambda: client.get("/readyz").text == said, "the house to say that it closes", 5)
        assert client.get("/healthz").text == "ok\n", "the door is still open"
    out = house.log.read_text()
    lines = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
    told = [line for line in lines if "route" in line and re.fullmatch(r"[a-z]+-\d{5}", line["request"])]
    assert len(told) == 300
    for line in told:
        name = line["request"].split("-")[0]
        assert line["route"] == "other" or line["route"].startswith(f"/{name}"), line
    assert WORD not in out
    assert house.token not in out
