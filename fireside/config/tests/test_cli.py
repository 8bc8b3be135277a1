"""The `fireside` command as somebody at a terminal meets it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from fireside.alerts.models import Source
from fireside.config.cli import main
from fireside.config.serve import CannotServe, check_port
from fireside.hearth.keys import Key, digest
from fireside.hearth.models import Message, Person, Room
from fireside.incidents.models import Incident

Run = Callable[..., Result]


@pytest.fixture
def run(db: None, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Say a line to the command, in this process; the database is ready."""
    monkeypatch.setattr("fireside.config.serve.prepare", lambda: None)
    return lambda *words: CliRunner().invoke(main, list(words))


def started(folder: Path, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    """The command as a process of its own, in an empty house."""
    known = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    known |= {"FIRESIDE_DATA": str(folder), "DJANGO_SETTINGS_MODULE": "fireside.config.settings"} | env
    return subprocess.run(
        [sys.executable, "-m", "fireside", *words], env=known, capture_output=True, text=True, check=False
    )


# -- doing what people do ----------------------------------------------------------------------------------


def test_what_is_done_at_the_terminal_is_said_in_the_room(run: Run, room: Room, ana: Person) -> None:
    done = run("do", "incident", "customers", "cannot", "pay", "--room", room.slug, "--as", ana.handle)
    assert (done.exit_code, done.stderr) == (0, "")
    assert "inc-1 is open, and you are in it" in done.stdout
    incident = Incident.objects.get()
    done = run("do", "/decide", "roll back", "because: errors tripled", "--room", "inc-1", "--as", ana.handle)
    assert done.exit_code == 0
    assert "roll back" in done.stdout
    assert "roll back" in str(Message.objects.filter(room=incident.room, author=ana).latest("pk"))


def test_a_whisper_is_printed_and_nobody_else_hears_it(run: Run, room: Room, ana: Person) -> None:
    done = run("do", "help", "--room", room.slug, "--as", ana.handle)
    assert done.exit_code == 0
    assert "/incident" in done.stdout
    assert not Message.objects.exists()


def test_what_could_be_put_right_goes_to_stderr(run: Run, room: Room, ana: Person) -> None:
    for words, sentence in (
        (("do", "close", "--room", room.slug, "--as", ana.handle), "There is no open incident in this room"),
        (("do", "decide", "--room", room.slug, "--as", ana.handle), "/decide needs what"),
        (("do", "dance", "--as", ana.handle), "There is no /dance"),
        (("do", "help", "--as", "nobody-here"), "nobody-here"),
        (("do", "help"), "Say who does it: --as HANDLE, or --token KEY."),
        (("do", "help", "--token", "fs_wrong"), "This key is not known"),
        (("do", "help", "--room", "nowhere", "--as", ana.handle), "nowhere"),
    ):
        done = run(*words)
        assert (done.exit_code, done.stdout) == (1, ""), words
        assert sentence in done.stderr
    assert not Message.objects.exists()


def test_a_key_says_who_does_it(run: Run, room: Room, bo: Person) -> None:
    made = run("token", "new", "--person", bo.handle)
    assert made.exit_code == 0
    secret = made.stdout.strip()
    assert "not shown again" in made.stderr
    assert Key.let_in(secret) == bo
    done = run("do", "incident", "no payments", "--room", room.slug, "--token", secret)
    assert done.exit_code == 0
    assert Incident.objects.get().opened_by == bo


def test_a_key_does_no_more_here_than_through_the_api(run: Run, room: Room, ana: Person) -> None:
    _, reads = Key.make(ana, "reads", scopes="read")
    refused = run("do", "incident", "no payments", "--room", room.slug, "--token", reads)
    assert "This key may not act" in refused.stderr
    assert run("do", "help", "--token", reads).exit_code == 0
    _, in_room = Key.make(ana, "in a room", rooms=[room])
    assert "whole house" in run("do", "deactivate", "@ana-ngata", "--token", in_room).stderr
    assert run("do", "say", "hello", "--room", room.slug, "--token", in_room).exit_code == 0


def test_a_token_for_a_source_is_printed_once(run: Run, org: object) -> None:
    made = run("token", "new", "--intake", "prometheus")
    assert made.exit_code == 0
    assert Source.objects.get(name="prometheus").hash == digest(made.stdout.strip())
    assert run("token", "new").exit_code == 2
    assert run("token", "new", "--person", "a", "--intake", "b").exit_code == 2
    assert run("token", "new", "--person", "nobody-here").exit_code == 1


# -- looking after it --------------------------------------------------------------------------------------


def test_the_schedule_says_what_happens_unasked_when_and_why(run: Run) -> None:
    shown = run("schedule")
    assert shown.exit_code == 0
    assert (
        "incidents.ask_who_leads\n  5 minutes after incident.opened\n  Ask the room who leads" in shown.stdout
    )


def test_in_an_empty_house_there_are_no_jobs(tmp_path: Path) -> None:
    listed = started(tmp_path, "jobs")
    assert (listed.returncode, listed.stderr) == (0, "")
    assert listed.stdout == "Nothing waits, and nothing was set aside.\n"


def test_a_job_that_is_not_there_is_told_plainly(run: Run) -> None:
    for what in ("retry", "cancel"):
        refused = run("jobs", what, "entry:1:x")
        assert refused.exit_code == 1
        assert "is called entry:1:x" in refused.stderr


def test_the_demo_leaves_a_house_with_people_alone(run: Run, ana: Person) -> None:
    refused = run("demo")
    assert refused.exit_code == 1
    assert "There are people in this Fireside already" in refused.stderr
    assert Person.objects.count() == 1


def test_a_backup_says_who_could_open_it_before_it_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "phrase").write_text("\n")
    for words, keys, sentence in (
        ((), "", "Say who can open it: --to age1..., --passphrase, or --plain"),
        (("--to", "age1x"), "", "'age1x' is not a public key of age's"),
        ((), "hunter2", "'hunter2' is not a public key of age's"),
        (("--plain", "--to", "age1x"), "", "Choose one of them"),
        (("--passphrase",), "", "nobody is there to ask"),
        (("--passphrase-file", str(tmp_path / "phrase")), "", "it would lock nothing"),
        (("--check",), "", "There is no "),
    ):
        monkeypatch.setenv("BACKUP_TO", keys)
        refused = CliRunner().invoke(main, ["backup", str(tmp_path / "b.age"), *words])
        assert (refused.exit_code, refused.stdout) == (1, ""), words
        assert sentence in refused.stderr
    assert not (tmp_path / "b.age").exists()


