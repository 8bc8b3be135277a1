"""What happens behind a closed door has no way into Slack, but for the channel of those who are behind it."""

from __future__ import annotations

import json

import pytest

from fireside.hearth.commands import Command, book
from fireside.hearth.models import Person, Room
from fireside.hearth.people import Role
from fireside.slack.models import Arrival, Channel
from tests.cave import NAME, OPEN_NAME, OPEN_SECRET, SECRET, Cave
from tests.slack_door import Slack
from tests.slack_server import Channel as SlackChannel
from tests.slack_server import User

pytestmark = pytest.mark.django_db
ENDS = ("deactivate", "step-down", "delete-person", "leave")  # they end what the asker may do


@pytest.fixture
def cave(slack: Slack, room: Room, ana: Person, bo: Person) -> Cave:
    """The cave is full while Slack is connected, and an open room is one with a channel."""
    slack.channel(room)
    found = Cave(ana, bo)
    found.goes_on(ana)
    slack.settle()
    return found


def told(slack: Slack, user: User) -> str:
    """Everything Slack shows to somebody, wherever they look."""
    seen = []
    for channel in slack.workspace.channels.values():
        if channel.visible_to(user):
            seen += [channel.name, channel.topic, channel.purpose, *(str(mark) for mark in channel.bookmarks)]
            for message in user.sees(channel):
                seen += [str(vars(reply)) for reply in user.sees(channel, thread=message.ts)]
    seen.append(json.dumps(user.home.json if user.home else {}, default=str))
    return "\n".join(seen).lower()


def test_channels_that_are_open_to_others_hear_nothing_of_it(slack: Slack, cave: Cave, cy: Person) -> None:
    shown = told(slack, slack.stands_in(cy, slack.lobby))
    assert SECRET not in shown
    assert NAME not in shown


def test_those_inside_hear_it_in_a_channel_as_closed_as_the_room(
    slack: Slack, cave: Cave, bo: Person
) -> None:
    private = [link for link in Channel.objects.select_related("room") if link.room.private]
    assert private, "a private incident has its channel"
    for link in private:
        assert slack.workspace.channels[link.channel_id].private
    channel = slack.channel(cave.room)
    cave.room.say("a woozle again", by=bo)
    slack.settle()
    assert SECRET in told(slack, slack.user(bo))
    assert slack.user(bo) in channel.members


def test_somebody_from_outside_asks_for_it_in_every_way(
    slack: Slack, cave: Cave, room: Room, cy: Person
) -> None:
    channel = slack.channel(room)
    user = slack.stands_in(cy, channel)
    user.opens_home()
    commands = [command for command in book.all() if command.verb not in ENDS]
    for command in commands:
        _asks(slack, user, channel, command.verb, cave)
    assert NAME not in told(slack, user), "who names nothing hears of nothing"
    _names_everything(slack, user, channel, commands, cave)


def test_a_guest_of_slack_asks_for_what_is_open_to_members(
    slack: Slack, room: Room, ana: Person, bo: Person
) -> None:
    channel = slack.channel(room)
    wood = Cave(ana, bo, OPEN_NAME, OPEN_SECRET, private=False)
    guest = slack.workspace.user("Gus Guest", guest=True)
    channel.members.append(guest)
    guest.opens_home()
    commands = [one for one in book.all() if one.role == Role.GUEST and one.verb not in ENDS]
    for command in commands:
        _asks(slack, guest, channel, command.verb, wood)
    assert OPEN_NAME not in told(slack, guest)
    _names_everything(slack, guest, channel, commands, wood)
    assert wood.room.slug not in [seat.room.slug for seat in Person.objects.get(name="Gus Guest").seats.all()]


def test_whose_access_ended_asks_in_vain_in_the_channel_they_are_still_in(
    slack: Slack, cave: Cave, ana: Person, bo: Person
) -> None:
    channel = slack.channel(cave.room)
    user = slack.stands_in(bo, channel)
    user.types(channel, slack.typed("/rooms"))
    slack.settle()
    bo.deactivate(by=ana)
    before = len(user.reads(channel))
    for words in ("rooms", "alerts", "people ana", f"incident {SECRET} again", "help"):
        user.types(channel, f"/fireside {words}")
    user.opens_home()
    slack.settle()
    assert set(user.reads(channel)[before:]) == {"This account is no longer active."}
    assert NAME not in str(user.home.json if user.home else "").lower()


def _names_everything(
    slack: Slack, user: User, channel: SlackChannel, commands: list[Command], cave: Cave
) -> None:
    for command in commands:
        for ref in (ref for param in command.params for ref in cave.refs(param.kind.name)[:1]):
            _asks(slack, user, channel, f"{command.verb} {ref}", cave, named=True)
    user.opens_home()
    slack.settle()
    assert cave.secret not in told(slack, user)
    assert not Arrival.objects.filter(body__icontains=cave.secret).exists()


def _asks(
    slack: Slack, user: User, channel: SlackChannel, words: str, cave: Cave, *, named: bool = False
) -> None:
    """Type a command, and look at all that an open form shows and offers."""
    user.types(channel, f"/fireside {words}")
    slack.settle()
    while user.modal is not None:
        offered = [str(vars(user.modal)).lower()]
        for block in user.modal.blocks:
            if block.get("element", {}).get("type") == "external_select":
                typed = ("", cave.name[:3], cave.secret[:3])
                offered += [str(user.suggestions(block["block_id"], words)).lower() for words in typed]
        assert cave.secret not in str(offered), words
        assert named or cave.name not in str(offered), words
        user.closes()
