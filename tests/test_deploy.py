"""What is in deploy/ fits the house: systemd takes the units, containers are built from what there is."""

from __future__ import annotations

import re
import shlex
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from fireside import __version__
from fireside.config.cli import main
from fireside.config.env import SETTINGS
from tests.machines import ROOT, House, process, wait_for

pytestmark = pytest.mark.wheel
DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
NAMES = {setting.name for setting in SETTINGS} | {f"{setting.name}_FILE" for setting in SETTINGS}
INSTALLED = "/usr/local/bin/fireside"


def ids(path: Path) -> str:
    return path.name


def lines(unit: Path, key: str) -> list[str]:
    return re.findall(rf"^{key}=(.*)$", unit.read_text(), re.MULTILINE)


# -- systemd -----------------------------------------------------------------------------------------------


def test_systemd_understands_every_unit(tmp_path: Path) -> None:
    for unit in (DEPLOY / "systemd").iterdir():  # as installed, but with a command that is here
        (tmp_path / unit.name).write_text(unit.read_text().replace(INSTALLED, "/bin/true"))
    units = [*tmp_path.glob("*.service"), *tmp_path.glob("*.timer")]
    assert len(units) == 6
    told = subprocess.run(["systemd-analyze", "verify", "--man=no", *units], capture_output=True, text=True)
    assert (told.returncode, told.stderr) == (0, "")


@pytest.mark.parametrize("unit", UNITS, ids=ids)
def test_a_unit_may_do_little(unit: Path) -> None:
    told = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=20", "--no-pager", unit],
        capture_output=True, text=True,
    )  # fmt: skip
    assert told.returncode == 0, told.stdout


def test_all_units_are_held_by_the_same_lines() -> None:
    held = {unit.read_text().partition("# What it may not")[2].partition("\n\n")[0].strip() for unit in UNITS}
    assert len(held) == 1


@pytest.mark.parametrize("unit", UNITS, ids=ids)
def test_a_unit_names_settings_that_there_are(unit: Path) -> None:
    for words in lines(unit, "Environment"):
        assert {pair.partition("=")[0] for pair in words.split()} <= NAMES
    assert lines(unit, "User") == ["fireside"]
    assert any("/etc/fireside/fireside.env" in name for name in lines(unit, "EnvironmentFile"))


def test_the_file_of_settings_names_settings_that_there_are() -> None:
    named = re.findall(r"^#?([A-Z_]+)=", (DEPLOY / "systemd" / "fireside.env").read_text(), re.MULTILINE)
    assert set(named) <= NAMES | {"BACKUP_TO"}


def test_the_backup_is_made_as_the_command_wants_it() -> None:
    [asked] = lines(DEPLOY / "systemd" / "fireside-backup.service", "ExecStart")
    assert f'{INSTALLED} backup --to "$BACKUP_TO" "/var/lib/fireside-backups/' in asked
    if "backup" in main.commands:
        assert "--to" in {name for param in main.commands["backup"].params for name in param.opts}


def test_systemd_hears_when_the_door_is_open_and_the_house_leaves_when_asked(tmp_path: Path) -> None:
    house = House(tmp_path)
    [asked] = lines(DEPLOY / "systemd" / "fireside.service", "ExecStart")
    words = shlex.split(asked.replace(INSTALLED, f"{sys.executable} -m fireside"))
    words[words.index("--port") + 1] = str(house.port)
    address = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(address)
        manager.settimeout(60)
        with process(*words, log=house.log, env=house.env | {"NOTIFY_SOCKET": address}) as running:
            assert manager.recv(100) == b"READY=1"
            assert httpx.get(f"{house.url}/healthz").status_code == 200
            running.terminate()
            assert running.wait(30) == 0


def alone(part: str) -> tuple[str, ...]:
    """The words with which the unit of this part starts it."""
    [asked] = lines(DEPLOY / "systemd" / f"fireside-{part}.service", "ExecStart")
    return tuple(shlex.split(asked.replace(INSTALLED, f"{sys.executable} -m fireside")))


