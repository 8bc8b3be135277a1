"""conversations.*: making channels, changing them, and who is in them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tests.slack_server.channels import Channel
from tests.slack_server.methods.book import Asking, method
from tests.slack_server.refusal import Refused

if TYPE_CHECKING:
    from tests.slack_server.people import User
    from tests.slack_server.workspaces import Workspace

Json = dict[str, Any]
NAME = re.compile(r"[\w-]+")
LONGEST_NAME, LONGEST_TOPIC, MOST_INVITED = 80, 250, 100


@method("conversations.create", "name* is_private team_id", tier=2)
def create(asking: Asking) -> Json:
    private = asking.flag("is_private")
    asking.need("groups:write" if private else "channels:manage")
    house = asking.workspace
    name = _name(asking, house)
    bot = asking.bot(house)
    channel = Channel(house, asking.server.id("C"), name, private=private)
    channel.creator = bot.id
    channel.members = [bot]
    house.channels[channel.id] = channel
    if not private:
        about = {"id": channel.id, "name": name, "created": channel.created, "creator": bot.id,
                 "is_channel": True, "context_team_id": house.id}  # fmt: skip
        asking.server.events.tell(house, "channel_created", {"channel": about}, everywhere=True)
    channel.notice("channel_join", f"<@{bot.id}> has joined the channel", by=bot)
    return {"channel": channel.json(bot)}


@method("conversations.rename", "channel* name*", tier=2)
def rename(asking: Asking) -> Json:
    channel = asking.channel(what="manage")
    bot = asking.bot(channel.workspace)
    if channel.creator != bot.id:
        raise Refused("not_authorized")
    if asking.text("name") != channel.name:
        channel.rename(_name(asking, channel.workspace), bot)
    return {"channel": channel.json(bot)}


@method("conversations.setTopic", "channel* topic*", tier=2)
def set_topic(asking: Asking) -> Json:
    return _describe(asking, "topic")


@method("conversations.setPurpose", "channel* purpose*", tier=2)
def set_purpose(asking: Asking) -> Json:
    return _describe(asking, "purpose")


@method("conversations.archive", "channel*", tier=2)
def archive(asking: Asking) -> Json:
    channel = asking.channel(what="manage", open_=False)
    if channel.archived:
        raise Refused("already_archived")
    if channel.name == "general":
        raise Refused("cant_archive_general")
    channel.close(asking.bot(channel.workspace))
    return {}


@method("conversations.unarchive", "channel*", tier=2)
def unarchive(asking: Asking) -> Json:
    channel = asking.channel(what="manage", open_=False)
    if not channel.archived:
        raise Refused("not_archived")
    channel.reopen(asking.bot(channel.workspace))
    return {}


@method("conversations.join", "channel*", scope="channels:join", tier=3)
def join(asking: Asking) -> Json:
    channel = asking.channel(member=False)
    if channel.kind != "channel":
        raise Refused("method_not_supported_for_channel_type")
    bot = asking.bot(channel.workspace)
    already = bot in channel.members
    channel.bring(bot, by=bot)
    warning = {"warning": "already_in_channel", "response_metadata": {"warnings": ["already_in_channel"]}}
    return {"channel": channel.json(bot)} | (warning if already else {})


@method("conversations.leave", "channel*", tier=3)
def leave(asking: Asking) -> Json:
    channel = asking.channel(what="manage", member=False)
    bot = asking.bot(channel.workspace)
    if bot not in channel.members:
        return {"not_in_channel": True}
    if channel.name == "general":
        raise Refused("cant_leave_general")
    channel.drop(bot, by=bot)
    return {}


@method("conversations.invite", "channel* users* force", tier=3)
def invite(asking: Asking) -> Json:
    channel = asking.channel(what="manage")
    bot = asking.bot(channel.workspace)
    idents = [i.strip() for i in asking.text("users").split(",") if i.strip()]
    if len(idents) > MOST_INVITED:
        raise Refused("too_many_users")
    wrong = {ident: error for ident in idents if (error := _unable(channel, bot, ident))}
    errors = [{"ok": False, "error": error, "user": ident} for ident, error in wrong.items()]
    able = [ident for ident in idents if ident not in wrong]
    if wrong and (not asking.flag("force") or not able):
        raise Refused(errors[0]["error"], errors=errors)
    for ident in able:
        channel.bring(channel.workspace.users[ident], by=bot)
    return {"channel": channel.json(bot)} | ({"errors": errors} if errors else {})


@method("conversations.kick", "channel* user*", tier=3)
def kick(asking: Asking) -> Json:
    channel = asking.channel(what="manage")
    bot = asking.bot(channel.workspace)
    user = asking.person()
    if user is bot:
        raise Refused("cant_kick_self")
    if user not in channel.members:
        raise Refused("not_in_channel")
    channel.drop(user, by=bot)
    return {"errors": {}}


def _describe(asking: Asking, what: str) -> Json:
    channel = asking.channel(what="manage")
    words = asking.text(what)
    if len(words) > LONGEST_TOPIC:
        raise Refused("too_long")
    bot = asking.bot(channel.workspace)
    channel.describe(what, words, bot)
    return {"channel": channel.json(bot)}


def _name(asking: Asking, house: Workspace) -> str:
    name = asking.text("name")
    if len(name) > LONGEST_NAME:
        raise Refused("invalid_name_maxlength")
    if not any(c.isalnum() for c in name):
        raise Refused("invalid_name_punctuation")
    if not NAME.fullmatch(name) or name != name.lower():
        raise Refused("invalid_name_specials")
    taken = {c.name for c in house.channels.values()} | {g["handle"] for g in house.groups}
    if name in taken:
        raise Refused("name_taken")
    return name


def _unable(channel: Channel, bot: User, ident: str) -> str:
    user = channel.workspace.users.get(ident)
    if user is None or user.deleted:
        return "user_not_found"
    if user is bot:
        return "cant_invite_self"
    if user in channel.members:
        return "already_in_channel"
    return "ura_max_channels" if user.guest else ""
