"""What people do to share what they learned."""

from __future__ import annotations

from fireside.hearth.cards import Card, Link, Mention, Text, text
from fireside.hearth.commands import Answer, Ask, Whisper, command
from fireside.hearth.kinds import Words
from fireside.hearth.people import Person
from fireside.hearth.rooms import Room, house_room

ABOUT = "Today I learned: small things worth knowing, from anybody."


@command(
    "/til", example="/til psql \\watch repeats a query", title="Today I learned", where=(Room.Purpose.TIL,)
)
def til(ask: Ask, what: Words, who: Person | None = None) -> Answer:
    """Share something small that you learned, or that somebody else did, where everybody can read it."""
    room = house_room("til", ABOUT, Room.Purpose.TIL)
    card = _card(what, who or ask.person, ask.room if ask.room != room else None)
    if ask.room == room:
        return card
    room.say(card=card, by=ask.person, key=ask.own_key, at=ask.at)
    return Whisper(f"It is said in {room}.")


def _card(what: str, who: Person, origin: Room | None) -> Card:
    """What was learned, credited; a private room is not named as the place it comes from."""
    named = origin is not None and not origin.private
    return Card(
        title=text("{who} learned today", who=Mention(who.handle, who.name)), kind="til", icon="sparkles",
        body=(text("{what}", what=what),), foot=_from(origin) if origin is not None and named else None,
    )  # fmt: skip


def _from(origin: Room) -> Text:
    return text("From {room}", room=Link(str(origin), origin.get_absolute_url()))