def test_the_worker_begins_without_a_door_and_leaves_when_asked(tmp_path: Path) -> None:
    house = House(tmp_path)
    with process(*alone("worker"), log=house.log, env=house.env) as running:
        jobs = "SELECT name FROM sqlite_master WHERE name = 'workflow_status'"
        wait_for(lambda: house.rows(jobs), "the engine to begin")
        running.terminate()
        assert running.wait(30) == 0


def test_without_slack_its_part_says_so_and_ends(tmp_path: Path) -> None:
    house = House(tmp_path)
    with process(*alone("slack"), log=house.log, env=house.env) as running:
        assert running.wait(30) == 1
    assert "Slack is not set up: docs/slack.md" in house.log.read_text()


# -- containers --------------------------------------------------------------------------------------------


def steps() -> list[tuple[str, str]]:
    """The Containerfile as (instruction, words)."""
    text = (DEPLOY / "Containerfile").read_text().replace("\\\n", " ")
    found = [line.partition(" ") for line in text.splitlines() if line and not line.startswith("#")]
    return [(word, rest.strip()) for word, _, rest in found]


def test_a_container_is_built_from_what_is_in_the_checkout() -> None:
    for word, rest in steps():
        if word == "COPY" and "--from" not in rest:
            for source in rest.split()[:-1]:
                assert (ROOT / source).exists(), source
    runs = [rest for word, rest in steps() if word == "RUN"]
    [locked] = [run for run in runs if "run.lock" in run]
    assert "--require-hashes" in locked
    assert all("--no-index" in run for run in runs if " pip wheel" in run or "dist/*.whl" in run)
    assert not any("://" in run for run in runs), "where packages come from is for pip's own settings to say"


def test_a_container_runs_as_nobody_in_particular_and_tells_how_it_is() -> None:
    known = [word for word, _ in steps()]
    assert set(known) <= {
        "FROM", "WORKDIR", "COPY", "RUN", "ENV", "USER", "VOLUME", "EXPOSE", "STOPSIGNAL", "HEALTHCHECK",
        "ENTRYPOINT", "CMD",
    }  # fmt: skip
    last = [dict(steps()[index:]) for index, word in enumerate(known) if word == "FROM"][-1]
    assert last["USER"] == "fireside"
    assert last["VOLUME"] == "/data"
    assert "FIRESIDE_DATA=/data" in last["ENV"]
    assert "/readyz" in last["HEALTHCHECK"]
    assert last["ENTRYPOINT"] == '["fireside"]'
    assert all(":" in rest and not rest.endswith(":latest") for word, rest in steps() if word == "FROM")


def test_what_asks_a_container_how_it_is_works(tmp_path: Path) -> None:
    [health] = [rest for word, rest in steps() if word == "HEALTHCHECK"]
    house = House(tmp_path)
    code = yaml.safe_load(health.partition("CMD ")[2])[2].replace(":8000", f":{house.port}")
    ask = [sys.executable, "-c", code]
    assert subprocess.run(ask, capture_output=True).returncode != 0
    with house.up():
        wait_for(
            lambda: subprocess.run(ask, capture_output=True).returncode == 0, "the house to be ready", 30
        )


def test_the_composed_house_names_only_what_there_is() -> None:
    composed: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    assert set(composed["services"]) == {"web", "worker", "slack", "postgres"}
    for name, service in composed["services"].items():
        assert set(service["secrets"]) <= set(composed["secrets"])
        for volume in service["volumes"]:
            assert volume.partition(":")[0] in composed["volumes"]
        if name == "postgres":
            continue
        assert service["image"] == f"fireside:{__version__}"
        assert set(service["environment"]) <= NAMES
        for setting in service["environment"].values():
            secret = re.fullmatch("/run/secrets/(.*)", setting)
            assert secret is None or secret[1] in service["secrets"]
        assert main.commands["up"].make_context("up", list(service["command"][1:])).params["only"] == name
        assert (DEPLOY / service["build"]["context"] / service["build"]["dockerfile"]).resolve().exists()
    for secret in composed["secrets"].values():
        assert secret["file"].startswith("secrets/")


def test_secrets_beside_the_composed_house_are_never_committed() -> None:
    told = subprocess.run(
        ["git", "check-ignore", "--quiet", "deploy/secrets/secret_key"], cwd=ROOT, capture_output=True
    )
    assert told.returncode == 0
