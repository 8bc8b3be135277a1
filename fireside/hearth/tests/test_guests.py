"""Guests: who brings them in, what they see and may do, and how their last day ends."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from fireside.hearth import guests
from fireside.hearth.commands import Ask, NotYours, Outcome, Sorry, book, perform, say_line
from fireside.hearth.keys import Key
from fireside.hearth.models import Entry, Invitation, Person, Room, Seat, Team
from fireside.hearth.rooms import house_room, visible
from fireside.hearth.start import join
from fireside.hearth.workflows import settle

pytestmark = pytest.mark.django_db
GIL = {"name": "Gil Moss", "email": "gil@partner.example", "password": "four quiet herons"}


@pytest.fixture
def gil(room: Room, bo: Person) -> Person:
    """Somebody from outside, whom Bo brought into the team's room."""
    return join(guests.bring([room], guests.last_day(bo), by=bo), **GIL)


def whispered(outcome: Outcome) -> str:
    assert outcome.whisper is not None
    card = outcome.whisper.card
    return f"{outcome.whisper.words} {card or ''}"


def test_a_link_lets_one_person_into_the_rooms_it_names(room: Room, ana: Person, bo: Person) -> None:
    kitchen, attic = Room.make("kitchen", by=bo), Room.make("attic", by=ana)
    said = perform(Ask(bo), "guest-link", {"rooms": "#magic-sparkles #kitchen", "until": "in 3 days"})
    assert said.whisper is not None
    made = Invitation.objects.get()
    gil = join(made, **GIL)
    assert {seat.room for seat in Seat.objects.filter(person=gil)} == {room, kitchen}
    assert set(Room.enterable_by(gil)) == {room, kitchen}
    assert not attic.may_enter(gil), "an open room is for a guest as a private one is for others"
    assert (gil.guest_until - timezone.now()).days in (2, 3)
    with pytest.raises(Sorry, match="has ended"):
        join(made, **GIL | {"email": "another@partner.example"})


def test_without_a_word_about_it_the_room_is_this_one_and_the_time_two_weeks(room: Room, bo: Person) -> None:
    say_line(Ask(bo, room), "/guest-link")
    made = Invitation.objects.get()
    assert list(made.rooms.all()) == [room]
    assert (made.guest_until - timezone.now()).days == 14
    with pytest.raises(Sorry, match="belongs in a room"):
        say_line(Ask(bo), "/guest-link")


@pytest.mark.parametrize("until", ["2020-01-01", "2999-01-01", "in 53 weeks", "in 999 weeks"])
def test_nobody_is_a_guest_for_longer_than_a_year(room: Room, bo: Person, until: str) -> None:
    with pytest.raises(Sorry, match="for a year at most"):
        say_line(Ask(bo, room), f"/guest-link until: {until}")


def test_into_a_private_room_only_those_inside_bring_anybody(ana: Person, bo: Person, cy: Person) -> None:
    secret = Room.make("salaries", by=ana, private=True)
    secret.seat(bo)
    with pytest.raises(NotYours, match="no room called #salaries"):
        say_line(Ask(cy), "/guest-link #salaries")
    made = guests.bring([secret], guests.last_day(bo), by=bo)
    secret.leave(bo)
    with pytest.raises(Sorry, match="has ended"):
        join(made, **GIL)  # what Bo may no longer enter, nobody enters by a link of his


def test_nothing_that_has_no_room_is_for_guests(gil: Person, bo: Person, room: Room) -> None:
    Team.objects.create(name="Elsewhere", slug="elsewhere")
    words = room.say("hello", by=bo)
    seen = visible(Entry.objects.all(), gil)
    assert {entry.room for entry in seen} == {room}
    assert words.entries.get() in seen
    assert set(Person.known_to(gil)) == set(Person.objects.filter(seats__room=room))


def test_a_guest_talks_and_claps_and_changes_nothing_of_the_house(
    gil: Person, bo: Person, room: Room
) -> None:
    message = say_line(Ask(gil, room), "the queue is full on our side").message
    say_line(Ask(gil, room), f"/clap {room.say('thanks', by=bo).pk}")
    say_line(Ask(gil, room), f"/edit {message.pk} text: our queue is full")
    refused = [one for one in book.all() if one.role > gil.role]
    assert {"room", "incident", "invite", "guest-link", "bring", "join", "til", "team"} <= {
        c.verb for c in refused
    }
    for command in refused:
        with pytest.raises(NotYours):
            perform(Ask(gil, room), command.verb, {})
    with pytest.raises(Sorry, match="Guests have no keys"):
        Key.make(gil, "deploy")
    assert "/invite" not in whispered(say_line(Ask(gil, room), "/help"))


