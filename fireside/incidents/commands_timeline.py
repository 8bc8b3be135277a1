"""What belongs on the timeline: words worth keeping, and what happened before anybody wrote it down."""

from __future__ import annotations

from fireside.hearth.cards import Card, Moment, text
from fireside.hearth.commands import Ask, Whisper, command
from fireside.hearth.errors import NotYours, Sorry
from fireside.hearth.kinds import Word, Words
from fireside.hearth.messages import Message
from fireside.hearth.people import Role
from fireside.hearth.rooms import visible
from fireside.incidents.kinds import When
from fireside.incidents.models import Incident

IN_TROUBLE = ("incident",)


@command("/star", example="/star message:41", title="Put on the timeline", where=IN_TROUBLE, role=Role.GUEST)
def star(ask: Ask, message: Word = "") -> Whisper:
    """Put what was said on the timeline of its room, at the time it was said."""
    found = _message(ask, message)
    if found.deleted_at:
        raise Sorry("These words were taken back.")
    found.star(by=ask.person, story=found.room.story)
    return Whisper("It is on the timeline, at the time it was said.")


@command(
    "/unstar", example="/unstar message:41", title="Take off the timeline", where=IN_TROUBLE, role=Role.GUEST
)
def unstar(ask: Ask, message: Word = "") -> Whisper:
    """Take what was said off the timeline again. The words stay in the room."""
    found = _message(ask, message)
    found.unstar(by=ask.person, story=found.room.story)
    return Whisper("It is off the timeline. The words stay in the room.")


def _message(ask: Ask, ref: str) -> Message:
    """The message meant: named, linked to, or the one this was asked on; its room has a timeline."""
    number = ref.strip().rstrip("/").rpartition(":")[2].rpartition("/")[2]
    wish = int(number) if number.isdecimal() and len(number) < 19 else ask.message.pk if ask.message else 0
    seen = visible(Message.objects.select_related("room", "author"), ask.person)
    found = seen.filter(pk=wish).first()
    if found is None:
        raise NotYours("There is no such message. You could use the star beside the words.")
    if not found.room.story:
        raise Sorry("This room has no timeline. A room of an incident has one.")
    return found


@command(
    "/backfill",
    example="/backfill the first customer wrote to support at: 9:14",
    title="It happened earlier",
    where=IN_TROUBLE,
    role=Role.GUEST,
)
def backfill(ask: Ask, words: Words, at: When) -> Card:
    """Add what happened before anybody wrote it down, at the time it happened, in your time zone."""
    Incident.of(ask.where()).note("recalled", words, by=ask.person, at=at)
    return Card(
        title=text("{at} {words}", at=Moment(at.isoformat()), words=words), kind="recalled", icon="clock",
        above=text("Put on the timeline"),
    )  # fmt: skip
