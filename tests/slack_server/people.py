"""People and bots: who they are, and what they say, mark and see in channels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tests.slack_server.forms import Forms
from tests.slack_server.messages import Message
from tests.slack_server.profiles import Profile
from tests.slack_server.uploads import keep
from tests.slack_server.wording import encode, rich_text

if TYPE_CHECKING:
    from tests.slack_server.channels import Channel

Json = dict[str, Any]
Attached = tuple[str, str, bytes]


class User(Forms, Profile):
    """Somebody in a workspace; every method is one act in their Slack client."""

    def says(
        self,
        channel: Channel,
        words: str,
        *,
        thread: str | None = None,
        files: Sequence[Attached] = (),
        broadcast: bool = False,
    ) -> str:
        """Write a message, typed as a person types; gives its ts."""
        with self.server.lock:
            self._able(channel)
            if thread and thread not in channel.messages:
                raise LookupError("there is no such message to reply to")
            text = encode(words, self)
            message = Message(channel, self.server.clock.ts(), text, self.id, thread_ts=thread or "")
            message.blocks = rich_text(text, self.server.id("b")) if words else []
            message.files = [keep(channel, self, *file).json() for file in files]
            message.subtype = "file_share" if files else "thread_broadcast" if broadcast else ""
            channel.post(message)
        self.server.acted()
        return message.ts

    def edits(self, channel: Channel, ts: str, words: str) -> None:
        with self.server.lock:
            message = self._own(channel, ts)
            text = encode(words, self)
            channel.change(message, self, text=text, blocks=rich_text(text, self.server.id("b")))
        self.server.acted()

    def deletes(self, channel: Channel, ts: str) -> None:
        with self.server.lock:
            channel.remove(self._own(channel, ts))
        self.server.acted()

    def reacts(self, channel: Channel, ts: str, name: str) -> None:
        with self.server.lock:
            channel.react(self._marked(channel, ts), name, self)
        self.server.acted()

    def unreacts(self, channel: Channel, ts: str, name: str) -> None:
        with self.server.lock:
            channel.unreact(self._marked(channel, ts), name, self)
        self.server.acted()

    def pins(self, channel: Channel, ts: str) -> None:
        with self.server.lock:
            channel.pin(self._marked(channel, ts), self)
        self.server.acted()

    def unpins(self, channel: Channel, ts: str) -> None:
        with self.server.lock:
            channel.unpin(self._marked(channel, ts), self)
        self.server.acted()

    def joins(self, channel: Channel) -> None:
        with self.server.lock:
            if not channel.visible_to(self) or channel.archived:
                raise LookupError(f"{self.display} cannot join {channel.name}")
            channel.bring(self, by=self)
        self.server.acted()

    def leaves(self, channel: Channel) -> None:
        with self.server.lock:
            channel.drop(self, by=self)
        self.server.acted()

    def archives(self, channel: Channel) -> None:
        with self.server.lock:
            self._able(channel)
            channel.close(self)
        self.server.acted()

    def unarchives(self, channel: Channel) -> None:
        with self.server.lock:
            channel.reopen(self)
        self.server.acted()

    def renames(self, channel: Channel, name: str) -> None:
        with self.server.lock:
            self._able(channel)
            channel.rename(name, self)
        self.server.acted()

    def dm(self, other: User) -> Channel:
        """The direct message with somebody, or with a bot."""
        return self.workspace.dm(self, other)

    # -- what they see

    def sees(self, channel: Channel, *, thread: str | None = None, notices: bool = False) -> list[Message]:
        """Messages in order, with those only they can see; `notices`: also who joined and the like."""
        with self.server.lock:
            if not channel.visible_to(self):
                raise LookupError(f"{self.display} cannot see this channel")
            said = list(channel.messages.values()) + [m for m in channel.asides if m.to is self]
            shown = [m for m in said if notices or not m.notice]
            if thread:
                shown = [m for m in shown if thread in (m.ts, m.thread_ts)]
            else:
                shown = [m for m in shown if not m.reply or m.subtype == "thread_broadcast"]
            return sorted(shown, key=lambda m: m.ts)

    def reads(self, channel: Channel, *, thread: str | None = None) -> list[str]:
        """The words of each message."""
        return [message.words for message in self.sees(channel, thread=thread)]

    # -- what they may do

    def _able(self, channel: Channel) -> None:
        if self not in channel.members:
            raise LookupError(f"{self.display} is not in {channel.name or channel.id}")
        if channel.archived:
            raise LookupError(f"{channel.name} is archived")

    def _marked(self, channel: Channel, ts: str) -> Message:
        self._able(channel)
        return channel.messages[ts]

    def _own(self, channel: Channel, ts: str) -> Message:
        message = self._marked(channel, ts)
        if message.user != self.id:
            raise LookupError("only one's own messages can be changed")
        return message
