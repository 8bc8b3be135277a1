"""What people do with a post-mortem: open it, write it, publish it, applaud it."""

from __future__ import annotations

from fireside.hearth.cards import Card, Link, text
from fireside.hearth.commands import Ask, Said, Sorry, Whisper, command
from fireside.hearth.kinds import Line, Words
from fireside.hearth.people import Person, Role
from fireside.hearth.timeline import Record
from fireside.incidents.models import Incident
from fireside.postmortems import verbs_learned, verbs_telling  # noqa: F401 -- their commands join the book
from fireside.postmortems.kinds import Count, Kinds, Prose
from fireside.postmortems.postmortem import Postmortem
from fireside.postmortems.publishing import publish as publish_it
from fireside.postmortems.sections import Section
from fireside.postmortems.verbs_learned import INCIDENT, openly, which


@command("/postmortem", example="/postmortem INC-12", title="Open the post-mortem", where=INCIDENT)
def postmortem(ask: Ask, incident: Incident | None = None) -> Whisper:
    """Find the post-mortem of an incident, or begin it when the incident is over."""
    incident = incident or Incident.of(ask.where())
    if incident.is_open:
        raise Sorry(f"{incident.name} is still open. Its post-mortem opens by itself when it is closed.")
    found, new = Postmortem.open(incident, by=ask.person)
    words = "Begun, with the timeline in it." if new else "Here it is."
    return Whisper(words, found.card())


@command("/title", example="/title The Tuesday the queue filled up", title="Give it a title", where=INCIDENT)
def title(ask: Ask, title: Line, postmortem: Postmortem | None = None) -> Whisper:
    """Name the post-mortem as people will remember that day."""
    found = which(ask, postmortem)
    found.name_it(title, by=ask.person)
    return Whisper(f"It is called “{title}” now.")


@command(
    "/write", example="/write summary For an hour, one rental in four was refused.", title="Write a section",
    where=INCIDENT,
)  # fmt: skip
def write(
    ask: Ask, section: Kinds, words: Prose = "", revision: Count = 0, postmortem: Postmortem | None = None
) -> Whisper:
    """Write a section of the post-mortem anew; what it said before stays in its history."""
    Section.write(which(ask, postmortem), section, words, by=ask.person, revision=revision)
    return Whisper("Saved.")


@command(
    "/went-well",
    example="/went-well The rehearsed back-out took forty seconds.",
    where=INCIDENT,
    role=Role.GUEST,
)
def went_well(ask: Ask, words: Words, postmortem: Postmortem | None = None) -> Card | Whisper:
    """Say what went well and should be kept."""
    return _added(ask, postmortem, Section.Kind.WENT_WELL, words)


@command(
    "/made-it-hard",
    example="/made-it-hard The graph counts orders placed, not paid.",
    where=INCIDENT,
    role=Role.GUEST,
)
def made_it_hard(ask: Ask, words: Words, postmortem: Postmortem | None = None) -> Card | Whisper:
    """Say what made it hard that day."""
    return _added(ask, postmortem, Section.Kind.MADE_IT_HARD, words)


@command(
    "/surprised", example="/surprised A full queue answers 503, not 500.", where=INCIDENT, role=Role.GUEST
)
def surprised(ask: Ask, words: Words, postmortem: Postmortem | None = None) -> Card | Whisper:
    """Say where the world differed from the picture you had of it."""
    return _added(ask, postmortem, Section.Kind.SURPRISED, words)


@command(
    "/thank-you",
    example="/thank-you To Dan and Ruth, who came within minutes.",
    where=INCIDENT,
    role=Role.GUEST,
)
def thank_you(ask: Ask, words: Words, postmortem: Postmortem | None = None) -> Card | Whisper:
    """Write a thank you into the post-mortem."""
    return _added(ask, postmortem, Section.Kind.THANKS, words)


def _added(ask: Ask, postmortem: Postmortem | None, kind: Section.Kind, words: str) -> Card | Whisper:
    found = which(ask, postmortem)
    Section.add(found, kind, words, by=ask.person)
    link = Link(found.title, found.get_absolute_url())
    card = Card(
        title=text("{heading}", heading=kind.label), body=(text("{words}", words=words),), icon="book-open",
        kind="postmortem", above=text("Written into {title}", title=link),
    )  # fmt: skip
    hidden = found.home.private and ask.room not in (None, found.home)
    return Whisper("Written.", card) if hidden else card


@command(
    "/written-by", example="/written-by @mei alongside: @tom", title="Who writes it", where=INCIDENT,
)  # fmt: skip
def written_by(
    ask: Ask, newcomer: Person, alongside: Person | None = None, postmortem: Postmortem | None = None
) -> Record | Said:
    """Let somebody write a first post-mortem, with somebody alongside who has done it before."""
    found = which(ask, postmortem)
    found.write_together(newcomer, alongside, by=ask.person)
    return openly(ask, found)


@command("/ask-to-read", example="/ask-to-read @priya", title="Ask somebody to read it", where=INCIDENT)
def ask_to_read(ask: Ask, person: Person, postmortem: Postmortem | None = None) -> Whisper:
    """Ask somebody to read the post-mortem before it is shared."""
    which(ask, postmortem).ask_to_read(person, by=ask.person)
    return Whisper(f"{person.name} will find it on their home page.")


@command("/have-read", example="/have-read INC-12", title="I have read it", where=INCIDENT, role=Role.GUEST)
def have_read(ask: Ask, postmortem: Postmortem | None = None) -> Whisper:
    """Say that you have read the post-mortem."""
    which(ask, postmortem).have_read(by=ask.person)
    return Whisper("Thank you for reading it.")


@command("/publish", example="/publish INC-12", title="Share it for reading", where=INCIDENT)
def publish(ask: Ask, postmortem: Postmortem | None = None) -> Record | Said:
    """Publish the post-mortem, so that everyone may read it, find it and be glad of it."""
    found = which(ask, postmortem)
    publish_it(found, by=ask.person)
    return openly(ask, found)


@command("/take-back", example="/take-back INC-12", title="Take it back for editing", where=INCIDENT)
def take_back(ask: Ask, postmortem: Postmortem | None = None) -> Whisper:
    """Make a published post-mortem a draft again; those who were there can."""
    found = which(ask, postmortem)
    found.take_back(by=ask.person)
    return Whisper("It is a draft again.", found.card())


@command("/applaud", example="/applaud INC-12", title="Applaud", role=Role.GUEST)
def applaud(ask: Ask, postmortem: Postmortem | None = None) -> Whisper:
    """Applaud those who learned something and told everyone; a second time takes it back."""
    stands = which(ask, postmortem).applaud(by=ask.person)
    return Whisper("They will see that somebody is glad of it." if stands else "Your applause is taken back.")