def test_a_guest_finds_and_names_only_those_beside_them(gil: Person, cy: Person, room: Room) -> None:
    assert "Ana Ngata" in whispered(say_line(Ask(gil, room), "/people"))
    assert "Nobody here by cy" in whispered(say_line(Ask(gil, room), "/people cy"))


def test_a_guest_is_in_rooms_and_in_no_team_and_keeps_no_house(gil: Person, ana: Person, room: Room) -> None:
    for line in ("/join-team magic-sparkles person: @gil-moss", "/keeper @gil-moss"):
        with pytest.raises(Sorry, match="is a guest"):
            say_line(Ask(ana, room), line)
    assert gil not in [seat.person for seat in house_room("all-of-us", "Everybody").seats.all()]


def test_who_looks_after_a_room_of_theirs_says_how_long_they_stay(
    gil: Person, ana: Person, bo: Person, cy: Person, room: Room
) -> None:
    with pytest.raises(Sorry, match="Whoever looks after a room of theirs"):
        say_line(Ask(bo), "/guest @gil-moss until: in 5 weeks")
    Seat.objects.filter(room=room, person=bo).update(keeper=True)
    assert "is a guest until" in whispered(say_line(Ask(bo), "/guest @gil-moss until: in 5 weeks"))
    gil.refresh_from_db()
    assert (gil.guest_until - timezone.now()).days in (34, 35)
    with pytest.raises(Sorry, match="is a member here"):
        say_line(Ask(ana), "/guest @cy-park until: friday")
    with pytest.raises(Sorry, match="for a year at most"):
        say_line(Ask(ana), "/guest @gil-moss until: 2999-01-01")


def test_nothing_takes_a_guest_along_into_another_room_by_itself(bo: Person, ana: Person) -> None:
    secret = Room.make("salaries", by=ana, private=True)
    secret.seat(bo)
    gil = join(guests.bring([secret], guests.last_day(bo), by=bo), **GIL)
    said = say_line(Ask(bo, secret), "/incident somebody reads our mail")
    assert said.record is not None
    assert said.record.home.private
    assert said.record.home.may_enter(ana)
    assert not said.record.home.may_enter(gil)


def test_when_the_day_has_passed_they_are_out_before_anybody_notes_it(gil: Person, room: Room) -> None:
    Person.objects.filter(pk=gil.pk).update(guest_until=timezone.now() - timedelta(seconds=1))
    gil.refresh_from_db()
    assert not gil.is_active
    assert not room.may_enter(gil)
    with pytest.raises(NotYours, match="no longer active"):
        say_line(Ask(gil, room), "/rooms")


def test_everybody_hears_of_it_and_it_can_be_undone(gil: Person, ana: Person, bo: Person, room: Room) -> None:
    Person.objects.filter(pk=gil.pk).update(guest_until=timezone.now() + timedelta(seconds=90))
    settle(timezone.now() + timedelta(minutes=3))
    gil.refresh_from_db()
    assert gil.deactivated_at is not None
    assert Entry.objects.filter(verb="person.deactivated", about=f"person:{gil.pk}").count() == 1
    Person.objects.filter(pk=gil.pk).update(guest_until=timezone.now() - timedelta(days=1))
    with pytest.raises(Sorry, match="was a guest"):
        say_line(Ask(ana), "/reactivate @gil-moss")
    Seat.objects.filter(room=room, person=bo).update(keeper=True)
    Person.objects.filter(pk=gil.pk).update(deactivated_at=timezone.now())
    say_line(Ask(bo), "/guest @gil-moss until: in 2 weeks")
    gil.refresh_from_db()
    assert gil.is_active
    assert room.may_enter(gil)


def test_what_a_keeper_ended_only_a_keeper_gives_back(
    gil: Person, ana: Person, bo: Person, room: Room
) -> None:
    Seat.objects.filter(room=room, person=bo).update(keeper=True)
    say_line(Ask(ana), "/deactivate @gil-moss")
    with pytest.raises(Sorry, match="A keeper of the house could give it back"):
        say_line(Ask(bo), "/guest @gil-moss until: in 2 weeks")
    say_line(Ask(ana), "/guest @gil-moss until: in 2 weeks")
    say_line(Ask(bo), "/end-guest @gil-moss")
    gil.refresh_from_db()
    assert not gil.is_active
