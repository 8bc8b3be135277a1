"""The engine with its real tables: what is due runs once, what fails comes again, what hangs hurts nobody."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa
from django.db import connections, transaction
from django.utils import timezone

from fireside.hearth import engine, jobs, jobtable, slots, workflows
from fireside.hearth.timeline import Entry, note
from fireside.hearth.workflows import Job, when

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def own_book(monkeypatch):
    monkeypatch.setattr(workflows, "book", workflows.Book())


@pytest.fixture
def worker(db, own_book, monkeypatch) -> Iterator[engine.Worker]:
    monkeypatch.setattr(engine, "POLL", 0.1)
    workflows.rest()
    worker = engine.Worker()
    worker.begin()
    yield worker
    worker.end()
    engine.forget(engine.ended(timedelta(days=-1), 500))
    engine.database().dispose()


def counts() -> dict[str, int]:
    """How many jobs there are in each state."""
    found = dict.fromkeys(jobs.STATES.values(), 0)
    if jobs.begun():
        rows = jobtable.table()
        asked = sa.select(rows.c.status, sa.func.count()).group_by(rows.c.status)
        with jobtable.database().connect() as session:
            for status, count in session.execute(asked):
                found[jobs.STATES[status]] += count
    return found


def happen(verb: str) -> Entry:
    with transaction.atomic():
        return note(verb)


def soon(seen: Callable[[], object], within: float = 8) -> None:
    latest = time.monotonic() + within
    while not seen():
        assert time.monotonic() < latest, "it did not happen in time"
        time.sleep(0.01)


def test_a_reaction_runs_at_once_and_only_once(worker):
    ran: list[tuple[int, float]] = []

    @when("lamp.lit")
    def cheer(entry: Entry) -> None:
        ran.append((entry.pk, time.monotonic()))

    noted = {happen("lamp.lit").pk: time.monotonic() for _ in range(5)}
    soon(lambda: len(ran) >= 5)
    engine.start(Job(f"entry:{min(noted)}:hearth.cheer", "hearth.cheer", timezone.now(), min(noted)))
    soon(lambda: counts()["done"] >= 5)
    assert sorted(pk for pk, _ in ran) == sorted(noted)
    assert sorted(at - noted[pk] for pk, at in ran)[2] < 1


def test_a_timer_comes_when_its_time_has_come_and_can_be_cancelled(worker):
    ran = []

    @when("kettle.on", after=timedelta(seconds=1))
    def whistle(entry: Entry) -> None:
        ran.append(entry.pk)

    first, second = happen("kettle.on"), happen("kettle.on")
    soon(lambda: len(engine.jobs("DELAYED")) == 2)
    assert {job.state for job in engine.jobs()} == {"waiting"}
    assert engine.cancel(f"entry:{second.pk}:hearth.whistle") is True
    assert engine.cancel("entry:0:hearth.whistle") is False
    soon(lambda: ran)
    assert ran == [first.pk]


def test_what_fails_is_tried_again_then_set_aside_and_run_once_more_on_request(worker, monkeypatch, caplog):
    monkeypatch.setattr(engine, "WAITS", (0.1,))
    mended, ran = threading.Event(), []

    @when("lamp.lit")
    def stumble(entry: Entry) -> None:
        ran.append(entry.pk)
        if not mended.is_set():
            raise ValueError("a stone in the way")

    @when("lamp.lit")
    def walk(entry: Entry) -> None:
        ran.append(-entry.pk)

    entry = happen("lamp.lit")
    soon(lambda: engine.jobs(*engine.ASIDE))
    aside = engine.jobs()[0]
    assert (aside.state, aside.attempt, aside.name) == ("set aside", 2, "hearth.stumble")
    assert "a stone in the way" in aside.error
    assert sorted(ran) == [-entry.pk, entry.pk, entry.pk]
    mended.set()
    assert engine.retry(aside.key) is True
    assert engine.retry(aside.key) is False
    soon(lambda: ran.count(entry.pk) == 3)
    soon(lambda: not engine.jobs())
    assert counts()["set aside"] == 0


def test_what_fails_again_after_it_was_tried_again_has_all_its_attempts_once_more(
    worker, monkeypatch, caplog
):
    monkeypatch.setattr(engine, "WAITS", (0, 0))
    ran = []

    @when("lamp.lit")
    def stumble(entry: Entry) -> None:
        ran.append(entry.pk)
        raise ValueError("a stone in the way")

    happen("lamp.lit")
    soon(lambda: engine.jobs(*engine.ASIDE))
    assert len(ran) == 3
    assert engine.retry(engine.jobs()[0].key)
    soon(lambda: engine.jobs(*engine.ASIDE))
    assert len(ran) == 6
    [aside] = engine.jobs()
    assert (aside.attempt, aside.name, aside.reason) == (3, "hearth.stumble", "it failed with ValueError")
    assert engine.let_go(aside.key) is True
    assert engine.let_go(aside.key) is False
    assert engine.jobs() == []


def test_what_an_older_or_newer_release_left_is_set_aside_and_shown_while_others_go_on(
    worker, monkeypatch, caplog
):
    monkeypatch.setattr(engine, "WAITS", ())
    ran = []

    @when("lamp.lit")
    def cheer(entry: Entry) -> None:
        ran.append(entry.pk)

    engine.start(Job("entry:707:hearth.gone", "hearth.gone", timezone.now(), 707))
    for key, given in {
        "entry:708:hearth.cheer": ("one", "two"),
        "entry:709:hearth.cheer": ([], {}, "x", 1, 2, 3),
    }.items():
        options = {
            "workflow_name": "job",
            "queue_name": "work",
            "app_version": engine.VERSION,
            "workflow_id": key,
        }
        engine._client().enqueue(options, *given)
    happen("lamp.lit")
    soon(lambda: len(engine.jobs(*engine.ASIDE)) == 3)
    reasons = {job.key: job.reason for job in engine.jobs(*engine.ASIDE)}
    assert reasons == {
        "entry:707:hearth.gone": "this release does not know it",
        "entry:708:hearth.cheer": "it failed with TypeError",
        "entry:709:hearth.cheer": "it failed with TypeError",
    }
    soon(lambda: len(ran) == 1)
    for key in reasons:
        assert engine.let_go(key)


@pytest.mark.parametrize(
    ("key", "name", "attempt"),
    [
        ("entry:12:incidents.gather_round", "incidents.gather_round", 1),
        ("entry:12:incidents.gather_round~6", "incidents.gather_round", 6),
        ("entry:12:incidents.gather_round~again2~3", "incidents.gather_round", 3),
        ("every:alerts.look_after_alerts:1777900000~again1", "alerts.look_after_alerts", 1),
        ("every:postmortems.remind_owners:2026-05-04~2", "postmortems.remind_owners", 2),
        ("what is this?", "what is this?", 1),
    ],
)
def test_a_key_tells_what_a_job_is_and_how_often_it_was_tried(key, name, attempt):
    assert (jobs._name(key), jobs._attempt(key)) == (name, attempt)


def test_when_all_places_are_taken_one_more_worker_is_told_so(db, monkeypatch):
    monkeypatch.setattr(engine, "SLOTS", 1)
    first = engine.Worker()
    with pytest.raises(engine.Full, match="1 workers run on this database already"):
        engine.Worker()
    first._locks.close()
    engine.Worker()._locks.close()


def test_when_the_router_hangs_another_worker_does_what_it_left_and_nothing_twice(worker, monkeypatch):
    monkeypatch.setattr(engine, "HANGS", timedelta(seconds=1))
    taken = slots.FileLocks.take
    monkeypatch.setattr(slots.FileLocks, "take", lambda self, name: name != "router" and taken(self, name))
    ran = []

    @when("lamp.lit")
    def cheer(entry: Entry) -> None:
        ran.append(entry.pk)

    entry = happen("lamp.lit")
    soon(lambda: ran)
    workflows.Cursor.objects.filter(name="router").update(entry=0)  # the other one goes on where it was
    workflows.route(engine.start)
    soon(lambda: counts()["done"] == 1)
    assert ran == [entry.pk]


def test_finished_jobs_are_forgotten_and_others_are_not(worker, monkeypatch, caplog):
    monkeypatch.setattr(engine, "WAITS", ())

    @when("lamp.lit")
    def cheer(entry: Entry) -> None: ...

    @when("lamp.lit")
    def stumble(entry: Entry) -> None:
        raise ValueError

    happen("lamp.lit")
    soon(lambda: counts()["done"] >= 1 and counts()["set aside"] == 1)
    assert engine.forget(engine.ended(timedelta(days=1), 500)) == 0
    assert engine.forget(engine.ended(timedelta(days=-1), 500)) == 1
    left = counts()
    assert (left["done"], left["set aside"]) == (0, 1)
    assert engine.retry(engine.jobs()[0].key)
    soon(lambda: counts()["set aside"] == 1)
    engine._client().delete_workflows([job.key for job in engine.jobs()])


def test_only_one_process_holds_a_lock_and_it_is_free_again_afterwards(db):
    first, second = slots.locks(), slots.locks()
    assert first.take("hall") is True
    assert first.take("hall") is True
    assert second.take("hall") is False
    first.free("hall")
    assert second.take("hall") is True
    second.free("hall")
    with slots.alone("hall"):
        assert first.take("hall") is False
    first.close()
    second.close()
    connections.close_all()
