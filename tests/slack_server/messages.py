"""Messages as they lie in a channel."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.slack_server.apps import App
    from tests.slack_server.channels import Channel
    from tests.slack_server.people import User

Json = dict[str, Any]
TOMBSTONE = "This message was deleted."
NOTICES = ("channel_join", "channel_leave", "channel_topic", "channel_purpose", "channel_name",
           "channel_archive", "channel_unarchive")  # fmt: skip


@dataclass
class Message:
    channel: Channel
    ts: str
    text: str
    user: str = ""
    app: App | None = None
    blocks: list[Json] = field(default_factory=list)
    attachments: list[Json] = field(default_factory=list)
    thread_ts: str = ""
    subtype: str = ""
    files: list[Json] = field(default_factory=list)
    metadata: Json = field(default_factory=dict)
    reactions: dict[str, list[str]] = field(default_factory=dict)
    edited: Json = field(default_factory=dict)
    ephemeral: bool = False
    deleted: bool = False
    to: User | None = None
    extra: Json = field(default_factory=dict)
    chosen: Json = field(default_factory=dict)
    client_msg_id: str = field(default_factory=lambda: str(uuid.uuid4()))

    @property
    def bot_id(self) -> str:
        return self.app.bot_id if self.app else ""

    @property
    def notice(self) -> bool:
        """Slack's own words about the channel, such as who has joined."""
        return self.subtype in NOTICES

    @property
    def reply(self) -> bool:
        return bool(self.thread_ts) and self.thread_ts != self.ts

    @property
    def replies(self) -> list[Message]:
        return [m for m in self.channel.messages.values() if m.reply and m.thread_ts == self.ts]

    @property
    def words(self) -> str:
        """All a person can read of it."""
        from tests.slack_server.sight import words_of

        return words_of(self)

    def json(self, *, metadata: bool = False, thread: bool = True) -> Json:
        shown: Json = {"type": "message", "ts": self.ts, "text": self.text}
        shown |= {k: v for k, v in self._optional().items() if v}
        if self.app:
            shown |= {"bot_id": self.bot_id, "app_id": self.app.id, "bot_profile": self._profile()}
        elif not self.subtype:
            shown |= {"client_msg_id": self.client_msg_id}
        if metadata and self.metadata:
            shown["metadata"] = self.metadata
        if self.reactions:
            shown["reactions"] = [
                {"name": name, "users": users[:], "count": len(users)}
                for name, users in self.reactions.items()
            ]
        if self.ts in self.channel.pins:
            shown["pinned_to"] = [self.channel.id]
        return shown | (self._thread() if thread else {}) | self.extra

    def _optional(self) -> Json:
        return {
            "user": self.user, "blocks": self.blocks, "attachments": self.attachments,
            "subtype": self.subtype, "files": self.files, "edited": self.edited,
            "team": "" if self.notice else self.channel.workspace.id,
        }  # fmt: skip

    def _profile(self) -> Json:
        assert self.app
        return {"id": self.bot_id, "name": self.app.bot_name, "app_id": self.app.id, "deleted": False,
                "team_id": self.channel.workspace.id}  # fmt: skip

    def _thread(self) -> Json:
        if self.reply:
            parent = self.channel.messages.get(self.thread_ts)
            return {"thread_ts": self.thread_ts} | ({"parent_user_id": parent.user} if parent else {})
        replies = self.replies
        if not replies:
            return {}
        people = list(dict.fromkeys(m.user for m in replies))
        return {"thread_ts": self.ts, "reply_count": len(replies), "reply_users": people,
                "reply_users_count": len(people), "latest_reply": replies[-1].ts}  # fmt: skip
