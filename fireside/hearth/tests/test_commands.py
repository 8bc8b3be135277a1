"""One typed function is a command; what goes wrong is told to the asker alone."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fireside.hearth.cards import Card, text
from fireside.hearth.commands import (
    Ask,
    Book,
    Missing,
    NotYours,
    Sorry,
    Whisper,
    book,
    command,
    perform,
    say_line,
)
from fireside.hearth.kinds import Line, Words, read_day, read_minutes
from fireside.hearth.models import Message, Person, Room

pytestmark = pytest.mark.django_db


@pytest.fixture
def toast(monkeypatch):
    """A command of our own in a book that is put back afterwards."""
    monkeypatch.setattr(book, "_commands", dict(book._commands))

    @command("/toast", example="/toast @bo for the roll-back until: friday", where=["team"])
    def toast(ask: Ask, who: Person, why: Words = "", until: dt.date | None = None) -> Card:
        """Raise a glass to someone."""
        return Card(text("To {who}, {why}", who=who.name, why=why or "just so"))

    return toast


def test_a_command_is_said_openly_with_its_card(room, ana, bo, toast):
    outcome = say_line(Ask(ana, room), "/toast @bo for the roll-back")
    assert outcome.message.said == "/toast @bo for the roll-back"
    assert str(outcome.message.drawn) == "To Bo Lund, for the roll-back"
    assert outcome.message.author == ana


def test_missing_words_are_told_to_the_asker_alone(room, ana, toast):
    with pytest.raises(Missing, match=r"/toast needs who\. For example: /toast @bo") as missing:
        say_line(Ask(ana, room), "/toast why: the roll-back")
    assert missing.value.given == {"why": "the roll-back"}
    assert missing.value.field == "who"
    assert Message.objects.count() == 0


def test_an_ambiguous_person_is_asked_about(room, ana, bo, toast):
    Person.welcome("Bobby Lee")
    Person.welcome("Bob Marsh")
    with pytest.raises(Sorry, match=r"More than one person could be bob: @bob-marsh \(Bob Marsh\)") as sorry:
        say_line(Ask(ana, room), "/toast @bob")
    assert sorry.value.field == "who"
    assert Message.objects.count() == 0


def test_an_unknown_command_names_those_that_come_close(room, ana, toast):
    with pytest.raises(Sorry, match=r"no /toss\. Did you mean /toast"):
        say_line(Ask(ana, room), "/toss @bo")


def test_the_same_key_does_it_once_and_is_nobody_elses(room, ana, bo, toast):
    first = perform(Ask(ana, room, key="k"), "toast", {"who": "@bo"}).message
    again = perform(Ask(ana, room, key="k"), "toast", {"who": "@bo"}).message
    others = perform(Ask(bo, room, key="k"), "toast", {"who": "@ana"}).message
    assert first == again
    assert others != first


def test_nobody_acts_in_a_room_they_may_not_enter(ana, cy, toast):
    secret = Room.make("salaries", by=ana, private=True)
    with pytest.raises(NotYours, match="no such room"):
        perform(Ask(cy, secret), "toast", {"who": "@ana"})


def test_someone_deactivated_does_nothing(room, ana, bo, toast):
    bo.deactivate(by=ana)
    with pytest.raises(NotYours, match="no longer active"):
        perform(Ask(bo, room), "toast", {"who": "@ana"})


def test_a_word_too_many_for_its_field_is_explained(room, ana, toast):
    with pytest.raises(Sorry, match="this holds 4,000"):
        perform(Ask(ana, room), "toast", {"who": "@ana", "why": "x" * 4001})
    with pytest.raises(Sorry, match="has no colour"):
        perform(Ask(ana, room), "toast", {"who": "@ana", "colour": "red"})


@pytest.mark.parametrize("words", ["a\x00b", "\ud800", "‮evil", "x" * 20_000])
def test_hostile_words_are_kept_as_words(room, ana, words):
    message = say_line(Ask(ana, room), words).message
    message.refresh_from_db()
    assert message.text


def test_a_verb_is_written_once(toast):
    with pytest.raises(RuntimeError, match="twice"):
        command("/toast", example="/toast")(lambda ask: None)


def test_the_book_offers_what_fits_the_room_first(room, toast, ana):
    assert "toast" in [c.verb for c in book.offered(room, ana)][: sum("team" in c.where for c in book.all())]


def test_a_whisper_is_said_to_nobody_else(room, ana, monkeypatch):
    monkeypatch.setattr(book, "_commands", {})

    @command("/psst", example="/psst", shows=True)
    def psst(ask: Ask) -> Whisper:
        """For you alone."""
        return Whisper("only you see this")

    outcome = say_line(Ask(ana, room), "/psst")
    assert outcome.whisper.words == "only you see this"
    assert Message.objects.count() == 0


def test_empty_words_are_not_said(room, ana):
    with pytest.raises(Sorry, match="no words"):
        say_line(Ask(ana, room), "   ")


class TestTimes:
    @pytest.fixture
    def ask(self, ana):
        return Ask(ana)

    def test_days_are_the_askers(self, ask):
        today = dt.datetime.now(ZoneInfo("Pacific/Auckland")).date()
        assert read_day("today", ask) == today
        assert read_day("in 2 weeks", ask) == today + dt.timedelta(days=14)
        friday = read_day("fri", ask)
        assert friday.weekday() == 4
        assert 1 <= (friday - today).days <= 7
        assert read_day("2026-12-04", ask) == dt.date(2026, 12, 4)

    @pytest.mark.parametrize("words", ["someday", "2026-13-01", "in 9999 days", "31/12", ""])
    def test_what_is_no_day_is_explained(self, ask, words):
        with pytest.raises(Sorry, match="is not a day"):
            read_day(words, ask)

    @pytest.mark.parametrize(
        ("words", "minutes"), [("15", 15), ("2h", 120), ("90 minutes", 90), ("1d", 1440)]
    )
    def test_lengths_of_time(self, ask, words, minutes):
        assert read_minutes(words, ask) == dt.timedelta(minutes=minutes)


@given(st.text(max_size=30).filter(lambda words: not words.strip()[:1].isdigit()))
def test_words_that_do_not_begin_with_a_number_are_no_length_of_time(words):
    with pytest.raises(Sorry, match="not a length of time"):
        read_minutes(words, None)


def test_books_are_separate():
    assert Book().all() == []
    assert Line