# -- beginning ---------------------------------------------------------------------------------------------


def test_what_is_not_set_up_says_so() -> None:
    refused = CliRunner().invoke(main, ["up", "--only", "slack"])
    assert refused.exit_code == 1
    assert "Slack is not set up" in refused.stderr


def test_a_process_with_a_door_needs_no_window() -> None:
    refused = CliRunner().invoke(main, ["up", "--metrics-port", "9464"])
    assert refused.exit_code == 2
    assert "goes with --only worker or slack" in refused.output


def test_a_port_in_use_is_named_with_what_to_do() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(CannotServe) as refused:
        check_port("127.0.0.1", taken.getsockname()[1])
    assert "is in use already; choose another with --port" in str(refused.value)


@pytest.mark.parametrize(
    ("env", "sentence"),
    [
        ({"DATABASE_URL": "mysql://u:p@host/name"}, "DATABASE_URL names a database Fireside does not speak"),
        ({"DATABASE_URL": "somewhere"}, "DATABASE_URL is not an address of a database"),
        ({"PUBLIC_URL": "foo"}, "PUBLIC_URL is 'foo'; write it like https://fireside.example.org"),
        ({"PUBLIC_URL": "http://[x"}, "PUBLIC_URL is 'http://[x'"),
        ({"LOG_LEVEL": "LOUD"}, "LOG_LEVEL is 'LOUD'; it can be DEBUG, INFO, WARNING or ERROR."),
        ({"EMAIL_URL": "foo"}, "EMAIL_URL is not an address of a mail server"),
        ({"SECRET_KEY": "a", "SECRET_KEY_FILE": "/b"}, "Both SECRET_KEY and SECRET_KEY_FILE are set"),
        ({"SECRET_KEY_FILE": "/nowhere"}, "SECRET_KEY_FILE names /nowhere, which cannot be read"),
        ({"SECRET_KEY_FILE": sys.executable}, "which does not hold text"),
        ({"FIRESIDE_DATA": "/dev/null"}, "/dev/null cannot be used for data"),
    ],
)
def test_nonsense_in_a_setting_is_refused_with_a_sentence(
    tmp_path: Path, env: dict[str, str], sentence: str
) -> None:
    refused = started(tmp_path, "schedule", **env)
    assert refused.returncode == 1
    assert sentence in refused.stderr
    assert "Traceback" not in refused.stderr
