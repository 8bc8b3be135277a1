"""Where Slack shows in other pages: on top of a room that is one with a channel, among what holds keys."""

from __future__ import annotations

from typing import Any

from fireside.hearth.people import Person
from fireside.hearth.rooms import Room
from fireside.slack import held
from fireside.slack.channel import Channel
from fireside.slack.standing import link, with_waiting
from fireside.web import keyring
from fireside.web.places import Piece, room_head


def in_its_room(person: Person, room: Room) -> tuple[str, dict[str, Any]] | None:
    """The channels of a room, each with why words wait or stay, when they do."""
    links = [link(channel) for channel in with_waiting(Channel.objects.filter(room=room))]
    return ("slack/on_room.html", {"links": links}) if links else None


room_head.append(Piece(80, in_its_room))
keyring.holders.append(held.held)
keyring.lists["slack"] = held.integration_logs
keyring.rooms["slack"] = held.room_of
