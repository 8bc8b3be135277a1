"""The engine with its real tables: what is due runs once, what fails comes again, what hangs hurts nobody."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.db import connections, transaction
from django.utils import timezone

from fireside.hearth import engine, slots, workflows
from fireside.hearth.timeline import Entry, note
from fireside.hearth.workflows import Job, when

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def own_book(monkeypatch):
    monkeypatch.setattr(workflows, "book", workflows.Book())


@pytest.fixture
def worker(db, own_book) -> Iterator[engine.Worker]:
    workflows.rest()
    worker = engine.Worker()
    worker.begin()
    yield worker
    worker.end()
    engine.forget(engine.ended(timedelta(days=-1), 500))
    engine.database().dispose()


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
    soon(lambda: engine.counts()["done"] >= 5)
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
    assert engine.counts()["set aside"] == 0


def test_finished_jobs_are_forgotten_and_others_are_not(worker, monkeypatch, caplog):
    monkeypatch.setattr(engine, "WAITS", ())

    @when("lamp.lit")
    def cheer(entry: Entry) -> None: ...

    @when("lamp.lit")
    def stumble(entry: Entry) -> None:
        raise ValueError

    happen("lamp.lit")
    soon(lambda: engine.counts()["done"] >= 1 and engine.counts()["set aside"] == 1)
    assert engine.forget(engine.ended(timedelta(days=1), 500)) == 0
    assert engine.forget(engine.ended(timedelta(days=-1), 500)) == 1
    counts = engine.counts()
    assert (counts["done"], counts["set aside"]) == (0, 1)
    assert engine.retry(engine.jobs()[0].key)
    soon(lambda: engine.counts()["set aside"] == 1)
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
