"""Icons, faces and moments, as a reader sees them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.template import Context, Template
from django.utils import timezone

NOON = datetime(2026, 11, 23, 20, 14, tzinfo=UTC)


@dataclass
class Face:
    name: str
    initials: str
    hue: int = 3


PRIYA = Face("Priya Raman", "PR")


@pytest.fixture(autouse=True)
def in_auckland() -> Iterator[None]:
    with timezone.override(ZoneInfo("Pacific/Auckland")):
        yield


def drawn(source: str, **context: object) -> str:
    return Template("{% load fireside %}" + source).render(Context(context))


def seen(html: str) -> str:
    return re.sub(r"<[^>]+>", "", html).replace("\xa0", " ")


def test_an_icon_is_silent_and_comes_from_our_own_sprite() -> None:
    html = drawn('{% icon "siren" "icon-l" %}')
    assert 'class="icon icon-l" aria-hidden="true"' in html
    assert re.search(r'href="[^"]*web/icons[^"]*\.svg#siren"', html)


def test_a_face_beside_a_name_is_silent_and_a_face_alone_says_the_name() -> None:
    assert 'aria-hidden="true"' in drawn("{% who p %}", p=PRIYA)
    assert seen(drawn("{% who p %}", p=PRIYA)) == "PR Priya Raman"
    alone = drawn('{% avatar p "avatar-s" label=True %}', p=PRIYA)
    assert 'role="img" aria-label="Priya Raman"' in alone
    assert 'data-h="3"' in alone


def test_hostile_names_stay_words() -> None:
    html = drawn("{% who p %}{% avatar p label=True %}", p=Face('"><script>x</script>', "<b>"))
    assert "<script>" not in html
    assert "<b>" not in html


def test_a_machine_has_a_square_face() -> None:
    assert 'data-h="bot"' in drawn('{% machine "rocket" %}')


def test_a_clock_tells_the_readers_time_and_keeps_utc_for_machines() -> None:
    html = drawn("{% clock at %}", at=NOON)
    assert seen(html) == "9:14"
    assert 'datetime="2026-11-23T20:14:00Z"' in html
    assert 'title="Tuesday 24 November 2026, 9:14, Pacific/Auckland · 23 November, 20:14 UTC"' in html


def test_the_day_is_the_readers_day() -> None:
    this_year = timezone.now().replace(month=6, day=1, hour=0)
    assert seen(drawn("{% day at %}", at=this_year)).endswith("1 June")
    assert seen(drawn("{% day at %}", at=datetime(2019, 1, 4, 20, tzinfo=UTC))) == "Saturday 5 January 2019"


@pytest.mark.parametrize(
    ("ago", "words"),
    [
        (timedelta(minutes=47, seconds=20), "47 minutes"),
        (timedelta(hours=3, minutes=5), "3 hours"),
        (timedelta(seconds=4), "a moment"),
        (timedelta(seconds=-4), "a moment"),
    ],
)
def test_how_long_is_said_in_one_unit(ago: timedelta, words: str) -> None:
    assert seen(drawn("{% since at %}", at=timezone.now() - ago)) == words


def test_how_long_something_took() -> None:
    assert seen(drawn("{% since a b %}", a=NOON, b=NOON + timedelta(hours=1))) == "1 hour"


@pytest.mark.parametrize("tag", ["clock", "day", "since"])
def test_what_has_not_happened_is_left_out(tag: str) -> None:
    assert drawn("{% " + tag + " at %}", at=None) == ""
