"""Who is in a private channel: only they may make it one with a room, and they have seats in that room."""

from __future__ import annotations

from fireside.hearth.people import Person
from fireside.hearth.timeline import Entry
from fireside.hearth.workflows import when
from fireside.slack.account import Account
from fireside.slack.calls import Refused, call
from fireside.slack.channel import Channel
from fireside.slack.installation import Installation

PAGE = 1000  # people in one answer


def is_in(installation: Installation, channel_id: str, person: Person) -> bool:
    """Is this person among those who are in the channel? Raises what `call` raises."""
    mine = Account.objects.filter(installation=installation, person=person, ended_at=None)
    ids = set(mine.values_list("user_id", flat=True))
    return bool(ids) and not ids.isdisjoint(members(installation, channel_id))


def members(installation: Installation, channel_id: str) -> list[str]:
    """The user ids of all who are in a channel, ours among them."""
    found: list[str] = []
    cursor = ""
    while True:
        page = call(installation, "conversations_members", channel=channel_id, limit=PAGE, cursor=cursor)
        found += page["members"]
        cursor = page.get("response_metadata", {}).get("next_cursor", "")
        if not cursor:
            return found


@when("slack.linked")
def seat_who_is_in_a_private_channel(entry: Entry) -> None:
    """Who is in a private channel has a seat in the private room it became one with."""
    links = Channel.open().filter(room=entry.room, private=True, made=False).exclude(channel_id="")
    for channel in links.select_related("installation", "room"):
        try:
            there = members(channel.installation, channel.channel_id)
        except Refused:  # it is gone meanwhile, which whoever looks after the link says
            continue
        for user_id in there:
            if user_id != channel.installation.bot_user_id:
                account = Account.meet(channel.installation, user_id)
                if not account.silent:
                    channel.room.seat(account.person, quiet=True)
