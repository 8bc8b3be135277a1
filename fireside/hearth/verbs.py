"""What people do about rooms and words in them, in every room and through every door."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from fireside.hearth import leaving_rooms
from fireside.hearth.cards import Card, Code, Link, Mention, text
from fireside.hearth.commands import Ask, NotYours, Sorry, Whisper, book, command
from fireside.hearth.kinds import Kind, Line, Word, Words, teach
from fireside.hearth.messages import CLAPS, Message
from fireside.hearth.people import Person, Role
from fireside.hearth.rooms import Room, visible
from fireside.hearth.timeline import note

LISTED = 30  # rooms or commands that fit into one whisper


class Openness(models.TextChoices):
    EVERYBODY = "everybody", "everybody who is signed in"
    PRIVATE = "private", "only those who are brought in"


def _read_message(words: str, ask: Ask) -> Message:
    """ "41", "message:41" or the address of a message the asker may see."""
    number = words.strip().partition("#")[0].rstrip("/").rpartition(":")[2].rpartition("/")[2]
    seen = visible(Message.objects.select_related("room", "author"), ask.person)
    if number.isdecimal() and len(number) < 19 and (known := seen.filter(pk=int(number)).first()):
        return known
    raise NotYours("There is no such message. A message's own page shows its number in the address.")


teach(Message, Kind("message", _read_message, short=True, hint="the number or address of a message"))


@command(
    "/room", example="/room unicorn-care about: feeding and brushing who: everybody", title="Make a room"
)
def make_room(
    ask: Ask, name: Word, about: Line = "", purpose: Room.Purpose = Room.Purpose.OTHER,
    who: Openness = Openness.EVERYBODY,
) -> Whisper:  # fmt: skip
    """Make a room, with a sentence about what it is for; you have the first seat in it."""
    private = who == Openness.PRIVATE
    made = Room.make(name, by=ask.person, purpose=purpose, about=about, private=private)
    return _whisper_room(made)


@command("/join", example="/join #til", title="Join a room")
def join(ask: Ask, name: Room) -> Whisper:
    """Take a seat in a room, so that it is among your rooms and tells you what is new."""
    name.seat(ask.person, quiet=True)
    return _whisper_room(name)


@command("/leave", example="/leave #til", title="Leave a room", role=Role.GUEST)
def leave(ask: Ask, name: Room | None = None) -> Whisper:
    """Give up your seat in a room; you can come back to an open one at any time."""
    left = name or ask.where()
    left.leave(ask.person)
    return Whisper(f"#{left.slug} is no longer among your rooms.")


@command("/bring", example="/bring @bo", title="Bring somebody in")
def bring(ask: Ask, person: Person) -> Card:
    """Give somebody a seat in this room; into a private room this is the only way."""
    ask.where().seat(person, by=ask.person)
    return Card(
        title=text("{who} has a seat here now", who=Mention(person.handle, person.name)), icon="user-plus"
    )


@command("/about", example="/about Where we look after the unicorns", title="What this room is for")
def about(ask: Ask, words: Line) -> Card:
    """Say in a sentence what this room is for, so that newcomers know."""
    room = ask.where()
    Room.objects.filter(pk=room.pk).update(about=words)
    note("room.changed", f"said what #{room.slug} is for", by=ask.person, room=room, about=room.ref)
    return Card(title=text("What this room is for"), icon="hash", body=(text("{words}", words=words),))


@command("/rooms", example="/rooms til", title="Find a room", shows=True, role=Role.GUEST)
def rooms(ask: Ask, words: Line = "") -> Whisper:
    """List the rooms you could enter, or those whose name or purpose holds some words."""
    wish = words.strip().lstrip("#")
    seen = Room.enterable_by(ask.person).filter(archived_at=None)
    found = seen.filter(models.Q(slug__icontains=wish) | models.Q(about__icontains=wish))[:LISTED]
    if not found:
        return Whisper(f"There is no room like {wish} yet. You could make one with /room.")
    lines = tuple(
        text("{room} {about}", room=Link(str(room), room.get_absolute_url()), about=room.about)
        for room in found
    )
    return Whisper(card=Card(title=text("Rooms you could enter"), icon="hash", body=lines))


@command("/help", example="/help decide", title="What could I say here?", shows=True, role=Role.GUEST)
def helping(ask: Ask, verb: Word = "") -> Whisper:
    """Explain a command, or list those that fit this room."""
    if verb:
        found = book.find(verb.lstrip("/"))
        facts = {
            "How": text("{line}", line=Code(f"/{found.verb} {found.hint}".strip())),
            "For example": text("{line}", line=Code(found.example)),
        }
        return Whisper(card=Card(title=text("{help}", help=found.help), icon="slash", facts=facts))
    offered = book.offered(ask.room, ask.person)
    here = [one for one in offered if ask.room is not None and ask.room.purpose in one.where]
    here = here or sorted(offered, key=lambda one: bool(one.where))  # what fits everywhere comes first
    lines = tuple(
        text("{verb} {help}", verb=Code(f"/{one.verb}"), help=one.help.splitlines()[0])
        for one in here[:LISTED]
    )
    return Whisper(card=Card(
        title=text("What you could say here"), icon="slash", body=lines,
        foot=text(
            "{line} explains one of them. There are {more} more.",
            line=Code("/help decide"), more=len(offered) - len(lines),
        ),
    ))  # fmt: skip


@command("/say", example="/say The unicorns are fed.", title="Say something", role=Role.GUEST)
def say(ask: Ask, words: Words, to: Room | None = None, thread: Message | None = None) -> Whisper:
    """Say words in a room, or as a reply; for programs and the command line."""
    room = thread.room if thread else (to or ask.where())
    room.say(words, by=ask.person, key=ask.own_key, at=ask.at, thread=thread)
    return Whisper(f"It is said in #{room.slug}.")


@command(
    "/edit",
    example="/edit 41 text: The unicorns are fed and brushed.",
    title="Change my words",
    role=Role.GUEST,
)
def edit(ask: Ask, message: Message, text: Words) -> None:
    """Change words you said; what they were before stays readable beside them."""
    message.edit(text, by=ask.person)


@command("/delete", example="/delete 41", title="Take my words back", role=Role.GUEST)
def delete(ask: Ask, message: Message) -> None:
    """Take back words you said, with their files; they leave the timeline too."""
    message.delete_words(by=ask.person)


@command("/clap", example="/clap 41 sign: 🎉", title="Clap", role=Role.GUEST)
def clap(ask: Ask, message: Message, sign: Word = CLAPS[0]) -> None:
    """Clap for words somebody said; doing it again takes it back."""
    message.clap(sign, by=ask.person)


@command("/pin", example="/pin 41", title="Pin to the room", role=Role.GUEST)
def pin(ask: Ask, message: Message) -> None:
    """Keep words where everybody in the room finds them again."""
    message.pin(by=ask.person)


@command("/unpin", example="/unpin 41", title="Take the pin out", role=Role.GUEST)
def unpin(ask: Ask, message: Message) -> None:
    """Words that were pinned become words like others again."""
    message.pin(by=ask.person, on=False)


@command("/archive", example="/archive", title="Close this room")
def archive(ask: Ask) -> Whisper:
    """Let a room rest: it can still be read and found, but nothing new is said in it."""
    room = _kept_room(ask)
    Room.objects.filter(pk=room.pk, archived_at=None).update(archived_at=timezone.now())
    note("room.archived", f"let #{room.slug} rest", by=ask.person, room=room, about=room.ref)
    return Whisper(f"#{room.slug} rests now. /unarchive opens it again.")


@command("/unarchive", example="/unarchive", title="Open this room again")
def unarchive(ask: Ask) -> Whisper:
    """Open a room that was put to rest."""
    room = _kept_room(ask)
    leaving_rooms.stay(room, by=ask.person)
    Room.objects.filter(pk=room.pk).update(archived_at=None)
    note("room.unarchived", f"opened #{room.slug} again", by=ask.person, room=room, about=room.ref)
    return Whisper(f"#{room.slug} is open again.")


def _kept_room(ask: Ask) -> Room:
    """The room, when the asker looks after it or after the whole house."""
    room = ask.where()
    if ask.person.is_keeper or room.seats.filter(person=ask.person, keeper=True).exists():
        return room
    raise Sorry("Whoever made this room could do this, and so could a keeper of the house.")


def _whisper_room(room: Room) -> Whisper:
    return Whisper(card=Card(
        title=text("You have a seat in {room}", room=Link(str(room), room.get_absolute_url())), icon="hash",
        body=(text("{about}", about=room.about),) if room.about else (),
    ))  # fmt: skip
