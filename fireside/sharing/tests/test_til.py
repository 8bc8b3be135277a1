"""What somebody learned today: a card in #til, wherever it was said."""

import pytest

from fireside.hearth.models import Message, Room
from fireside.hearth.rooms import house_room

pytestmark = pytest.mark.django_db
LINE = "/til psql \\watch repeats a query"


def test_something_learned_stands_in_a_room_where_everybody_has_a_seat(do, ana, bo, room):
    outcome = do(bo, LINE, room)
    til = Room.objects.get(slug="til")
    [said] = til.messages.all()
    assert til.purpose == Room.Purpose.TIL
    assert til.seats.filter(person=ana).exists()
    assert str(said.drawn) == "Bo Lund learned today\npsql \\watch repeats a query"
    assert (said.drawn.kind, str(said.drawn.foot)) == ("til", "From #magic-sparkles")
    assert said.author == bo
    assert outcome.whisper.words == "It is said in #til."


def test_in_its_own_room_it_is_simply_said(do, bo):
    room = house_room("til", "Today I learned.", Room.Purpose.TIL)
    outcome = do(bo, LINE, room)
    assert outcome.message.room == room
    assert outcome.message.drawn.foot is None
    assert outcome.whisper is None


def test_a_private_room_is_not_named_as_the_place_it_comes_from(do, ana):
    secret = Room.make("salaries", by=ana, private=True)
    do(ana, LINE, secret)
    [said] = Room.objects.get(slug="til").messages.all()
    assert "salaries" not in str(said.card)
    assert not secret.messages.exists()


def test_what_somebody_else_learned_is_credited_to_them(do, ana, bo, room):
    do(ana, f"{LINE} who: @{bo.handle}", room)
    [said] = Message.objects.filter(card__kind="til")
    assert str(said.drawn.title) == "Bo Lund learned today"
    assert said.author == ana
