"""A channel and what can happen in it; whoever may do what is decided by those who call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.slack_server.messages import TOMBSTONE, Message

if TYPE_CHECKING:
    from tests.slack_server.people import User
    from tests.slack_server.workspaces import Workspace

Json = dict[str, Any]


class Channel:
    def __init__(
        self, workspace: Workspace, ident: str, name: str, *, private: bool = False, im: bool = False
    ) -> None:
        self.workspace, self.id, self.name, self.private, self.im = workspace, ident, name, private, im
        self.server = workspace.server
        self.creator = ""
        self.created = int(self.server.now())
        self.topic = self.purpose = ""
        self.archived = False
        self.previous: list[str] = []
        self.members: list[User] = []
        self.messages: dict[str, Message] = {}
        self.asides: list[Message] = []
        self.pins: list[str] = []
        self.bookmarks: list[Json] = []

    @property
    def kind(self) -> str:
        """What Slack calls it in `channel_type`."""
        if self.im:
            return "mpim" if len(self.members) > 2 else "im"
        return "group" if self.private else "channel"

    @property
    def shared(self) -> bool:
        return any(user.stranger for user in self.members)

    def visible_to(self, user: User) -> bool:
        return user in self.members or not (self.private or self.im or user.guest or user.stranger)

    def json(self, viewer: User) -> Json:
        shown: Json = {
            "id": self.id, "created": self.created, "is_archived": self.archived, "is_im": self.kind == "im",
            "is_org_shared": False, "context_team_id": self.workspace.id, "updated": self.created * 1000,
        }  # fmt: skip
        if self.kind == "im":
            other = next((user for user in self.members if user is not viewer), viewer)
            return shown | {"user": other.id, "is_user_deleted": other.deleted, "priority": 0}
        return shown | {
            "name": self.name, "name_normalized": self.name, "is_channel": self.kind == "channel",
            "is_group": self.kind == "group", "is_mpim": self.kind == "mpim", "is_private": self.private,
            "is_general": self.name == "general", "is_shared": self.shared, "is_ext_shared": self.shared,
            "is_pending_ext_shared": False, "creator": self.creator, "is_member": viewer in self.members,
            "unlinked": 0, "shared_team_ids": [self.workspace.id], "previous_names": self.previous[:],
            "topic": {"value": self.topic, "creator": self.creator, "last_set": self.created},
            "purpose": {"value": self.purpose, "creator": self.creator, "last_set": self.created},
            "num_members": len(self.members),
        }  # fmt: skip

    # -- who is in it

    def invite(self, *people: User, by: User | None = None) -> None:
        """Bring people or bots in, as a person would with /invite."""
        for user in people:
            with self.server.lock:
                self.bring(user, by=by)
        self.server.acted()

    def kick(self, user: User, by: User | None = None) -> None:
        with self.server.lock:
            self.drop(user, by=by)
        self.server.acted()

    def bring(self, user: User, by: User | None = None) -> None:
        if user in self.members:
            return
        self.members.append(user)
        inviter = {"inviter": by.id} if by and by is not user else {}
        self._membership("member_joined_channel", user, inviter)
        self.notice("channel_join", f"<@{user.id}> has joined the channel", by=user, **inviter)

    def drop(self, user: User, by: User | None = None) -> None:
        self._membership("member_left_channel", user, {})
        self.members.remove(user)
        if not self.private:
            self.notice("channel_leave", f"<@{user.id}> has left the channel", by=user)

    def _membership(self, name: str, user: User, more: Json) -> None:
        letter = "G" if self.private else "C"
        self._tell(name, {"user": user.id, "channel": self.id, "channel_type": letter,
                          "team": self.workspace.id, **more})  # fmt: skip

    # -- what it is

    def rename(self, name: str, by: User) -> None:
        old, self.name = self.name, name
        self.previous.append(old)
        about = {"id": self.id, "name": name, "name_normalized": name, "created": self.created,
                 "is_channel": not self.private, "is_mpim": False}  # fmt: skip
        self._tell("group_rename" if self.private else "channel_rename", {"channel": about}, everywhere=True)
        self.notice("channel_name", f'has renamed the channel from "{old}" to "{name}"',
                    by=by, old_name=old, name=name)  # fmt: skip

    def describe(self, what: str, words: str, by: User) -> None:
        """Set the topic or the purpose."""
        setattr(self, what, words)
        self.notice(f"channel_{what}", f"set the channel {what}: {words}", by=by, **{what: words})

    def close(self, by: User) -> None:
        self.notice("channel_archive", "archived the channel", by=by)
        self.archived = True
        name = "group_archive" if self.private else "channel_archive"
        self._tell(name, {"channel": self.id, "user": by.id, "is_moved": 0}, everywhere=True)

    def reopen(self, by: User) -> None:
        self.archived = False
        name = "group_unarchive" if self.private else "channel_unarchive"
        self._tell(name, {"channel": self.id, "user": by.id}, everywhere=True)
        self.notice("channel_unarchive", "un-archived the channel", by=by)

    def notice(self, subtype: str, words: str, by: User, **more: Any) -> None:
        if not self.im:
            self.post(Message(self, self.server.clock.ts(), words, by.id, subtype=subtype, extra=more))

    # -- what is said in it

    def post(self, message: Message) -> Message:
        self.messages[message.ts] = message
        event = message.json(metadata=True)
        self.tell_message(event)
        if message.notice:
            return message
        mentioned = [i for i in self.server.installations if i.live and i.covers(self.workspace)]
        for installation in mentioned:
            bot = installation.bot(self.workspace)
            if f"<@{bot.id}>" in message.text and message.app is not installation.app and not self.im:
                named = {k: v for k, v in event.items() if k != "subtype"} | {"channel": self.id}
                self._tell("app_mention", named, ts=message.ts, app=installation.app)
        return message

    def whisper(self, message: Message) -> Message:
        """Show something to one person alone."""
        self.asides.append(message)
        return message

    def change(self, message: Message, by: User | None = None, **new: Any) -> None:
        """Alter a message; with `by` it is marked as edited."""
        before = message.json()
        for name, value in new.items():
            setattr(message, name, value)
        if by:
            message.edited = {"user": by.id, "ts": self.server.clock.ts()}
        if not message.ephemeral:
            now = message.json(metadata=True)
            self._hidden("message_changed", {"message": now, "previous_message": before})

    def remove(self, message: Message) -> None:
        """Take a message away; under the head of a thread a tombstone stays."""
        if message.ephemeral:
            self.asides.remove(message)
        elif message.replies:
            bare = {"text": TOMBSTONE, "subtype": "tombstone", "blocks": [], "files": [], "deleted": True}
            self.change(message, None, **bare)
        else:
            before = message.json()
            del self.messages[message.ts]
            if message.ts in self.pins:
                self.pins.remove(message.ts)
            self._hidden("message_deleted", {"deleted_ts": message.ts, "previous_message": before})

    def _hidden(self, subtype: str, parts: Json) -> None:
        stamp = self.server.clock.ts()
        self.tell_message({"type": "message", "subtype": subtype, "hidden": True, "ts": stamp, **parts})

    def tell_message(self, event: Json) -> None:
        shown = event | {"channel": self.id, "channel_type": self.kind}
        self._tell("message", shown, ts=event["ts"])

    # -- marks on a message

    def react(self, message: Message, name: str, by: User) -> None:
        message.reactions.setdefault(name, []).append(by.id)
        self._reaction("reaction_added", message, name, by)

    def unreact(self, message: Message, name: str, by: User) -> None:
        message.reactions[name].remove(by.id)
        if not message.reactions[name]:
            del message.reactions[name]
        self._reaction("reaction_removed", message, name, by)

    def _reaction(self, event: str, message: Message, name: str, by: User) -> None:
        item = {"type": "message", "channel": self.id, "ts": message.ts}
        self._tell(event, {"user": by.id, "reaction": name, "item": item, "item_user": message.user})

    def pin(self, message: Message, by: User) -> None:
        self.pins.append(message.ts)
        self._pinning("pin_added", message, by)

    def unpin(self, message: Message, by: User) -> None:
        self.pins.remove(message.ts)
        self._pinning("pin_removed", message, by)

    def _pinning(self, name: str, message: Message, by: User) -> None:
        item = {"type": "message", "channel": self.id, "created": int(self.server.now()),
                "created_by": by.id, "message": message.json()}  # fmt: skip
        rest = {"has_pins": bool(self.pins)} if name == "pin_removed" else {}
        shown = {"user": by.id, "channel_id": self.id, "item": item, "item_user": message.user, **rest}
        self._tell(name, shown)

    def _tell(self, name: str, event: Json, **how: Any) -> None:
        self.server.events.tell(self.workspace, name, event, channel=self, **how)
