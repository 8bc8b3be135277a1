"""Looking after channels: made for incidents, named, with a topic, bookmarks and the people of the room."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from fireside.hearth.messages import Message
from fireside.hearth.rooms import Room
from fireside.slack.account import Account
from fireside.slack.calls import Later, Refused, Unsure, call
from fireside.slack.channel import Channel, channel_name
from fireside.slack.installation import Installation

TOPIC = 250
INVITED = 100  # people in one call
TURNS = 20  # names that are tried


def want(room: Room) -> None:
    """A room of an incident gets a channel in each workspace that lets us make them."""
    if room.purpose != Room.Purpose.INCIDENT or room.archived_at:
        return
    for installation in Installation.living().filter(makes_channels=True):
        team_id = home_of(installation)
        if team_id and installation.may("groups:write" if room.private else "channels:manage"):
            wanted = {"name": channel_name(room), "private": room.private, "made": True, "team_id": team_id}
            Channel.objects.get_or_create(
                installation=installation, room=room, defaults={**wanted, "due_at": timezone.now()}
            )


def home_of(installation: Installation) -> str:
    """The workspace where channels are made; in a whole organisation that of the first linked channel."""
    first = installation.channels.exclude(team_id="").order_by("pk").values_list("team_id", flat=True).first()
    return installation.team_id or first or ""


def tend(channel: Channel) -> None:
    """Make what Slack shows of a channel equal to its room. Raises what `call` raises."""
    if not channel.channel_id:
        _make(channel)
    if channel.made:
        _topic(channel)
        _bookmark(channel)
        _people(channel)
    else:
        look(channel)
    Channel.objects.filter(pk=channel.pk, wish=channel.wish).update(due_at=None)
    Channel.objects.filter(pk=channel.pk).update(tries=0)


def make_now(room: Room) -> None:
    """Try to have the channel of a room at once, so that the answer can lead there; else it is made soon."""
    want(room)
    for channel in Channel.objects.filter(room=room, channel_id="").select_related("installation", "room"):
        try:
            _make(channel)
            _people(channel)
        except (Later, Unsure, Refused):
            continue


def is_as_open(channel: Channel) -> bool:
    """Ask Slack whether a channel is still as open, or as private, as its room; if not, they come apart."""
    found = call(channel.installation, "conversations_info", channel=channel.channel_id)["channel"]
    return _fits(channel, found)


def _fits(channel: Channel, found: dict[str, Any]) -> bool:
    fits = bool(found.get("is_private")) == channel.private
    if not fits:
        channel.come_apart()
    return fits


def look(channel: Channel) -> None:
    """See whether we are in a linked channel and may hear it; try to come in, else say what could be done."""
    found = call(channel.installation, "conversations_info", channel=channel.channel_id)["channel"]
    Channel.objects.filter(pk=channel.pk).update(name=found.get("name", channel.name)[:80])
    if not _fits(channel, found):
        return
    if found.get("is_archived"):
        channel.close(f"#{channel.name} in Slack is archived, so words stay here until it is opened again.")
    elif not found.get("is_member") and channel.installation.may("channels:join") and not channel.private:
        call(channel.installation, "conversations_join", channel=channel.channel_id)
    elif not found.get("is_member"):
        channel.uninvited()
    else:
        Channel.objects.filter(pk=channel.pk).update(trouble="")


def _make(channel: Channel) -> None:
    if not channel.claim():
        raise Later(1, "it is being made")
    try:
        found = _created(channel)
    except (Later, Unsure, Refused):
        Channel.objects.filter(pk=channel.pk).update(claimed_at=None, tries=channel.tries + 1)
        raise
    channel.channel_id, channel.name = found["id"], found["name"]
    try:
        with transaction.atomic():
            channel.save(update_fields=["channel_id", "name"])
    except IntegrityError:  # it is linked to another room meanwhile
        channel.close(f"#{channel.name} in Slack belongs to another room.")
        raise Refused("conversations_create", "name_taken", {}) from None


def _created(channel: Channel) -> dict[str, Any]:
    """A new channel under the first free name, or the one an earlier try made, when its answer was lost."""
    installation = channel.installation
    team: dict[str, Any] = {"team_id": channel.team_id} if installation.is_org else {}
    for turn in range(TURNS):
        name = channel_name(channel.room, turn)
        try:
            answer = call(installation, "conversations_create", name=name, is_private=channel.private, **team)
        except Refused as refused:
            if refused.code != "name_taken":
                raise
            if channel.tries and (ours := _ours(channel, name)):
                return ours
        else:
            return dict(answer["channel"])
    raise Refused("conversations_create", "name_taken", {})


def _ours(channel: Channel, name: str) -> dict[str, Any] | None:
    """The channel of this name, when our own bot made it and no room has it."""
    kind, cursor = "private_channel" if channel.private else "public_channel", ""
    while True:
        page = call(
            channel.installation,
            "conversations_list",
            types=kind,
            limit=1000,
            cursor=cursor,
            exclude_archived=True,
        )
        for found in page["channels"]:
            mine = found["name"] == name and found.get("creator") == channel.installation.bot_user_id
            if mine and not Channel.objects.filter(channel_id=found["id"]).exists():
                return dict(found)
        cursor = page.get("response_metadata", {}).get("next_cursor", "")
        if not cursor:
            return None


def _topic(channel: Channel) -> None:
    topic = _said_on_top(channel.room)
    if topic and topic != channel.topic:
        call(channel.installation, "conversations_setTopic", channel=channel.channel_id, topic=topic)
        channel.topic = topic
        Channel.objects.filter(pk=channel.pk).update(topic=topic)


def head_of(room: Room) -> Message | None:
    """The card that is pinned on top of a room that has a story of its own."""
    if not room.story:
        return None
    return room.messages.filter(pinned_at__isnull=False, card__isnull=False).order_by("pk").first()


def _said_on_top(room: Room) -> str:
    """A line that says what the card on top of the room says, else what the room is for."""
    head = head_of(room)
    card = head.drawn if head else None
    if card is None:
        return room.about[:TOPIC]
    facts = [f"{name}: {words}" for name, words in list(card.facts.items())[:1]]
    return " · ".join(part for part in (str(card.title), card.tag, *facts) if part)[:TOPIC]


def _bookmark(channel: Channel) -> None:
    head = head_of(channel.room)
    card = head.drawn if head else None
    wanted = {settings.PUBLIC_URL + channel.room.get_absolute_url(): "This room in Fireside"}
    if card is not None and card.link.startswith("/"):
        wanted = {settings.PUBLIC_URL + card.link: "Its page in Fireside"} | wanted
    for url, title in wanted.items():
        if url not in channel.bookmarks:
            answer = call(
                channel.installation,
                "bookmarks_add",
                channel_id=channel.channel_id,
                title=title,
                type="link",
                link=url,
            )
            channel.bookmarks = {**channel.bookmarks, url: answer["bookmark"]["id"]}
            Channel.objects.filter(pk=channel.pk).update(bookmarks=channel.bookmarks)


def _people(channel: Channel) -> None:
    """Bring in who has a seat. Out goes whose access ended, and out of a private channel who has no seat."""
    seats = channel.room.seats
    seated = Account.ids_of(channel.installation, seats.filter(person__deactivated_at=None).values("person"))
    ended = Account.ids_of(channel.installation, seats.exclude(person__deactivated_at=None).values("person"))
    wanted = [user for user in seated.values() if user != channel.installation.bot_user_id]
    known = set(channel.invited)
    fresh = [user for user in wanted if user not in known]
    for start in range(0, len(fresh), INVITED):
        some = fresh[start : start + INVITED]
        _unless(
            channel, {"already_in_channel", "cant_invite", "cant_invite_self", "user_not_found"},
            "conversations_invite", users=",".join(some), force=True,
        )  # fmt: skip
        channel.invited = [*channel.invited, *some]
        Channel.objects.filter(pk=channel.pk).update(invited=channel.invited)
    gone = set(channel.invited) - set(wanted)
    for user in sorted(gone if channel.private else gone & set(ended.values())):
        _unless(
            channel, {"not_in_channel", "cant_kick_self", "user_not_found"}, "conversations_kick", user=user
        )
        channel.invited = [one for one in channel.invited if one != user]
        Channel.objects.filter(pk=channel.pk).update(invited=channel.invited)


def _unless(channel: Channel, fine: set[str], method: str, **given: Any) -> None:
    try:
        call(channel.installation, method, channel=channel.channel_id, **given)
    except Refused as refused:
        if refused.code not in fine:
            raise
