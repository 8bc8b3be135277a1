"""What people do so that something is no longer kept: how long, which room, who."""

from __future__ import annotations

import re
from typing import Annotated, TypeAlias

from django.conf import settings
from django.db.models import TextChoices

from fireside.hearth import keeping, leaving_people, leaving_rooms
from fireside.hearth.cards import Card, Link, Moment, text
from fireside.hearth.commands import NOT_FOR, Ask, NotYours, Sorry, Whisper, command
from fireside.hearth.keeping import Kept, said
from fireside.hearth.keeping_words import words_of_room
from fireside.hearth.kinds import Kind, Line, Word, teach
from fireside.hearth.people import Person, Role
from fireside.hearth.rooms import Room

FOR_EVER = ("for ever", "forever", "ever", "always")


class Story(TextChoices):
    STAYS = "stays", "the story of an incident stays"
    GOES = "goes", "the incident goes with its room"


class TheirWords(TextChoices):
    STAY = "stay", "what they said stays, without their name"
    GO = "go", "what they said goes too"


def read_kept(words: str, ask: Ask) -> Kept:
    """ "deliveries", "words-til" or "#a-room": a kind of things that could go by themselves."""
    wish = words.strip().lower()
    if wish.startswith("#"):
        return words_of_room(Room.named(wish, person=ask.person))
    if wish not in keeping.kinds:
        raise Sorry(f"{words} is none of: {', '.join(keeping.kinds)}, or a room like #til.")
    return keeping.kinds[wish]


def read_length(words: str) -> int | None:
    """ "30", "30 days", "2 years": days; None is for ever."""
    wish = words.strip().lower()
    if wish in FOR_EVER:
        return None
    found = re.fullmatch(r"(\d{1,5}) ?(d|days?|weeks?|years?)?", wish)
    if found is None:
        raise Sorry(
            f"{words} is no length of time. You could write 30 days, 2 years or for ever.", field="length"
        )
    return int(found[1]) * {"w": 7, "y": 365}.get((found[2] or "d")[0], 1)


def read_anybody(words: str, ask: Ask) -> Person:
    """Somebody who is here, or by their handle somebody whose access ended."""
    handle = words.strip().lstrip("@").lower()
    gone = (
        Person.known_to(ask.person).filter(handle=handle, gone_at=None).exclude(deactivated_at=None).first()
    )
    return gone or Person.named(words, by=ask.person)


Anybody: TypeAlias = Annotated[Person, Kind("person", read_anybody, short=True, hint="@name")]


def _suggest(words: str, ask: Ask) -> list[tuple[str, str]]:
    return [(one.name, one.title) for one in keeping.kinds.values()]


teach(Kept, Kind("kept", read_kept, True, "deliveries, words-til, #room", suggest=_suggest))


@command(
    "/keep", example="/keep deliveries length: 30 days", title="How long something is kept", role=Role.KEEPER
)
def keep(ask: Ask, what: Kept, length: Line) -> Whisper:
    """Say how long a kind of things is kept; what is older goes in the night. Keepers can do this."""
    days = read_length(length)
    keeping.choose(what, days, by=ask.person)
    if days is None:
        return Whisper(f"{what.title}: kept for ever.")
    return Whisper(
        f"{what.title}: kept for {said(days)}. From tonight, {counted(what, days)} go. "
        f"Until then /keep {what.name} length: for ever takes that back."
    )


def counted(what: Kept, days: int) -> str:
    """ "about 12,000 deliveries older than 30 days"."""
    old = what.old(days)
    many = f"more than {keeping.MANY:,}" if old >= keeping.MANY else f"about {old:,}" if old else "no"
    return f"{many} {what.many} older than {said(days)}"


@command("/delete-room", example="/delete-room #old-plans typed: old-plans", title="Delete a room")
def delete_room(ask: Ask, name: Room, typed: Word = "", story: Story = Story.STAYS) -> Whisper:
    """Delete a room that rests, with all that is in it. For two weeks /keep-room could still keep it."""
    _looks_after(ask, name)
    load = leaving_rooms.leave(name, by=ask.person, typed=typed, with_story=story == Story.GOES)
    return Whisper(card=Card(
        title=text("{room} goes on {day}", room=_link(name), day=_day(name)), icon="archive",
        body=(text("With it go {load}. Until then it can be read, and kept.", load=str(load)),),
    ))  # fmt: skip


@command("/keep-room", example="/keep-room #old-plans", title="Keep a room after all")
def keep_room(ask: Ask, name: Room) -> Whisper:
    """Keep a room that was to be deleted; nothing of it has gone yet."""
    _looks_after(ask, name)
    leaving_rooms.stay(name, by=ask.person)
    return Whisper(f"#{name.slug} stays. It rests, as before; /unarchive opens it again.")


@command("/delete-person", example="/delete-person @bo words: stay", title="Delete a person", role=Role.GUEST)
def delete_person(ask: Ask, person: Anybody, words: TheirWords = TheirWords.STAY) -> Whisper:
    """Delete yourself, or as a keeper somebody else: signed out at once, gone in two weeks."""
    if person != ask.person and not ask.person.is_keeper:
        raise NotYours(NOT_FOR[Role.KEEPER])
    back = leaving_people.leave(person, by=ask.person, words_go=words == TheirWords.GO)
    goes = text("{who} goes on {day}", who=person.name, day=Moment(person.goes_at.isoformat(), "day"))  # type: ignore[union-attr]
    if back:
        url = settings.PUBLIC_URL + back
        return Whisper(card=Card(
            title=goes, icon="leaf",
            body=(text("Keep this link. Until then it brings everything back: {link}", link=Link(url, url)),),
        ))  # fmt: skip
    return Whisper(card=Card(
        title=goes, icon="leaf",
        body=(text("Until then, giving access back under Settings, People undoes it."),),
    ))  # fmt: skip


def _looks_after(ask: Ask, room: Room) -> None:
    if not leaving_rooms.looks_after(room, ask.person):
        raise Sorry("Whoever made this room could do this, and so could a keeper of the house.")


def _link(room: Room) -> Link:
    return Link(str(room), room.get_absolute_url())


def _day(room: Room) -> Moment:
    return Moment(room.goes_at.isoformat() if room.goes_at else "", "day")
