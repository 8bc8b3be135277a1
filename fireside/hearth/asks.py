"""What somebody asks for, and the ways to answer that are not a record or a card."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from fireside.hearth import slips
from fireside.hearth.cards import Card
from fireside.hearth.errors import Sorry
from fireside.hearth.messages import Message
from fireside.hearth.people import Person
from fireside.hearth.rooms import Room
from fireside.hearth.timeline import Record


@dataclass(frozen=True, slots=True)
class Ask:
    """Who asks for what, where, through which door. `key` makes a repeated request harmless.

    `slip` is what to do with what looks like a key among the words (see `fireside.hearth.slips`).
    """

    person: Person
    room: Room | None = None
    door: str = "web"
    message: Message | None = None
    key: str = ""
    at: datetime | None = None
    slip: str = ""

    @property
    def own_key(self) -> str:
        """The key among this person's own, so that nobody can take another's."""
        return f"{self.person.pk}:{self.key}" if self.key else ""

    def where(self) -> Room:
        """The room this was asked in; Sorry when it was asked outside any."""
        if self.room is None:
            raise Sorry("This one belongs in a room. Say it in a room, or name one with room: #name.")
        return self.room

    def weighed(self, words: str) -> str:
        """The words as they may be said; Slipped when they hold what looks like a key."""
        return slips.weighed({"text": words}, self.slip)["text"]


@dataclass(frozen=True, slots=True)
class Whisper:
    """For the asker's eyes alone."""

    words: str = ""
    card: Card | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """Said openly, but in another room; `words` are whispered where it was asked."""

    record: Record
    room: Room
    words: str = ""
