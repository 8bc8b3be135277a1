"""Marks people and apps leave: reactions, pins and bookmarks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tests.slack_server.methods.book import Asking, method
from tests.slack_server.refusal import Refused

if TYPE_CHECKING:
    from tests.slack_server.channels import Channel

Json = dict[str, Any]
EMOJI = re.compile(r"[\w+-]+(::skin-tone-[2-6])?")
MOST = 100


@method("reactions.add", "channel* name* timestamp*", scope="reactions:write", tier=3)
def react(asking: Asking) -> Json:
    channel = asking.channel(member=False)
    message = asking.message(channel)
    bot = asking.bot(channel.workspace)
    name = _emoji(asking)
    if bot not in channel.members and channel.kind != "channel":
        raise Refused("not_in_channel")
    if bot.id in message.reactions.get(name, []):
        raise Refused("already_reacted")
    channel.react(message, name, bot)
    return {}


@method("reactions.remove", "channel* name* timestamp* file file_comment", scope="reactions:write", tier=2)
def unreact(asking: Asking) -> Json:
    channel = asking.channel(member=False)
    message = asking.message(channel)
    bot = asking.bot(channel.workspace)
    if bot.id not in message.reactions.get(_emoji(asking), []):
        raise Refused("no_reaction")
    channel.unreact(message, _emoji(asking), bot)
    return {}


@method(
    "reactions.get", "channel* timestamp* full file file_comment", scope="reactions:read", tier=3, json=False
)
def reactions(asking: Asking) -> Json:
    channel = asking.channel(member=False, open_=False)
    return {"type": "message", "channel": channel.id, "message": asking.message(channel).json()}


@method("pins.add", "channel* timestamp*", scope="pins:write", tier=2)
def pin(asking: Asking) -> Json:
    channel = asking.channel()
    message = asking.message(channel)
    if message.ts in channel.pins:
        raise Refused("already_pinned")
    if len(channel.pins) >= MOST:
        raise Refused("too_many_pins")
    channel.pin(message, asking.bot(channel.workspace))
    return {}


@method("pins.remove", "channel* timestamp*", scope="pins:write", tier=2)
def unpin(asking: Asking) -> Json:
    channel = asking.channel()
    message = asking.message(channel)
    if message.ts not in channel.pins:
        raise Refused("no_pin")
    channel.unpin(message, asking.bot(channel.workspace))
    return {}


@method("pins.list", "channel*", scope="pins:read", tier=2, json=False)
def pins(asking: Asking) -> Json:
    channel = asking.channel(open_=False)
    items = [
        {
            "type": "message",
            "channel": channel.id,
            "message": channel.messages[ts].json(),
            "created": int(ts[:10]),
        }
        for ts in channel.pins
    ]
    return {"items": items}


@method("bookmarks.add", "channel_id* title* type* link emoji entity_id parent_id access_level permission",
        scope="bookmarks:write", tier=2)  # fmt: skip
def bookmark(asking: Asking) -> Json:
    channel = asking.channel("channel_id")
    if asking.text("type") != "link":
        raise Refused("invalid_bookmark_type")
    if len(channel.bookmarks) >= MOST:
        raise Refused("too_many_bookmarks")
    stamp = int(asking.server.now())
    kept = {
        "id": asking.server.id("Bk"), "channel_id": channel.id, "title": asking.text("title"),
        "link": _link(asking), "emoji": asking.text("emoji"), "icon_url": None, "type": "link",
        "entity_id": None, "date_created": stamp, "date_updated": 0, "rank": f"{len(channel.bookmarks):04d}",
        "last_updated_by_user_id": asking.bot(channel.workspace).id, "app_id": asking.app.id,
        "shortcut_id": None,
    }  # fmt: skip
    channel.bookmarks.append(kept)
    return {"bookmark": kept}


@method("bookmarks.edit", "bookmark_id* channel_id* title link emoji", scope="bookmarks:write", tier=2)
def edit_bookmark(asking: Asking) -> Json:
    kept = _bookmark(asking, asking.channel("channel_id"))
    if asking.text("link"):
        kept["link"] = _link(asking)
    kept["title"] = asking.text("title") or kept["title"]
    kept["date_updated"] = int(asking.server.now())
    return {"bookmark": kept}


@method("bookmarks.list", "channel_id*", scope="bookmarks:read", tier=3)
def bookmarks(asking: Asking) -> Json:
    return {"bookmarks": asking.channel("channel_id", open_=False).bookmarks}


@method("bookmarks.remove", "bookmark_id* channel_id* quip_section_id", scope="bookmarks:write", tier=2)
def remove_bookmark(asking: Asking) -> Json:
    channel = asking.channel("channel_id")
    channel.bookmarks.remove(_bookmark(asking, channel))
    return {}


def _emoji(asking: Asking) -> str:
    name = asking.text("name")
    if not EMOJI.fullmatch(name):
        raise Refused("invalid_name")
    return name


def _link(asking: Asking) -> str:
    link = asking.text("link")
    if not link.startswith(("http://", "https://")):
        raise Refused("invalid_link")
    return link


def _bookmark(asking: Asking, channel: Channel) -> Json:
    found = next((b for b in channel.bookmarks if b["id"] == asking.text("bookmark_id")), None)
    if found is None:
        raise Refused("not_found")
    return found
