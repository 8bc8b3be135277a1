"""Which events concern us: everything else is dropped at the door and never written down."""

from __future__ import annotations

from typing import Any

from fireside.slack.account import Account
from fireside.slack.channel import Channel
from fireside.slack.installation import Installation

SPOKEN = {None, "", "file_share", "thread_broadcast", "me_message", "bot_message"}
CHANGED = {"message_changed", "message_deleted"}
IN_CHANNELS = {
    "message", "reaction_added", "reaction_removed", "pin_added", "pin_removed", "member_joined_channel",
    "member_left_channel", "channel_archive", "channel_unarchive", "channel_deleted", "channel_rename",
    "channel_left", "group_archive", "group_unarchive", "group_deleted", "group_rename", "group_left",
}  # fmt: skip
OF_THE_APP = {"app_uninstalled", "tokens_revoked"}


def lane(installation: Installation, body: dict[str, Any]) -> str | None:
    """Its lane (all of one channel is handled in one, in order), or None when it is not for us."""
    event = body.get("event") or {}
    kind = event.get("type")
    if kind in OF_THE_APP:
        return "app"
    if kind == "app_home_opened":
        return str(event["user"]) if event.get("tab") == "home" else None
    if kind == "user_change":
        user = (event.get("user") or {}).get("id", "")
        return str(user) if Account.known(installation, user) else None
    channel = Channel.heard(installation, channel_of(event)) if kind in IN_CHANNELS else None
    if channel is None or channel.apart:
        return None
    return channel.channel_id if _matters(installation, event) else None


def channel_of(event: dict[str, Any]) -> str:
    """The channel an event is about, wherever it stands in it."""
    found = event.get("channel") or event.get("channel_id") or (event.get("item") or {}).get("channel") or ""
    return str(found.get("id", "")) if isinstance(found, dict) else str(found)


def is_ours(installation: Installation, said: dict[str, Any]) -> bool:
    """Did our own bot say or do this?"""
    bot = said.get("bot_id")
    return bool(bot and bot == installation.bot_id) or said.get("user") == installation.bot_user_id


def _matters(installation: Installation, event: dict[str, Any]) -> bool:
    kind, subtype = event["type"], event.get("subtype")
    if kind == "message" and subtype == "message_changed":
        return not is_ours(installation, event.get("message") or {})
    if kind == "message":
        return subtype == "message_deleted" or (subtype in SPOKEN and not is_ours(installation, event))
    if kind.startswith("member_"):
        return True  # also when it is we who came or were taken out
    return not is_ours(installation, event)
