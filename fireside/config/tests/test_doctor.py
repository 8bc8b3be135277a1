"""The doctor finds what is wrong, says what to do, changes nothing, shows no secret, and is soon back."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from fireside.config.doctor import database, machine, others, variables
from fireside.config.doctor.findings import Finding, examine, fine
from fireside.config.tests.test_cli import started
from fireside.hearth.timeline import Cursor, Entry

SECRETS = ("hunter2", "HUNTER2", "xoxb-", "s3cret")


def words(found: Iterable[Finding]) -> str:
    return "\n".join(map(str, found))


def tree(folder: Path) -> dict[str, tuple[int, int]]:
    return {str(p): (p.stat().st_mtime_ns, p.stat().st_size) for p in sorted(folder.rglob("*"))}


# -- the command -------------------------------------------------------------------------------------------


def test_every_setting_that_is_nonsense_is_told_at_once_and_no_secret_with_it(tmp_path: Path) -> None:
    (tmp_path / "secret_key").write_text("hunter2" * 9)
    asked = started(
        tmp_path, "doctor", LOG_LEVEL="LOUD", PUBLIC_URL="foo", EMAIL_URL="smtp-hunter2", SLACK_CLIENT_ID="1",
        SLACK_BOT_TOKEN="hunter2", DATABASE_URL="mysql://u:s3cret@host/name",
        BACKUP_TO="AGE-SECRET-KEY-1HUNTER2",
    )  # fmt: skip
    assert (asked.returncode, asked.stderr) == (1, "")
    for name in ("LOG_LEVEL", "PUBLIC_URL", "EMAIL_URL", "SLACK_BOT_TOKEN", "DATABASE_URL", "BACKUP_TO"):
        assert f"broken  Settings: {name}" in asked.stdout
    assert "SLACK_CLIENT_ID and SLACK_CLIENT_SECRET go together" in asked.stdout
    assert not [secret for secret in SECRETS if secret in asked.stdout.replace("begins with xoxb-", "")]


def test_where_there_is_no_house_yet_none_is_made(tmp_path: Path) -> None:
    asked = started(tmp_path / "nowhere", "doctor", "--json")
    assert (asked.returncode, asked.stderr) == (0, "")
    found = json.loads(asked.stdout)
    assert {finding["mark"] for finding in found} == {"fine", "look"}
    assert any("There is no folder" in finding["what"] and finding["do"] for finding in found)
    assert not (tmp_path / "nowhere").exists()


def test_a_database_that_is_away_is_told_and_the_rest_looked_at(tmp_path: Path) -> None:
    asked = started(tmp_path, "doctor", DATABASE_URL="postgres://u:s3cret@127.0.0.1:1/x")
    assert (asked.returncode, asked.stderr) == (1, "")
    assert "broken  The database does not answer: " in asked.stdout
    assert "Connection refused" in asked.stdout
    assert "s3cret" not in asked.stdout
    assert "the time zones" in asked.stdout
    assert not [*tmp_path.iterdir()]


# -- asking ------------------------------------------------------------------------------------------------


def test_a_check_that_faints_or_hangs_spoils_nothing() -> None:
    def faints() -> Iterator[Finding]:
        yield fine("so far")
        raise RuntimeError("hunter2")

    hangs = threading.Event()
    began = time.monotonic()
    found = examine([("stove", faints), ("well", lambda: iter([fine(str(hangs.wait(30)))]))], limit=0.3)
    hangs.set()
    assert time.monotonic() - began < 5
    assert [finding.what for finding in found] == [
        "so far",
        "The stove could not be looked at (RuntimeError).",
        "The well gave no answer within 0 seconds.",
    ]


# -- the machine -------------------------------------------------------------------------------------------


def test_the_folder_and_its_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = tmp_path / "secret_key"
    assert "There is no folder" in words(machine.folder(tmp_path / "nowhere"))
    key.write_text("x")
    key.chmod(0o644)
    before = tree(tmp_path)
    assert f"look    Others on this machine may read {key}.\n        chmod 600 {key}" in words(
        machine.folder(tmp_path)
    )
    assert tree(tmp_path) == before
    key.chmod(0o600)
    assert "The secret key is its owner's alone" in words(machine.folder(tmp_path))
    key.write_bytes(b"\xff\xfe")
    assert "cannot be read" in words(machine.folder(tmp_path))
    key.write_text("")
    assert "broken" in words(machine.folder(tmp_path))
    assert "is not a folder" in words(machine.folder(key))
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert "cannot be written to" in words(machine.folder(tmp_path))


def test_a_disk_without_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for free, mark in ((5, "broken"), (500, "look"), (5000, "fine")):
        monkeypatch.setattr(
            machine.shutil, "disk_usage", lambda _, free=free: type("", (), {"free": free * 1_000_000})
        )
        assert f"{mark:<8}The disk of" in words(machine.folder(tmp_path))


def test_the_last_backup(tmp_path: Path) -> None:
    last = tmp_path / "last_backup.json"
    assert "look    No backup is known here" in words(machine.backups(tmp_path))
    for content in ("", "[]", "{}", '{"at": 5}', '{"at": "x"}', '{"at": "2026-01-01"}'):
        last.write_text(content)
        assert "cannot be read" in words(machine.backups(tmp_path))
    last.write_text(json.dumps({"at": datetime.now(UTC).isoformat(), "to": "/b/house.age"}))
    assert "fine    The last backup is 0 hours old (/b/house.age)" in words(machine.backups(tmp_path))
    last.write_text(json.dumps({"at": (datetime.now(UTC) - timedelta(days=9)).isoformat(), "to": ""}))
    assert "look    The last backup is 9 days old." in words(machine.backups(tmp_path))


def test_the_clock_the_zones_and_how_much_may_be_open(monkeypatch: pytest.MonkeyPatch) -> None:
    assert words(machine.clock()).startswith("fine")
    steps = iter([1000.0, 1060.0])
    with monkeypatch.context() as patch:
        patch.setattr(machine.time, "time", lambda: next(steps))
        assert "look    The clock jumped by" in words(machine.clock())
    with monkeypatch.context() as patch:
        patch.setattr(machine, "ZONES", ("Mars/Olympus_Mons",))
        assert "Install tzdata" in words(machine.clock())
    monkeypatch.setattr(machine.resource, "getrlimit", lambda _: (256, 1024))
    assert "At most 1,024 files" in words(machine.limits())


def test_where_people_open_it() -> None:
    for url, said in (
        ("https://fireside.example.org", "fine"), ("http://fireside.example.org", "look"),
        ("http://127.0.0.1:8000", "look"), ("https://example.org/fireside", "broken"),
    ):  # fmt: skip
        assert words(variables.address(url)).startswith(said)


# -- the database ------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_database_in_order_is_told_so() -> None:
    found = [*database.database()]
    assert "The tables are those of this release" in words(found)
    assert not [finding for finding in found if finding.mark == "broken"]


@pytest.mark.django_db(transaction=True)
def test_a_newer_an_older_and_a_future_database(org: Any) -> None:
    recorder = MigrationRecorder(connection)
    recorder.record_applied("hearth", "0999_from_the_future")
    assert "broken  A newer Fireside has changed this database (hearth.0999" in words(database.database())
    recorder.record_unapplied("hearth", "0999_from_the_future")
    recorder.record_unapplied("hearth", "0002_words")
    assert "look    The database lacks 1 migrations of this release" in words(database.database())
    recorder.record_applied("hearth", "0002_words")
    later = timezone.now() + timedelta(hours=1)
    Entry.objects.create(at=later, noted_at=later, verb="x")
    assert "seconds in the future" in words(database.database())


def test_a_damaged_an_empty_and_a_missing_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "fireside.sqlite3"
    monkeypatch.setitem(connection.settings_dict, "NAME", path)
    monkeypatch.setattr(connection, "vendor", "sqlite")
    assert "There is no database at" in words(database.database())
    path.write_bytes(b"this is not a database" * 400)
    assert "broken  The database does not answer: file is not a database" in words(database.database())
    path.unlink()
    with closing(sqlite3.connect(path)) as base:
        base.execute("CREATE TABLE django_migrations (app, name)")
        base.execute("CREATE TABLE t (x)")
        base.executemany("INSERT INTO t VALUES (?)", [("words " * 100,)] * 2000)
        base.commit()
    assert "writers wait for readers" in words(database.database())
    before = tree(tmp_path)
    spoilt = bytearray(path.read_bytes())
    spoilt[len(spoilt) // 2 :] = os.urandom(len(spoilt) - len(spoilt) // 2)
    path.write_bytes(spoilt)
    assert "broken" in words(database.database())
    assert [*tree(tmp_path)] == [*before]


def test_a_server_whose_clock_differs_or_that_would_forget_after_a_power_cut() -> None:
    an_hour = timedelta(hours=1)
    assert "seconds apart" in words(database._clocks(lambda *_: [(datetime.now(UTC) + an_hour,)]))
    assert "seconds apart" in words(database._clocks(lambda *_: [(datetime.now(UTC) - an_hour,)]))
    assert "fine" in words(database._clocks(lambda *_: [(datetime.now(UTC),)]))
    assert "a power cut loses what was said" in words(database._settings_of(lambda *_: [("off",)]))
    assert not words(database._settings_of(lambda *_: [("on",)]))
    assert "look    A commit takes 500 ms." in words([database.speed(0.5, "A commit")])
    assert "fine    A commit takes 2.0 ms." in words([database.speed(0.002, "A commit")])


# -- what works beside it ----------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_the_worker_and_how_far_behind_it_is(org: Any, settings: Any, tmp_path: Path) -> None:
    settings.DATA = tmp_path
    assert "look    No worker runs" in words(others.worker())
    assert not [*tmp_path.iterdir()] or connection.vendor == "postgresql"
    Cursor.objects.update_or_create(name="router", defaults={"entry": 0})
    Entry.objects.create(pk=5000, at=timezone.now(), verb="x")
    assert "look    The worker has 5,000 entries to go through" in words(others.worker())
    Cursor.objects.update(entry=5000)
    assert "fine    The worker keeps up" in words(others.worker())
    if connection.vendor == "sqlite":
        (tmp_path / "locks").mkdir()
        with (tmp_path / "locks" / "router").open("w") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            assert "fine    A worker runs." in words(others.worker())


def test_a_mail_server_that_is_away_one_that_refuses_and_none(settings: Any) -> None:
    settings.CAN_MAIL = False
    assert "E-mail is not set up" in words(others.mail())
    settings.CAN_MAIL = True
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "ana", "s3cret"
    assert "broken  The mail server cannot be reached (ConnectionRefusedError)" in words(others.mail())
    with socket.create_server(("127.0.0.1", 0)) as server:
        settings.EMAIL_PORT = server.getsockname()[1]
        threading.Thread(target=partial(_post_office, server), daemon=True).start()
        said = words(others.mail())
    assert "broken  The mail server refuses the user or the password" in said
    assert "s3cret" not in said


def _post_office(server: socket.socket) -> None:
    caller, _ = server.accept()
    with suppress(BrokenPipeError), caller, caller.makefile("rw", newline="\r\n") as line:
        for answer in (
            "220 here",
            "250-here\n250 AUTH LOGIN PLAIN",
            "535 no s3cret",
            "535 no",
            "535 no",
            "221 bye",
        ):
            if not answer.startswith("220"):
                line.readline()
            line.write(f"{answer}\n")
            line.flush()


class Says(BaseHTTPRequestHandler):
    """A Slack that answers every question in the same way."""

    answer = b"{}"

    def do_POST(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(self.answer)

    def log_message(self, *_: object) -> None:
        """Nothing."""


def test_a_slack_that_knows_us_one_that_refuses_and_none_at_all(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "fine    Slack is not set up." in words(others.slack())
    with ThreadingHTTPServer(("127.0.0.1", 0), Says) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        url = f"http://127.0.0.1:{server.server_address[1]}/api/"
        settings.SLACK = {**settings.SLACK, "BOT_TOKEN": "xoxb-hunter2", "API_URL": url}
        monkeypatch.setattr(Says, "answer", b'{"ok": true}')
        assert "fine    Slack knows us (SLACK_BOT_TOKEN)." in words(others.slack())
        monkeypatch.setattr(Says, "answer", b'{"ok": false, "error": "token_revoked"}')
        said = words(others.slack())
        assert "broken  Slack refuses the token of SLACK_BOT_TOKEN: token_revoked." in said
        assert not [secret for secret in SECRETS if secret in said]
        server.shutdown()
        serving.join()
    settings.SLACK = {**settings.SLACK, "API_URL": "http://127.0.0.1:1/api/"}
    assert "broken  Slack cannot be reached for SLACK_BOT_TOKEN" in words(others.slack())
