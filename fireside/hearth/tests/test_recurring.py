"""Wall-clock times in every zone: once a date, in order, whatever the clocks do."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import example, given
from hypothesis import strategies as some

from fireside.hearth import workflows
from fireside.hearth.people import Organisation
from fireside.hearth.recurring import Daily, Minutes, daily
from fireside.hearth.workflows import every, recurring_now

HARD = ("Pacific/Auckland", "America/Los_Angeles", "Australia/Lord_Howe", "Asia/Kathmandu", "Asia/Kolkata",
        "Pacific/Chatham", "Pacific/Apia", "America/Nuuk", "Africa/Casablanca", "America/Havana",
        "America/St_Johns", "Europe/Dublin", "Asia/Pyongyang", "Antarctica/Troll")  # fmt: skip
zones = some.sampled_from(HARD) | some.sampled_from(sorted(available_timezones() - {"localtime"}))
times = some.builds(time, some.integers(0, 23), some.integers(0, 59))
days = some.frozensets(some.integers(0, 6), min_size=1)
rules = some.builds(Daily, times, days, zones) | some.builds(Minutes, some.sampled_from((1, 5, 15, 60)))
seconds = some.integers(946_684_800, 2_051_222_400)  # from the year 2000 to 2035
moments = seconds.map(lambda second: datetime.fromtimestamp(second, UTC))
ALWAYS = frozenset(range(7))


def there(day: date, zone: str) -> bool:
    """Does anybody in the zone ever live on this date?"""
    noon = datetime.combine(day, time(12), tzinfo=ZoneInfo(zone))
    return noon.astimezone(UTC).astimezone(ZoneInfo(zone)).date() == day


@given(times, zones, some.dates(date(2000, 1, 1), date(2035, 1, 1)))
@example(time(9), "Pacific/Apia", date(2011, 12, 30))
@example(time(23, 30), "America/Nuuk", date(2026, 3, 28))
def test_a_date_that_exists_has_one_slot_that_is_never_earlier_than_asked(at, zone, day):
    rule = Daily(at, ALWAYS, zone)
    slot = rule.slot(day)
    assert (slot is not None) == there(day, zone)
    if slot is not None:
        local = slot.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
        assert timedelta() <= local - datetime.combine(day, at) <= timedelta(hours=3)
        assert rule.key(slot) == day.isoformat()


@given(rules, moments)
@example(daily("09:00", "fri", "Pacific/Apia"), datetime(2011, 12, 24, tzinfo=UTC))
@example(daily("23:30", "", "America/Nuuk"), datetime(2026, 3, 28, 12, tzinfo=UTC))
@example(daily("00:00", "", "America/St_Johns"), datetime(2010, 11, 7, 2, 45, tzinfo=UTC))
def test_what_comes_next_and_what_came_last_agree(rule, moment):
    last, following = rule.last(moment), rule.next(moment)
    assert last <= moment < following
    assert rule.next(last) == following
    assert rule.last(following) == following
    assert rule.last(following - timedelta(microseconds=1)) == last
    assert rule.key(last) != rule.key(following)


@given(days, times, zones, moments)
@example(frozenset({5}), time(9), "Africa/Juba", datetime(2000, 1, 1, tzinfo=UTC))
def test_slots_come_on_the_days_that_were_asked_for_and_on_each_of_them(wanted, at, zone, moment):
    rule, keys = Daily(at, wanted, zone), []
    first = slot = rule.next(moment)
    for _ in range(12):
        keys.append(date.fromisoformat(rule.key(slot)))
        slot = rule.next(slot)
    between = (keys[0] + timedelta(days=n) for n in range((keys[-1] - keys[0]).days + 1))
    assert keys == [day for day in between if day.weekday() in wanted and there(day, zone)]
    assert first > moment


def test_a_zone_that_leaves_out_a_day_has_no_slot_on_it_and_loses_none_beside_it():
    apia = daily("09:00", "", "Pacific/Apia")
    slot = apia.next(datetime(2011, 12, 29, 12, tzinfo=UTC))
    keys = [apia.key(slot), apia.key(apia.next(slot)), apia.key(apia.next(apia.next(slot)))]
    assert keys == ["2011-12-29", "2011-12-31", "2012-01-01"]
    assert f"{apia.next(slot).astimezone(ZoneInfo('Pacific/Apia')):%H:%M}" == "09:00"


def test_where_the_skipped_hour_ends_at_midnight_both_days_keep_their_own():
    nuuk = daily("23:30", "", "America/Nuuk")
    saturday, sunday = nuuk.slot(date(2026, 3, 28)), nuuk.slot(date(2026, 3, 29))
    assert saturday == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)  # midnight, the first minute there is
    assert sunday == datetime(2026, 3, 30, 0, 30, tzinfo=UTC)
    assert [nuuk.key(saturday), nuuk.key(sunday)] == ["2026-03-28", "2026-03-29"]


def test_lord_howe_skips_and_repeats_half_an_hour():
    rule = daily("02:10", "", "Australia/Lord_Howe")
    local = rule.slot(date(2026, 10, 4)).astimezone(ZoneInfo("Australia/Lord_Howe"))
    assert f"{local:%H:%M}" == "02:30"
    again = daily("01:40", "", "Australia/Lord_Howe")
    assert again.slot(date(2026, 4, 5)) == datetime(2026, 4, 4, 14, 40, tzinfo=UTC)


# -- what the engine starts, however its clock goes --------------------------------------------------------


@pytest.fixture
def house(org, monkeypatch):
    monkeypatch.setattr(workflows, "book", workflows.Book())
    Organisation.objects.update(zone="Pacific/Auckland", made_at=datetime(2026, 1, 1, tzinfo=UTC))

    @every(at="09:00")
    def morning() -> None: ...

    return org


def started(clock: list[datetime]) -> list[str]:
    """What an engine that refuses a key it knows runs while its clock shows these moments."""
    return list(dict.fromkeys(job.key for moment in clock for job in recurring_now(moment)))


def hours(day: int, first: int, last: int) -> list[datetime]:
    return [datetime(2026, 5, day, tzinfo=UTC) + timedelta(minutes=n) for n in range(first * 60, last * 60)]


@pytest.mark.django_db
def test_when_the_clock_goes_back_nothing_comes_twice(house):
    assert started([*hours(4, 20, 22), *hours(4, 20, 23)]) == ["every:hearth.morning:2026-05-05"]


@pytest.mark.django_db
def test_when_the_clock_jumps_ahead_or_the_house_was_down_only_the_newest_is_caught_up(house):
    slept_long = started([*hours(4, 20, 22), *hours(11, 22, 23)])
    assert slept_long == ["every:hearth.morning:2026-05-05", "every:hearth.morning:2026-05-12"]


@pytest.mark.django_db
def test_when_the_house_moves_to_another_zone_no_date_comes_twice(house):
    before = started(hours(4, 20, 22))  # nine in Auckland on the fifth
    Organisation.objects.update(zone="America/Los_Angeles")
    moved = started([*hours(4, 22, 24), *hours(5, 0, 24)])
    assert before == ["every:hearth.morning:2026-05-05"]
    assert moved == ["every:hearth.morning:2026-05-04", "every:hearth.morning:2026-05-05"]
    # In Los Angeles the fourth had its nine o'clock six hours ago; the fifth was had, and is refused.


@pytest.mark.django_db
def test_when_the_house_moves_east_what_it_missed_by_moving_is_caught_up_once(house):
    Organisation.objects.update(zone="America/Los_Angeles")
    before = started(hours(4, 15, 18))
    Organisation.objects.update(zone="Pacific/Auckland")
    assert [*before, *started([*hours(4, 18, 24)])] == [
        "every:hearth.morning:2026-05-04",
        "every:hearth.morning:2026-05-05",
    ]
