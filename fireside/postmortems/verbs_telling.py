"""What people do with their own telling. Its words pass through no command: they stay on one page."""

from __future__ import annotations

from fireside.hearth.cards import Button, Card, text
from fireside.hearth.commands import Ask, Whisper, command
from fireside.hearth.people import Role
from fireside.postmortems.postmortem import Postmortem
from fireside.postmortems.tellings import Telling
from fireside.postmortems.verbs_learned import INCIDENT, which


@command("/tell", example="/tell INC-12", title="Tell my part", where=INCIDENT, shows=True, role=Role.GUEST)
def tell(ask: Ask, postmortem: Postmortem | None = None) -> Whisper:
    """Open your own page for what you saw, knew and thought then; only you can read it until you share it."""
    found = which(ask, postmortem)
    number = {"postmortem": str(found.number)}
    card = Card(
        title=text("Your part of {title}", title=found.title), kind="telling", tone="dusk", icon="lock",
        body=(text("Only you can open this page."),), link=found.telling_url,
        buttons=(Button("Share it", "share-telling", number),),
    )  # fmt: skip
    return Whisper("Yours to tell, when you like.", card)


@command(
    "/share-telling",
    example="/share-telling INC-12",
    title="Share my telling",
    where=INCIDENT,
    role=Role.GUEST,
)
def share_telling(ask: Ask, postmortem: Postmortem | None = None) -> Whisper:
    """Let everyone who may read the post-mortem read your telling."""
    Telling.mine(which(ask, postmortem), ask.person).share()
    return Whisper("Shared. Thank you for telling it.")


@command(
    "/take-back-telling",
    example="/take-back-telling INC-12",
    title="Take my telling back",
    where=INCIDENT,
    role=Role.GUEST,
)
def take_back_telling(ask: Ask, postmortem: Postmortem | None = None) -> Whisper:
    """Make your telling yours alone again; possible until the post-mortem is published."""
    Telling.mine(which(ask, postmortem), ask.person).take_back()
    return Whisper("Only you can read it again.")


@command("/let-me-be", example="/let-me-be INC-12", title="Not this time", where=INCIDENT, role=Role.GUEST)
def let_me_be(ask: Ask, postmortem: Postmortem | None = None) -> Whisper:
    """Not tell your part this time; nobody is told, and you are not asked again."""
    Telling.mine(which(ask, postmortem), ask.person).let_be()
    return Whisper("That is fine. You will not be asked again.")
