"""A job that can never succeed is set aside after its attempts, and holds up nobody meanwhile."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.chaos.conftest import at_length
from tests.chaos.crowd import Crowd
from tests.chaos.house import Home
from tests.chaos.ledger import Ledger
from tests.machines import ROOT, wait_for

pytestmark = pytest.mark.chaos
ASIDE = """
import django; django.setup()
from fireside.hearth import engine
for job in engine.jobs("ERROR", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"):
    print(job.state, job.name, engine.retry(job.key))
"""


@at_length
def test_a_job_that_kills_its_worker_is_set_aside(tmp_path: Path, book: Callable[..., Ledger]) -> None:
    """Whoever starts workers starts them again; the sixth time the job is left alone."""
    ledger = book("a job that raises, and one that kills", "SQLite")
    home, deaths = Home(tmp_path), 0

    def lives_on() -> bool:
        nonlocal deaths
        for name in home.gone():
            deaths += 1
            home.kill(name)
            home.begin(name)
        table = home.rows("SELECT 1 FROM sqlite_master WHERE name = 'workflow_status'")
        aside = "SELECT count(*) FROM workflow_status WHERE status = 'MAX_RECOVERY_ATTEMPTS_EXCEEDED'"
        return bool(table) and home.rows(aside) == [1]

    with home.living():
        with Crowd(home, ledger).busy(people=1) as crowd:
            crowd.say("poison that raises")
            crowd.say("poison that kills")
            wait_for(lives_on, "the job that kills to be set aside", 40)
            crowd.say("after")
        ledger.close(home.everything)
        retried = "SELECT count(*) FROM workflow_status WHERE workflow_uuid LIKE '%swallow_poison~2'"
        assert home.rows(retried) == [1], "the one that raises waits for its next attempt"
        told = subprocess.run(
            [sys.executable, "-c", ASIDE], env=home.env, cwd=ROOT, capture_output=True, text=True, check=True
        )
        assert told.stdout == "set aside tests.swallow_poison True\n"
    assert deaths >= 5
    ledger.note(f"{deaths} deaths, then set aside; it can be seen and tried once more")
