"""What Slack's side of the house lets go: beside messages, with a room, and of a person."""

from __future__ import annotations

from django.db import transaction

from fireside.hearth import forgetting, leaving_people, leaving_rooms, yours
from fireside.hearth.people import Person
from fireside.hearth.rooms import Room
from fireside.slack.account import Account
from fireside.slack.channel import Channel
from fireside.slack.letters import send
from fireside.slack.post import Post

GONE = "The room in Fireside that was one with this channel is no longer there. Words here stay here."


def take() -> None:
    forgetting.with_messages.append(_forget)
    leaving_rooms.emptied.append(_leave_room)
    leaving_people.emptied.append(_leave_person)
    yours.kinds["slack-accounts"] = lambda person: Account.objects.filter(person=person)


def _forget(numbers: list[int]) -> None:
    """Posts in Slack are Slack's to keep; what we know of them goes."""
    Post.objects.filter(message__in=numbers).delete()


def _leave_room(room: Room) -> None:
    """The channel is told, and otherwise left alone."""
    with transaction.atomic():
        for channel in Channel.objects.filter(room=room).select_related("installation"):
            if channel.channel_id and channel.installation.ended_at is None:
                send(channel.installation, channel.channel_id, key=f"gone:{channel.pk}", words=GONE)
            channel.delete()


def _leave_person(person: Person) -> None:
    """Who they are in Slack: their accounts, and their ids beside channels and posts."""
    for account in Account.objects.filter(person=person):
        user = account.user_id
        with transaction.atomic():
            for channel in Channel.objects.filter(installation=account.installation_id):
                channel.moved.pop(user, None)
                channel.invited = [one for one in channel.invited if one != user]
                Channel.objects.filter(pk=channel.pk).update(moved=channel.moved, invited=channel.invited)
            account.delete()
