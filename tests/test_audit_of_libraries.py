"""The question about known holes never passes in silence: a finding ends it, and no answer is called none."""

from __future__ import annotations

import json

import pytest

from tools import audit

FINE = {"name": "django", "version": "5.2.19", "vulns": []}
HOLE = {"name": "pillow", "version": "13.0.0", "vulns": [{"id": "GHSA-1", "fix_versions": ["13.0.1"]}]}
UNKNOWN = {"name": "dbos", "skip_reason": "Dependency not found"}


def told(*found: object) -> str:
    return json.dumps({"dependencies": found})


@pytest.mark.parametrize("nothing", ["", "no JSON", "[]", "{}", told(), told(UNKNOWN, UNKNOWN)])
def test_when_nobody_answers_that_is_said_and_nothing_is_called_safe(nothing: str) -> None:
    lines, code, looked = audit.verdict(nothing)
    assert lines == [
        "NOT AUDITED: no service that knows of holes in libraries answered. Nothing was looked at."
    ]
    assert (code, looked) == (0, 0)


def test_what_was_looked_at_and_what_was_not_are_told_apart() -> None:
    lines, code, _ = audit.verdict(told(FINE, UNKNOWN))
    assert code == 0
    assert lines == [
        "1 libraries were looked at.", "NOT AUDITED, as nobody knew of them: dbos",
        "No hole is known in those.",
    ]  # fmt: skip


def test_a_known_hole_ends_it_with_what_mends_it() -> None:
    lines, code, _ = audit.verdict(told(FINE, HOLE, UNKNOWN))
    assert code == 1
    assert lines[-1] == "A known hole: pillow 13.0.0: GHSA-1, mended in 13.0.1"


def test_the_second_service_is_asked_when_the_first_does_not_answer(monkeypatch, capsys) -> None:
    answers = {"pypi": told(UNKNOWN), "osv": told(HOLE)}
    monkeypatch.setattr(audit, "ask", answers.__getitem__)
    assert audit.main() == 1
    assert "A known hole: pillow" in capsys.readouterr().out
