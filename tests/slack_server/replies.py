"""What an app says in answer to somebody: at once after a command, or later through a response_url."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.slack_server.messages import Message
from tests.slack_server.refusal import Refused
from tests.slack_server.strict import checked, said

if TYPE_CHECKING:
    from tests.slack_server.apps import App
    from tests.slack_server.channels import Channel
    from tests.slack_server.people import User
    from tests.slack_server.server import SlackServer

Json = dict[str, Any]
HALF_AN_HOUR = 1800
USES = 5
KNOWN = {
    "text", "blocks", "attachments", "response_type", "replace_original", "delete_original", "thread_ts",
    "metadata", "mrkdwn", "unfurl_links", "unfurl_media", "parse", "link_names",
}  # fmt: skip


@dataclass
class Doorway:
    """A response_url: who used which app where, and the message whose control was used."""

    app: App
    user: User
    channel: Channel
    source: Message | None
    expires: float
    uses: int = 0


class Replies:
    def __init__(self, server: SlackServer) -> None:
        self.server = server
        self._doorways: dict[str, Doorway] = {}

    def url(self, app: App, user: User, channel: Channel, source: Message | None = None) -> str:
        key = secrets.token_hex(12)
        expires = self.server.now() + HALF_AN_HOUR
        self._doorways[key] = Doorway(app, user, channel, source, expires)
        return f"{self.server.origin}/actions/{channel.workspace.id}/{key}"

    def use(self, key: str, body: bytes) -> tuple[int, Json]:
        """A POST to a response_url: status and answer."""
        with self.server.lock:
            doorway = self._doorways.get(key)
            if doorway is None or self.server.now() > doorway.expires:
                return 404, {"ok": False, "error": "expired_url"}
            if doorway.uses >= USES:
                return 404, {"ok": False, "error": "used_url"}
            doorway.uses += 1
            try:
                payload = json.loads(body)
            except ValueError:
                return 400, {"ok": False, "error": "invalid_payload"}
            try:
                self.say(doorway, payload, "response_url")
            except Refused as refused:
                return (404 if refused.error == "message_not_found" else 400), refused.answer()
        return 200, {"ok": True}

    def say(self, doorway: Doorway, payload: Any, where: str) -> Message | None:
        """Show an app's answer: to one person, to all, or in place of the message whose control was used."""
        if not isinstance(payload, dict):
            raise Refused("invalid_payload")
        for name in sorted(set(payload) - KNOWN):
            self.server.violations.append(f"{where}: unknown argument {name!r}")
        if _yes(payload.get("delete_original")):
            self._original(doorway).channel.remove(self._original(doorway))
            return None
        text, blocks = str(payload.get("text") or ""), payload.get("blocks")
        kept = checked(self.server, where, blocks)
        if not text and not kept and not payload.get("attachments"):
            raise Refused("no_text")
        said(self.server, where, text, kept)
        if _yes(payload.get("replace_original")) and doorway.source:
            source = self._original(doorway)
            source.channel.change(source, text=text, blocks=kept)
            return source
        return self._new(doorway, payload, text, kept)

    def _new(self, doorway: Doorway, payload: Json, text: str, blocks: list[Json]) -> Message:
        channel, kind = doorway.channel, payload.get("response_type", "ephemeral")
        if kind not in ("ephemeral", "in_channel"):
            self.server.violations.append(f"unknown response_type {kind!r}")
        installation = channel.workspace.installed(doorway.app)
        bot = installation.bot(channel.workspace).id if installation else ""
        message = Message(
            channel, self.server.clock.ts(), text, bot, doorway.app, blocks,
            thread_ts=str(payload.get("thread_ts") or ""), attachments=payload.get("attachments") or [],
        )  # fmt: skip
        if kind == "in_channel":
            return channel.post(message)
        message.ephemeral, message.to = True, doorway.user
        return channel.whisper(message)

    def _original(self, doorway: Doorway) -> Message:
        source = doorway.source
        if source is None or not _there(source):
            raise Refused("message_not_found")
        return source


def _there(message: Message) -> bool:
    channel = message.channel
    return message in channel.asides if message.ephemeral else message.ts in channel.messages


def _yes(value: Any) -> bool:
    return value in (True, "true")
