"""A channel of Slack as a command takes it: by its tag, its id or its name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fireside.hearth.errors import Sorry
from fireside.hearth.kinds import Kind, teach
from fireside.slack.calls import Later, Refused, Unsure, call
from fireside.slack.channel import Channel
from fireside.slack.installation import Installation, Lost
from fireside.slack.seating import is_in

if TYPE_CHECKING:
    from fireside.hearth.commands import Ask

TAG = re.compile(r"<#(?P<id>[A-Z0-9]+)(\|[^>]*)?>")  # as Slack writes a channel in a command
ID = re.compile(r"(?P<id>[CDG][A-Z0-9]{3,23})")  # names are in small letters
PAGE = 1000
SOON = 3  # seconds that an answer may take, because somebody waits and so do all who write
UNCONNECTED = "Slack is not connected here yet. A keeper of the house could do that under Settings, Slack."
UNKNOWN = (
    "Slack shows Fireside no channel {words}. If it is private, say this in the channel itself after "
    "/invite @Fireside there."
)


@dataclass(frozen=True, slots=True)
class There:
    """A channel as Slack describes it."""

    installation: Installation
    channel_id: str
    name: str
    team_id: str
    private: bool
    archived: bool
    has_us: bool
    shared: bool  # with another organisation

    def __str__(self) -> str:
        return f"#{self.name}"


def read(words: str, ask: Ask) -> There:
    """ "#payments", "C024BE91L" or "<#C024BE91L|payments>"; a private one is there for who is in it."""
    installations = list(Installation.living())
    if not installations:
        raise Sorry(UNCONNECTED)
    try:
        seen = [one for each in installations for one in _looked_up(each, words.strip(), ask)]
    except Later as later:
        raise Sorry(
            f"{later.why}. You could try once more in {max(1, round(later.seconds))} seconds."
        ) from None
    except (Unsure, Lost):
        raise Sorry("Slack does not answer just now. You could try once more in a minute.") from None
    if not seen:
        raise Sorry(UNKNOWN.format(words=words.strip()))
    if len(seen) > 1:
        raise Sorry(f"Several workspaces have a channel {seen[0]}. Say this in the channel you mean.")
    return seen[0]


def _looked_up(installation: Installation, words: str, ask: Ask) -> Iterator[There]:
    """The channel in this workspace, if it is there for the asker; Slack is asked for it by its id."""
    found = TAG.fullmatch(words) or ID.fullmatch(words)
    channel_id = found["id"] if found else _named(installation, words.lstrip("#").lower())
    if not channel_id:
        return
    try:
        told = call(installation, "conversations_info", channel=channel_id, patience=SOON)["channel"]
        if told.get("is_im") or told.get("is_mpim"):
            raise Sorry("This is a conversation and no channel. Say this in a channel.")
        if not told.get("is_private") or is_in(installation, channel_id, ask.person):
            yield _described(installation, told)
    except Refused:  # another workspace's, or a private one in which we are not
        return


def _named(installation: Installation, name: str) -> str:
    """The id of the channel of this name, or ""; linked ones are known, the others Slack has to list."""
    known = Channel.objects.filter(installation=installation, name=name).exclude(channel_id="").first()
    if known is not None:
        return known.channel_id
    kinds = "public_channel,private_channel" if installation.may("groups:read") else "public_channel"
    cursor = ""
    while True:
        page = call(
            installation,
            "conversations_list",
            types=kinds,
            exclude_archived=True,
            limit=PAGE,
            cursor=cursor,
            patience=SOON,
        )
        for told in page["channels"]:
            if told["name"] == name:
                return str(told["id"])
        cursor = page.get("response_metadata", {}).get("next_cursor", "")
        if not cursor:
            return ""


def _described(installation: Installation, told: dict[str, Any]) -> There:
    return There(
        installation=installation,
        channel_id=told["id"],
        name=told["name"],
        team_id=told.get("context_team_id") or installation.team_id,
        private=bool(told.get("is_private")),
        archived=bool(told.get("is_archived")),
        has_us=bool(told.get("is_member")),
        shared=bool(told.get("is_ext_shared")),
    )


teach(There, Kind("channel", read, short=True, hint="#channel"))
