"""What happens unasked, told as stories; `settle()` lets the time pass."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from django.utils import timezone

from fireside.hearth import workflows
from fireside.hearth.people import Organisation
from fireside.hearth.recurring import Daily, Minutes, daily
from fireside.hearth.timeline import Cursor, Entry, note
from fireside.hearth.workflows import (
    Job,
    Unknown,
    every,
    is_left,
    recurring_now,
    rest,
    route,
    run,
    schedule,
    settle,
    when,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_book(monkeypatch):
    monkeypatch.setattr(workflows, "book", workflows.Book())


def happen(verb: str, words: str = "") -> Entry:
    with transaction.atomic():
        return note(verb, words)


def test_a_reaction_follows_its_entry_once():
    heard = []

    @when("lamp.lit")
    def cheer(entry: Entry) -> None:
        heard.append(entry.words)

    happen("lamp.lit", "in the hall")
    happen("door.opened")
    settle()
    settle()
    assert heard == ["in the hall"]


def test_a_reaction_may_cause_the_next():
    heard = []

    @when("lamp.lit")
    def open_door(entry: Entry) -> None:
        happen("door.opened")

    @when(("door.opened", "window.opened"))
    def greet(entry: Entry) -> None:
        heard.append(entry.verb)

    happen("window.opened")
    happen("lamp.lit")
    settle()
    assert heard == ["window.opened", "door.opened"]


def test_a_reminder_comes_after_its_time_unless_it_has_become_needless():
    reminded = []

    @when("kettle.on", after=timedelta(minutes=10), unless=lambda entry: entry.words == "taken off")
    def whistle(entry: Entry) -> None:
        reminded.append((entry.pk, workflows.now()))

    first, second = happen("kettle.on"), happen("kettle.on")
    settle()
    settle(until=timezone.now() + timedelta(minutes=9))
    assert reminded == []
    Entry.objects.filter(pk=second.pk).update(words="taken off")
    settle(until=timezone.now() + timedelta(minutes=11))
    assert reminded == [(first.pk, first.noted_at + timedelta(minutes=10))]


def test_what_has_a_time_of_day_comes_on_each_of_its_days_and_no_other(org):
    Organisation.objects.update(zone="Europe/Berlin")
    came = []

    @every(at="09:00", days="mon-fri")
    def morning() -> None:
        came.append(workflows.now())

    today = timezone.now()
    settle(until=today + timedelta(days=14))
    settle(until=today + timedelta(days=14))
    assert len(came) == 10
    local = [slot.astimezone(ZoneInfo("Europe/Berlin")) for slot in came]
    assert {f"{slot:%H:%M}" for slot in local} == {"09:00"}
    assert all(slot.weekday() < 5 for slot in local)


def test_the_router_starts_each_reaction_under_a_name_that_never_changes():
    @when("lamp.lit")
    def cheer(entry: Entry) -> None: ...

    @when("lamp.lit", after=timedelta(hours=1))
    def put_out(entry: Entry) -> None: ...

    entry = happen("lamp.lit")
    started: list[Job] = []
    assert route(started.append) is False
    assert [job.key for job in started] == [
        f"entry:{entry.pk}:hearth.cheer",
        f"entry:{entry.pk}:hearth.put_out",
    ]
    assert started[1].due - started[0].due == timedelta(hours=1)
    started.clear()
    route(started.append)
    assert started == []


def test_after_a_crash_before_the_cursor_moved_the_same_jobs_are_asked_for_again():
    @when("lamp.lit")
    def cheer(entry: Entry) -> None: ...

    entry = happen("lamp.lit")

    def die(job: Job) -> None:
        raise SystemExit

    with pytest.raises(SystemExit):
        route(die)
    started: list[Job] = []
    route(started.append)
    assert [job.key for job in started] == [f"entry:{entry.pk}:hearth.cheer"]


def test_a_long_backlog_is_routed_in_batches():
    @when("lamp.lit")
    def cheer(entry: Entry) -> None: ...

    for _ in range(5):
        happen("lamp.lit")
    started: list[Job] = []
    assert route(started.append, most=3) is True
    assert route(started.append, most=3) is False
    assert len(started) == 5


def test_old_stories_that_are_brought_in_cause_nothing():
    @when("lamp.lit")
    def cheer(entry: Entry) -> None: ...

    happen("lamp.lit")
    rest()
    started: list[Job] = []
    route(started.append)
    assert started == []
    assert Cursor.objects.get(name="router").entry == Entry.objects.latest("pk").pk


def test_a_job_whose_entry_is_gone_is_nothing_to_do():
    @when("lamp.lit")
    def cheer(entry: Entry) -> None:
        raise AssertionError

    run("hearth.cheer", 4711)


def test_a_job_that_this_release_does_not_know_is_not_swallowed_but_fails():
    with pytest.raises(Unknown, match=r"knows nothing called hearth\.not_yet_known"):
        run("hearth.not_yet_known", 4711)


def test_it_is_known_whether_something_was_left_unrouted_for_long():
    happen("lamp.lit")
    assert not is_left(timezone.now() - timedelta(seconds=10))
    assert is_left(timezone.now() + timedelta(seconds=10))
    route(lambda job: None)
    assert not is_left(timezone.now() + timedelta(seconds=10))


def test_what_recurs_is_caught_up_after_an_hour_and_skipped_after_a_day(org):
    Organisation.objects.update(zone="UTC", made_at=datetime(2026, 1, 1, tzinfo=UTC))

    @every(at="09:00")
    def morning() -> None: ...

    keys = [job.key for job in recurring_now(datetime(2026, 5, 4, 10, 0, tzinfo=UTC))]
    assert keys == ["every:hearth.morning:2026-05-04"]
    assert list(recurring_now(datetime(2026, 5, 4, 22, 0, tzinfo=UTC))) == []


def test_a_new_house_does_not_catch_up_what_was_before_it(org):
    Organisation.objects.update(zone="UTC", made_at=datetime(2026, 5, 4, 9, 30, tzinfo=UTC))

    @every(at="09:00")
    def morning() -> None: ...

    assert list(recurring_now(datetime(2026, 5, 4, 10, 0, tzinfo=UTC))) == []


def test_two_workflows_may_not_share_a_name():
    def cheer(entry: Entry) -> None: ...

    when("lamp.lit")(cheer)
    with pytest.raises(RuntimeError, match=r"hearth\.cheer is written twice"):
        when("door.opened")(cheer)


def test_the_schedule_says_in_words_what_happens_unasked():
    @when(("lamp.lit", "fire.lit"), after=timedelta(minutes=90))
    def put_out(entry: Entry) -> None:
        """Nobody should sleep with a burning lamp."""

    @every(at="09:00", days="mon,thu", zone="Europe/Berlin")
    def sweep() -> None:
        """The hearth is swept."""

    @every(minutes=5)
    def look() -> None:
        """Somebody looks after the fire."""

    assert schedule() == [
        ("hearth.look", "every 5 minutes", "Somebody looks after the fire."),
        (
            "hearth.put_out",
            "90 minutes after lamp.lit or fire.lit",
            "Nobody should sleep with a burning lamp.",
        ),
        ("hearth.sweep", "09:00 mon, thu, Europe/Berlin", "The hearth is swept."),
    ]


BERLIN = Daily(time(2, 30), frozenset(range(7)), "Europe/Berlin")


def test_in_the_hour_that_spring_skips_it_comes_at_the_first_minute_there_is():
    assert BERLIN.slot(date(2026, 3, 29)) == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)  # 03:00 in Berlin


def test_in_the_hour_that_autumn_repeats_it_comes_once():
    first = BERLIN.slot(date(2026, 10, 25))
    assert first == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    moments = [first + timedelta(minutes=minutes) for minutes in range(0, 180, 10)]
    assert {BERLIN.key(BERLIN.last(moment)) for moment in moments} == {"2026-10-25"}


@pytest.mark.parametrize(
    "zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]
)
def test_in_a_whole_year_every_local_day_has_one_occurrence(zone):
    rule = daily("02:15", "", zone)
    moment, keys = datetime(2026, 1, 1, 12, tzinfo=UTC), []
    while moment < datetime(2027, 1, 1, 12, tzinfo=UTC):
        keys.append(rule.key(rule.last(moment)))
        moment += timedelta(minutes=30)
    days = list(dict.fromkeys(keys))
    assert len(days) == 366
    assert keys == sorted(keys)


def test_minutes_are_counted_so_that_a_restart_changes_nothing():
    assert Minutes(15).last(datetime(2026, 5, 4, 10, 44, 59, tzinfo=UTC)) == datetime(
        2026, 5, 4, 10, 30, tzinfo=UTC
    )
