"""The audit trail at the terminal: does it fit together, and a copy to take along."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result

from fireside.config.cli import main
from fireside.hearth import audit
from fireside.hearth.audit import Audit
from fireside.hearth.models import Person

Run = Callable[..., Result]


@pytest.fixture
def run(db: None, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setattr("fireside.config.serve.prepare", lambda: None)
    return lambda *words: CliRunner().invoke(main, list(words))


def test_the_check_says_what_it_found_and_what_to_write_down(run: Run, ana: Person) -> None:
    assert run("audit", "check").stdout == "It is empty.\n"
    run("token", "new", "--person", ana.handle)
    line = Audit.objects.get()
    assert (line.verb, line.by, line.door) == ("key.made", ana.pk, "cli")
    done = run("audit", "check")
    assert (done.exit_code, done.stdout) == (0, f"The audit trail fits together. Newest: 1:{line.hash}\n")
    assert run("audit", "check", "--known", f"1:{line.hash}").exit_code == 0
    done = run("audit", "check", "--known", "1:something-else")
    assert (done.exit_code, done.stdout) == (1, "Line 1 is not the one you know.\n")
    assert "The audit trail is not as it was written." in done.stderr
    assert "Write --known NUMBER:HASH" in run("audit", "check", "--known", "nonsense").stderr


def test_a_copy_goes_to_the_standard_output_and_is_written_down(run: Run, ana: Person) -> None:
    audit.write("key.made", by=ana, about="key:1")
    done = run("audit", "export", "--format", "jsonl")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(line["verb"], line["who"]) for line in lines] == [
        ("key.made", "Ana Ngata"), ("audit.exported", "Somebody"),
    ]  # fmt: skip
    assert run("audit", "export", "--until", "2020-01-01").stdout.count("\n") == 1, "only the heading"
    assert run("audit", "export", "--since", "soon").exit_code == 2
