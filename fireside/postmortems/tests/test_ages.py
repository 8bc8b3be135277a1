"""The age of a factor, read from words, for the drawing alone."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fireside.postmortems.ages import YOUNGEST, age

MET = datetime(2026, 11, 24, 8, 54, tzinfo=UTC)


def test_what_is_older_in_words_is_older_in_the_drawing() -> None:
    words = [
        "2022",
        "since 2023",
        "last year",
        "March",
        "June 2026",
        "3 weeks",
        "last week",
        "yesterday",
        "8:52 that day",
    ]
    ages = [age(said, MET) for said in words]
    assert ages == sorted(ages, reverse=True)


@pytest.mark.parametrize("said", ["December", "dec"])
def test_a_month_that_has_not_come_this_year_was_last_year(said: str) -> None:
    assert age(said, MET) > 300 * 86400


@given(st.text(max_size=80), st.datetimes(min_value=datetime(2001, 1, 1), max_value=datetime(2100, 1, 1)))  # noqa: DTZ001
def test_any_words_have_a_place(said: str, met: datetime) -> None:
    assert age(said, met.replace(tzinfo=UTC)) >= YOUNGEST


@given(st.integers(0, 9999), st.integers(0, 99), st.sampled_from(["feb", "march", ""]))
def test_odd_numbers_and_leap_days_are_no_trouble(year: int, minute: int, month: str) -> None:
    assert age(f"{month} {year} {year}:{minute}", datetime(2028, 2, 29, tzinfo=UTC)) >= YOUNGEST
