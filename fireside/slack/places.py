"""Where Slack shows in other pages: a calm line on top of a room that is one with a channel."""

from __future__ import annotations

from typing import Any

from fireside.hearth.people import Person
from fireside.hearth.rooms import Room
from fireside.slack.channel import Channel
from fireside.slack.standing import link, with_waiting
from fireside.web.places import Piece, room_head


def in_its_room(person: Person, room: Room) -> tuple[str, dict[str, Any]] | None:
    """The channels of a room, each with why words wait or stay, when they do."""
    links = [link(channel) for channel in with_waiting(Channel.objects.filter(room=room))]
    return ("slack/on_room.html", {"links": links}) if links else None


room_head.append(Piece(80, in_its_room))
