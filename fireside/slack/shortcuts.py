"""Shortcuts: commands that begin at a message or anywhere in Slack."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fireside.hearth.commands import Outcome, Whisper, book
from fireside.hearth.messages import Message
from fireside.slack import asking, saying
from fireside.slack.account import Account
from fireside.slack.asking import Place
from fireside.slack.channel import Channel
from fireside.slack.inbox import Arrival
from fireside.slack.installation import Installation
from fireside.slack.mrkdwn import from_slack
from fireside.slack.names import Known
from fireside.slack.post import Post

FIRST_LINE = 200  # characters of a message that become what an incident is called
APART = (
    "This channel is not one with a room of Fireside yet, so there is no timeline here. "
    "`/fireside link-channel` makes it one."
)
GONE = "These words are not to be found here any more."


@dataclass(frozen=True, slots=True)
class Shortcut:
    """An entry in one of Slack's two menus: on a "message", or "global" beside the composer."""

    type: str
    verb: str
    name: str
    description: str

    @property
    def callback_id(self) -> str:
        return f"{self.type}:{self.verb}"


OFFERED = (
    Shortcut("message", "star", "Put on the timeline", "Keep these words on the timeline of their incident"),
    Shortcut("message", "incident", "Open incident from this", "Begin an incident with these words"),
    Shortcut("message", "til", "This is a TIL", "Share these words as something learned today"),
    Shortcut("global", "incident", "Open an incident", "Begin an incident with a room of its own"),
    Shortcut("global", "help", "What could I say", "See what Fireside understands"),
)


def listed() -> list[Shortcut]:
    """The shortcuts whose command is in the book."""
    known = {command.verb for command in book.all()}
    return [shortcut for shortcut in OFFERED if shortcut.verb in known]


def use(arrival: Arrival) -> None:
    """Begin the command of a shortcut."""
    body, installation = arrival.body, arrival.installation
    kind, _, verb = body["callback_id"].partition(":")
    account = Account.meet(installation, body["user"]["id"])
    channel = Channel.heard(installation, (body.get("channel") or {}).get("id", ""))
    here = {
        "channel_id": (body.get("channel") or {}).get("id", ""), "trigger_id": body["trigger_id"],
        "response_url": body.get("response_url", ""),
    }  # fmt: skip
    place = Place.of(here, account, channel)
    if kind == "global":
        asking.ask_for(arrival, account, place, verb, {})
    elif verb == "star":
        _star(arrival, account, place, channel)
    else:
        given = _taken(verb, installation, account, channel, body["message"])
        asking.open_form(arrival, account, place, verb, given)


def _star(arrival: Arrival, account: Account, place: Place, channel: Channel | None) -> None:
    """The words come into the room, if they are not there yet, and onto its timeline."""
    post = saying.standing(channel, arrival.body["message"]["ts"]) if channel else None
    if post is None or post.message is None:
        words = Whisper(GONE if channel else APART)
        arrival.done(asking.answer_of(account, place, Outcome(whisper=words)))
        return
    place.message = post.message
    asking.ask_for(arrival, account, place, "star", {})


def _taken(
    verb: str, installation: Installation, account: Account, channel: Channel | None, message: dict[str, Any]
) -> dict[str, str]:
    """What the form begins with: the words of the message, and of a TIL who it came from."""
    kept = _kept(channel, message["ts"])
    names = Known(installation, room=channel.room if channel else None)
    words = str(kept) if kept else from_slack(str(message.get("text") or ""), names)
    if verb == "incident":
        return {"what": next(iter(words.strip().splitlines()), "")[:FIRST_LINE]}
    author = kept.author if kept else None
    if kept is None and message.get("user") and not message.get("bot_id"):
        author = Account.meet(installation, message["user"]).person
    theirs = author is not None and author != account.person
    return {"what": words} | ({"who": f"@{author.handle}"} if author is not None and theirs else {})


def _kept(channel: Channel | None, ts: str) -> Message | None:
    """The message as it stands in the room, if it came there."""
    post = Post.said(channel, ts) if channel else None
    return post.message if post and post.message and not post.message.deleted_at else None
