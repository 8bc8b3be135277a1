"""What people do about Slack: make a room and a channel one, and take them apart again."""

from __future__ import annotations

from django.db.models import TextChoices

from fireside.hearth.commands import Ask, Sorry, Whisper, command
from fireside.hearth.kinds import Word
from fireside.hearth.people import Role
from fireside.hearth.rooms import Room
from fireside.hearth.timeline import note
from fireside.slack.channel import Channel
from fireside.slack.installation import Installation
from fireside.slack.kinds import UNCONNECTED, There
from fireside.slack.letters import send
from fireside.slack.making import home_of
from fireside.slack.scopes import features

PRIVATE = "Private channels are not heard here yet. Whoever runs Fireside could add private to SLACK_WITH."
ALLOWED = "A keeper finds what is missing under Settings, Slack."


class Wish(TextChoices):
    YES = "yes", "yes"
    NO = "no", "no"


@command("/link-channel", example="/link-channel #payments channel: #payments", title="Link a Slack channel")
def link_channel(ask: Ask, room: Room | None = None, *, channel: There) -> Whisper:
    """Make a room and a channel of Slack one. Typed in Slack, the channel you stand in is meant."""
    one = room or ask.where()
    if channel.archived:
        raise Sorry(
            f"{channel} in Slack is archived. Whoever may could bring it back there first.", field="channel"
        )
    if channel.private and "private" not in features():
        raise Sorry(PRIVATE, field="channel")
    if Channel.objects.filter(room=one, installation=channel.installation, channel_id=channel.channel_id):
        return Whisper(f"The room {one.slug} and {channel} in Slack are one already.")
    link = Channel.link(
        channel.installation, one, by=ask.person, channel_id=channel.channel_id, name=channel.name,
        team_id=channel.team_id, private=channel.private,
    )  # fmt: skip
    one.say(f"{link} in Slack and this room are one from now on.", by=ask.person, key=ask.own_key)
    more = " Everybody in it gets a seat in the room." if channel.private else ""
    if not channel.has_us and (channel.private or not channel.installation.may("channels:join")):
        more += f" Say /invite @Fireside in {link}, so that words come through."
    if channel.shared:
        more += " People of another organisation are in it, and read along."
    return Whisper(f"The room {one.slug} and {link} in Slack are one from now on.{more}")


@command("/unlink-channel", example="/unlink-channel #payments", title="Take a room and its channel apart")
def unlink_channel(ask: Ask, room: Room | None = None, channel: Word = "") -> Whisper:
    """Take a room and its channel in Slack apart. What was said stays on both sides."""
    one = room or ask.where()
    links = list(Channel.objects.filter(room=one).select_related("room", "installation"))
    if not links:
        raise Sorry(f"{one} has no channel in Slack. /link-channel gives it one.")
    meant = [link for link in links if not channel or channel.lstrip("#") in (link.name, link.channel_id)]
    if len(meant) != 1:
        names = ", ".join(f"{link} ({link.channel_id or link.installation})" for link in links)
        raise Sorry(f"{one} is one with {names}. Name the channel you mean.", field="channel")
    gone = (
        f"{ask.person.name} took this channel and the room {one.slug} apart. Words stay where they are said."
    )
    if meant[0].channel_id:
        send(meant[0].installation, meant[0].channel_id, key=f"unlink:{meant[0].pk}", words=gone)
    meant[0].unlink(by=ask.person)
    one.say(f"{meant[0]} in Slack and this room go separate ways.", by=ask.person, key=ask.own_key)
    return Whisper(f"The room {one.slug} and {meant[0]} in Slack are two again. What was said stays in both.")


@command("/make-channel", example="/make-channel #incidents", title="Make a Slack channel")
def make_channel(ask: Ask, room: Room | None = None, workspace: Word = "") -> Whisper:
    """Make a channel in Slack for a room: what is said in one is said in the other."""
    one = room or ask.where()
    installation, team_id = _workspace(workspace)
    if not installation.may("groups:write" if one.private else "channels:manage"):
        if one.private and "private" not in features():
            raise Sorry(PRIVATE)
        raise Sorry(f"Fireside may not make channels in {installation} yet. {ALLOWED}")
    link = Channel.link(installation, one, by=ask.person, team_id=team_id, private=one.private)
    return Whisper(f"{link} is being made in Slack for the room {one.slug}, with its people in it.")


@command(
    "/incident-channels", example="/incident-channels yes", title="Channels for incidents", role=Role.KEEPER
)
def incident_channels(ask: Ask, wish: Wish, workspace: Word = "") -> Whisper:
    """Say whether each incident gets a channel of its own in Slack. Keepers can do this."""
    installation, _ = _workspace(workspace)
    yes = wish == Wish.YES
    if installation.makes_channels != yes:
        Installation.objects.filter(pk=installation.pk).update(makes_channels=yes)
        words = f"incidents {'get' if yes else 'no longer get'} channels in {installation}"
        note("slack.changed", words, by=ask.person, about=f"slack:{installation.pk}")
    return Whisper(f"Incidents {'get' if yes else 'get no'} channels of their own in {installation}.")


def _workspace(words: str) -> tuple[Installation, str]:
    """The workspace that is meant, and the id of its team; the only one need not be named."""
    living = list(Installation.living())
    if not living:
        raise Sorry(UNCONNECTED)
    meant = [one for one in living if words.lower() in (one.team_id.lower(), one.name.lower())]
    if not words and len(living) == 1:
        meant = living
    if len(meant) != 1:
        names = ", ".join(f"{one} ({one.team_id})" for one in living)
        raise Sorry(f"Say which workspace: {names}.", field="workspace")
    return meant[0], home_of(meant[0])
