"""conversations.*: finding channels and reading them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.slack_server.methods.book import Asking, method
from tests.slack_server.refusal import Refused

if TYPE_CHECKING:
    from tests.slack_server.channels import Channel
    from tests.slack_server.messages import Message

Json = dict[str, Any]
TYPES = {
    "public_channel": "channels:read",
    "private_channel": "groups:read",
    "im": "im:read",
    "mpim": "mpim:read",
}
KINDS = {"channel": "public_channel", "group": "private_channel", "im": "im", "mpim": "mpim"}
READING = "channel* cursor latest oldest inclusive limit include_all_metadata"


@method("conversations.info", "channel* include_locale include_num_members", tier=3, json=False)
def info(asking: Asking) -> Json:
    channel = asking.channel(what="read", member=False, open_=False)
    shown = channel.json(asking.bot(channel.workspace))
    if not asking.flag("include_num_members"):
        shown.pop("num_members", None)
    return {"channel": shown}


@method("conversations.list", "cursor exclude_archived limit team_id types", tier=2, json=False)
def list_(asking: Asking) -> Json:
    types = [t.strip() for t in (asking.text("types") or "public_channel").split(",")]
    if not set(types) <= set(TYPES):
        raise Refused("invalid_types")
    for kind in types:
        asking.need(TYPES[kind])
    house = asking.workspace
    bot = asking.bot(house)
    found = [
        channel.json(bot)
        for channel in house.channels.values()
        if KINDS[channel.kind] in types
        and channel.visible_to(bot)
        and not (channel.archived and asking.flag("exclude_archived"))
    ]
    page, meta = asking.page(found, 100, 1000)
    return {"channels": page, "response_metadata": meta}


@method("conversations.members", "channel* cursor limit", tier=4, json=False)
def members(asking: Asking) -> Json:
    channel = asking.channel(what="read", member=False, open_=False)
    page, meta = asking.page([user.id for user in channel.members], 100, 1000)
    return {"members": page, "response_metadata": meta}


@method("conversations.history", READING, tier=3, json=False)
def history(asking: Asking) -> Json:
    channel = asking.channel(what="history", open_=False)
    listed = [m for m in channel.messages.values() if not m.reply or m.subtype == "thread_broadcast"]
    found = sorted(_between(asking, listed), key=lambda m: m.ts, reverse=True)
    page, meta = asking.page(found, 100, 999)
    more = bool(meta["next_cursor"])
    return {"messages": _shown(asking, page), "has_more": more, "pin_count": len(channel.pins)} | (
        {"response_metadata": meta} if more else {}
    )


@method("conversations.replies", f"ts* {READING}", tier=3, json=False)
def replies(asking: Asking) -> Json:
    channel = asking.channel(what="history", open_=False)
    head = asking.text("ts")
    if head not in channel.messages:
        raise Refused("thread_not_found")
    below = [m for m in channel.messages.values() if m.reply and m.thread_ts == head]
    found = [channel.messages[head], *sorted(_between(asking, below), key=lambda m: m.ts)]
    page, meta = asking.page(found, 1000, 1000)
    more = bool(meta["next_cursor"])
    return {"messages": _shown(asking, page), "has_more": more} | (
        {"response_metadata": meta} if more else {}
    )


@method("conversations.open", "channel users return_im", tier=3)
def open_(asking: Asking) -> Json:
    people = [_companion(asking, ident) for ident in asking.text("users").split(",") if ident]
    if not people:
        raise Refused("users_list_not_supplied")
    asking.need("im:write" if len(people) == 1 else "mpim:write")
    house = people[0].workspace
    channel: Channel = house.dm(*people, asking.bot(house))
    return {"channel": channel.json(asking.bot(house)) if asking.flag("return_im") else {"id": channel.id}}


def _companion(asking: Asking, ident: str) -> Any:
    user = next((w.users[ident] for w in asking.places if ident in w.users), None)
    if user is None:
        raise Refused("user_not_found")
    if user.is_bot:
        raise Refused("cannot_dm_bot")
    return user


def _between(asking: Asking, messages: list[Message]) -> list[Message]:
    oldest, latest = asking.text("oldest"), asking.text("latest")
    also = asking.flag("inclusive")

    def inside(ts: str) -> bool:
        at = _order(ts)
        if oldest and (at < _order(oldest) or (at == _order(oldest) and not also)):
            return False
        return not latest or at < _order(latest) or (at == _order(latest) and also)

    return [m for m in messages if inside(m.ts)]


def _order(ts: str) -> tuple[int, int]:
    seconds, _, rest = ts.partition(".")
    try:
        return int(seconds), int((rest + "000000")[:6])
    except ValueError:
        raise Refused("invalid_ts_latest") from None


def _shown(asking: Asking, messages: list[Message]) -> list[Json]:
    return [m.json(metadata=asking.flag("include_all_metadata")) for m in messages]
