"""What happens behind a closed door has no way into Slack, but for the channel of those who are behind it."""

from __future__ import annotations

import json

import pytest

from fireside.hearth.commands import book
from fireside.hearth.models import Person, Room
from fireside.slack.models import Arrival, Channel
from tests.cave import NAME, SECRET, Cave
from tests.slack_door import Slack
from tests.slack_server import Channel as SlackChannel

pytestmark = pytest.mark.django_db


@pytest.fixture
def cave(slack: Slack, room: Room, ana: Person, bo: Person) -> Cave:
    """The cave is full while Slack is connected, and an open room is one with a channel."""
    slack.channel(room)
    found = Cave(ana, bo)
    found.goes_on(ana)
    slack.settle()
    return found


def told(slack: Slack, person: Person) -> str:
    """Everything Slack shows to somebody, wherever they look."""
    user = slack.user(person)
    seen = []
    for channel in slack.workspace.channels.values():
        if channel.visible_to(user):
            seen += [channel.name, channel.topic, channel.purpose, *(str(mark) for mark in channel.bookmarks)]
            for message in user.sees(channel):
                seen += [str(vars(reply)) for reply in user.sees(channel, thread=message.ts)]
    seen.append(json.dumps(user.home.json if user.home else {}, default=str))
    return "\n".join(seen).lower()


def test_channels_that_are_open_to_others_hear_nothing_of_it(slack: Slack, cave: Cave, cy: Person) -> None:
    slack.stands_in(cy, slack.lobby)
    shown = told(slack, cy)
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
    assert SECRET in told(slack, bo)
    assert slack.user(bo) in channel.members


def test_somebody_from_outside_asks_for_it_in_every_way(
    slack: Slack, cave: Cave, room: Room, cy: Person
) -> None:
    channel = slack.channel(room)
    user = slack.stands_in(cy, channel)
    user.opens_home()
    commands = [command for command in book.all() if command.verb not in ("deactivate", "step-down")]
    for command in commands:
        _asks(slack, cy, channel, command.verb)
    assert NAME not in told(slack, cy), "who names nothing hears of nothing"
    for command in commands:
        for ref in (ref for param in command.params for ref in cave.refs(param.kind.name)[:2]):
            _asks(slack, cy, channel, f"{command.verb} {ref}", named=True)
    user.opens_home()
    slack.settle()
    shown = told(slack, cy)
    assert SECRET not in shown
    assert not Arrival.objects.filter(body__icontains=SECRET).exists()


def _asks(slack: Slack, person: Person, channel: SlackChannel, words: str, *, named: bool = False) -> None:
    """Type a command, and look at all that an open form shows and offers."""
    user = slack.user(person)
    user.types(channel, f"/fireside {words}")
    slack.settle()
    while user.modal is not None:
        offered = [str(vars(user.modal)).lower()]
        for block in user.modal.blocks:
            if block.get("element", {}).get("type") == "external_select":
                offered += [
                    str(user.suggestions(block["block_id"], typed)).lower() for typed in ("", "hef", "woo")
                ]
        assert SECRET not in str(offered), words
        assert named or NAME not in str(offered), words
        user.closes()
