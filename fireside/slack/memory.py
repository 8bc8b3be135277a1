"""What a form remembers while it is open in Slack: where it was asked, and how the asker is answered."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from fireside.hearth.commands import Command, Param, Sorry
from fireside.hearth.messages import Message
from fireside.hearth.rooms import Room, visible
from fireside.slack.account import Account

if TYPE_CHECKING:
    from fireside.slack.asking import Place

MOST = 3000  # characters of what Slack calls private_metadata
HIDDEN = 200  # characters of a value that travels with the form unseen
GONE = "The room where this was asked is not there any more."


@dataclass(frozen=True, slots=True)
class Memory:
    """Names of things, never rights: those are looked at again when the form comes back."""

    verb: str
    channel: str = ""
    room: str = ""  # its slug
    message: int = 0
    url: str = ""  # where the asker can be answered for half an hour
    hidden: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, place: Place, command: Command, given: dict[str, str]) -> Memory:
        hidden = {param.name: given[param.name] for param in command.params if _is_hidden(param, given)}
        room, message = place.room, place.message
        return cls(
            command.verb, place.channel_id, room.slug if room else "", message.pk if message else 0,
            place.response_url, hidden,
        )  # fmt: skip

    @classmethod
    def read(cls, view: dict[str, Any]) -> Memory:
        return cls(**json.loads(view["private_metadata"]))

    def written(self) -> str:
        """JSON that Slack carries for us; an address too long for it is left out."""
        kept = asdict(self)
        if len(json.dumps(kept)) > MOST:
            kept["url"] = ""
        return json.dumps(kept, separators=(",", ":"))

    def place(self, account: Account) -> Place:
        """The place where it was asked, as far as this person may see it."""
        from fireside.slack.asking import Place

        room = Room.objects.filter(slug=self.room).first() if self.room else None
        if self.room and room is None:
            raise Sorry(GONE)
        seen = visible(Message.objects.select_related("room", "author"), account.person)
        found = Place(self.channel, room, seen.filter(pk=self.message).first() if self.message else None)
        found.response_url = self.url
        return found


def _is_hidden(param: Param, given: dict[str, str]) -> bool:
    """The message a form is about was chosen before it opened."""
    words = given.get(param.name, "").strip()
    return param.kind.name == "message" and 0 < len(words) <= HIDDEN
