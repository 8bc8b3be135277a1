"""What happens in a linked channel happens in its room: words, reactions, pins, comings and goings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import transaction

from fireside.hearth.people import Person
from fireside.slack import saying
from fireside.slack.account import Account
from fireside.slack.channel import Channel
from fireside.slack.events import CHANGED, channel_of
from fireside.slack.inbox import Arrival
from fireside.slack.installation import Installation
from fireside.slack.post import Post
from fireside.slack.reactions import CAPTURES, SIGNS, clap, heard, standing


def hear(arrival: Arrival) -> None:
    """Let one event have its effect, once."""
    event = arrival.body["event"]
    if event["type"] in ABOUT_US:
        ABOUT_US[event["type"]](arrival, event)
        return
    channel = Channel.heard(arrival.installation, channel_of(event))
    if channel is None or channel.apart:  # meanwhile
        arrival.done()
        return
    if channel.closed_at is not None and event["type"] in WORDS:
        channel.reopen()  # that it is open again comes later, or never came
    IN_A_CHANNEL[event["type"]](arrival, channel, event)


# -- words -------------------------------------------------------------------------------------------------


def _message(arrival: Arrival, channel: Channel, event: dict[str, Any]) -> None:
    if not _as_open(channel, event):
        arrival.done()
    elif event.get("subtype") not in CHANGED:
        saying.said(arrival, channel, event)
    elif event["subtype"] == "message_changed" and event["message"].get("subtype") != "tombstone":
        saying.changed(arrival, channel, event["message"])
    else:
        saying.taken_back(arrival, channel, str(event.get("deleted_ts") or event["message"]["ts"]))


def _as_open(channel: Channel, event: dict[str, Any]) -> bool:
    """A channel that became private meanwhile is no longer one with an open room, nor the other way."""
    kind = event.get("channel_type")
    if kind in ("channel", "group") and (kind == "group") != channel.private:
        channel.come_apart()
        return False
    return True


# -- reactions and pins ------------------------------------------------------------------------------------


def _reaction(arrival: Arrival, channel: Channel, event: dict[str, Any]) -> None:
    name = event["reaction"].partition("::")[0]
    if name not in SIGNS and name not in CAPTURES:
        arrival.done()
        return
    on = event["type"] == "reaction_added"
    post = saying.standing(channel, event["item"]["ts"])
    person = Account.meet(channel.installation, event["user"]).person
    with transaction.atomic():
        if post is not None:
            held = Post.objects.select_for_update(of=("self",)).select_related("channel__installation")
            post = held.select_related("message__room").get(pk=post.pk)
            if heard(post, name, event["user"], event["event_ts"], on=on):
                _react(post, name, person, on=on)
                post.touch()
        arrival.done()


def _react(post: Post, name: str, person: Person, *, on: bool) -> None:
    message = post.message
    if name in SIGNS:
        clap(post, name, person, on=on)
    elif message is not None and message.room.story and not message.deleted_at:
        if on:
            message.star(by=person, story=message.room.story)
        elif not any(standing(post, other) for other in CAPTURES):
            message.unstar(by=person, story=message.room.story)


def _pin(arrival: Arrival, channel: Channel, event: dict[str, Any]) -> None:
    on = event["type"] == "pin_added"
    item = event.get("item") or {}
    ts = str((item.get("message") or {}).get("ts") or item.get("ts") or "")
    post = saying.standing(channel, ts) if ts else None
    person = Account.meet(channel.installation, event["user"]).person
    with transaction.atomic():
        message = post.message if post else None
        if post is not None and message is not None and not message.deleted_at and post.pinned != on:
            post.keep(pinned=on)
            if (message.pinned_at is not None) != on:
                message.pin(by=person, on=on)
        arrival.done()


# -- comings and goings --------------------------------------------------------------------------------------


def _member(arrival: Arrival, channel: Channel, event: dict[str, Any]) -> None:
    came, user = event["type"] == "member_joined_channel", event["user"]
    if user == channel.installation.bot_user_id:
        _we_moved(arrival, channel, came=came)
        return
    account = Account.meet(channel.installation, user)
    with transaction.atomic():
        held = Channel.objects.select_for_update(of=("self",)).get(pk=channel.pk)
        if held.moved.get(user, "").lstrip("-") < event["event_ts"]:
            held.moved[user] = event["event_ts"] if came else f"-{event['event_ts']}"
            held.save(update_fields=["moved"])
            if came:
                channel.room.seat(account.person, quiet=True)
            elif account.person.is_active:  # whose access ended keeps the seat for when it is given back
                channel.room.leave(account.person)
        arrival.done()


def _we_moved(arrival: Arrival, channel: Channel, *, came: bool) -> None:
    with transaction.atomic():
        if came:
            channel.reopen()
        else:
            channel.close(
                f"Fireside was taken out of {channel} in Slack. /invite @Fireside there brings it back."
            )
        arrival.done()


def _closed(arrival: Arrival, channel: Channel, event: dict[str, Any]) -> None:
    kind = event["type"].partition("_")[2]
    with transaction.atomic():
        if kind == "unarchive":
            channel.reopen()
        else:
            state = {
                "archive": "is archived",
                "deleted": "was deleted",
                "left": "does not have us in it any more",
            }
            channel.close(f"{channel} in Slack {state[kind]}, so words said here stay here.")
        arrival.done()


def _renamed(arrival: Arrival, channel: Channel, event: dict[str, Any]) -> None:
    with transaction.atomic():
        Channel.objects.filter(pk=channel.pk).update(name=str(event["channel"]["name"])[:80])
        arrival.done()


# -- people and the app ------------------------------------------------------------------------------------


def _person(arrival: Arrival, event: dict[str, Any]) -> None:
    with transaction.atomic():
        Account.learn(arrival.installation, event["user"])
        arrival.done()


def _home(arrival: Arrival, event: dict[str, Any]) -> None:
    from fireside.slack import home

    home.show(arrival.installation, Account.meet(arrival.installation, event["user"]))
    arrival.done()


def _uninstalled(arrival: Arrival, event: dict[str, Any]) -> None:
    with transaction.atomic():
        tokens = event.get("tokens")
        if event["type"] == "app_uninstalled" or (tokens or {}).get("bot"):
            _end(arrival.installation, event["type"])
        arrival.done()


def _end(installation: Installation, why: str) -> None:
    installation.end(why)


WORDS = {"message", "reaction_added", "reaction_removed", "pin_added", "pin_removed"}
IN_A_CHANNEL: dict[str, Callable[[Arrival, Channel, dict[str, Any]], None]] = {
    "message": _message, "reaction_added": _reaction, "reaction_removed": _reaction, "pin_added": _pin,
    "pin_removed": _pin, "member_joined_channel": _member, "member_left_channel": _member,
    "channel_rename": _renamed, "group_rename": _renamed, "channel_archive": _closed,
    "channel_unarchive": _closed, "channel_deleted": _closed, "channel_left": _closed,
    "group_archive": _closed,
    "group_unarchive": _closed, "group_deleted": _closed, "group_left": _closed,
}  # fmt: skip
ABOUT_US: dict[str, Callable[[Arrival, dict[str, Any]], None]] = {
    "user_change": _person, "app_home_opened": _home, "app_uninstalled": _uninstalled,
    "tokens_revoked": _uninstalled,
}  # fmt: skip
