"""Work that was set aside: keepers see it, let it run again or let it go, and nobody else does."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest
from django.db import transaction
from django.test import Client

from fireside.hearth import engine, jobs, workflows
from fireside.hearth.commands import Ask, Sorry, say_line
from fireside.hearth.models import Entry, Person
from fireside.hearth.timeline import note
from fireside.hearth.workflows import when

pytestmark = pytest.mark.django_db(transaction=True)
Web = Callable[[Person], Client]


@pytest.fixture
def _a_worker(ana: Person, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(workflows.book, "reactions", dict(workflows.book.reactions))
    monkeypatch.setattr(engine, "POLL", 0.1)
    monkeypatch.setattr(engine, "WAITS", ())
    workflows.rest()
    worker = engine.Worker()
    worker.begin()
    yield
    worker.end()
    engine._client().delete_workflows([job.key for job in engine.jobs()])
    engine.database().dispose()


def soon(seen: Callable[[], object]) -> None:
    latest = time.monotonic() + 8
    while not seen():
        assert time.monotonic() < latest, "it did not happen in time"
        time.sleep(0.01)


def see(client: Client, path: str) -> str:
    return str(client.get(path).content.decode())


@pytest.mark.usefixtures("_a_worker")
def test_what_was_set_aside_waits_for_a_keeper_who_lets_it_run_again(
    web: Web, ana: Person, bo: Person, caplog: pytest.LogCaptureFixture
) -> None:
    mended, ran = False, []

    @when("lamp.lit")
    def carry_light(entry: Entry) -> None:
        """The light is carried round."""
        ran.append(entry.words)
        if not mended:
            raise ValueError("heffalump is not for everybody's eyes")

    for words in ("first", "second"):
        with transaction.atomic():
            note("lamp.lit", words)
    soon(lambda: len(jobs.set_aside()) == 2)
    keeper = web(ana)
    assert "One kind of work was set aside" in see(keeper, "/")
    assert "set aside" not in see(web(bo), "/")
    page = see(keeper, "/settings/jobs/")
    assert page.count("The light is carried round.") == 2
    assert "It failed with ValueError" in page
    assert "heffalump" not in page
    first, second = sorted((job.key for job in jobs.set_aside()), key=lambda key: int(key.split(":")[1]))
    mended = True
    for verb, key in (("retry-job", first), ("let-job-go", second)):
        answer = keeper.post(f"/do/{verb}/", {"job": key, "next": "/settings/jobs/"})
        assert (answer.status_code, answer["Location"]) == (303, "/settings/jobs/")
    soon(lambda: not jobs.set_aside())
    soon(lambda: len(ran) == 3)
    assert ran[-1] == "first"
    page = see(keeper, "/settings/jobs/")
    assert "Nothing waits for you" in page
    assert "set aside" not in see(keeper, "/")


def test_before_a_worker_ever_began_nothing_waits_and_what_recurs_is_told(web: Web, ana: Person) -> None:
    page = see(web(ana), "/settings/jobs/")
    assert "Nothing waits for you" in page
    assert "What keepers do not want to keep any longer goes" in page
    outcome = say_line(Ask(ana), "/jobs")
    assert outcome.whisper
    assert "Nothing was set aside." in str(outcome.whisper.card)


def test_a_process_that_only_shows_pages_never_loads_the_job_engine() -> None:
    code = (
        "import sys, django; django.setup(); import fireside.config.urls, fireside.hearth.verbs_jobs;"
        "sys.exit(', '.join({'dbos', 'sqlalchemy'} & sys.modules.keys()))"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert told.stderr.strip() == ""


def test_who_is_no_keeper_finds_no_such_page_and_no_such_power(web: Web, ana: Person, bo: Person) -> None:
    assert web(bo).get("/settings/jobs/").status_code == 404
    assert "Work that waits" not in see(web(bo), "/settings/")
    for line in ("/jobs", "/retry-job entry:1:x.y", "/let-job-go entry:1:x.y"):
        with pytest.raises(Sorry, match="Keepers of this Fireside"):
            say_line(Ask(bo), line)
    with pytest.raises(Sorry, match=r"No job that was set aside is called entry:1:x\.y"):
        say_line(Ask(ana), "/retry-job entry:1:x.y")
