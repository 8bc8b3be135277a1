"""The door to Slack, for stories: the cast in a workspace, typing and talking, and a Fireside that hears it.

Everything is the real thing but Slack itself: signed requests come in at /slack/events, Bolt checks them, the
inbox keeps and handles them, and what Fireside says goes to the stand-in over HTTP. A test drives the inbox
and the sender in its own thread, so that nothing is waited for.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db.models import Max

from fireside.hearth.commands import Ask, Missing, NotYours, Outcome, Sorry, perform, say_line
from fireside.hearth.grammar import split
from fireside.hearth.models import Entry, Message, Person, Room
from fireside.slack import adopting, asking, carrying, door, inbox, manifest
from fireside.slack.models import Channel, Post
from fireside.slack.scopes import FEATURES
from tests import slack_server
from tests.slack_server import SlackServer

TEAM = "T0UNICORN"


class Slack:
    """A workspace where Fireside is installed, and the ways in which the cast meets it there."""

    def __init__(self, server: SlackServer, settings: Any) -> None:
        self.server = server
        self.settings = settings
        settings.SLACK = {
            "API_URL": server.url, "AUTHORIZE_URL": server.authorize_url, "APP_TOKEN": "", "BOT_TOKEN": "",
            "SIGNING_SECRET": "", "CLIENT_ID": "", "CLIENT_SECRET": "", "WITH": " ".join(FEATURES),
        }  # fmt: skip
        self.app = server.app(manifest.made(socket=False), deliver=deliver)
        self.workspace = server.workspace(TEAM, name="Unicorn Rentals")
        self.users: dict[int, slack_server.User] = {}
        self.done: list[Outcome | Exception] = []
        settings.SLACK |= {
            "BOT_TOKEN": self.workspace.install(self.app),
            "SIGNING_SECRET": self.app.signing_secret,
        }
        installation = adopting.adopt()
        assert installation is not None
        self.installation = installation
        self.lobby = self.workspace.channel("lobby")

    # -- who and where

    def user(self, person: Person) -> slack_server.User:
        """This person's Slack account; matched by their e-mail when they first act."""
        if person.pk not in self.users:
            self.users[person.pk] = self.workspace.user(
                person.name, name=person.handle, email=person.email or "", tz=person.zone
            )
        return self.users[person.pk]

    def channel(self, room: Room) -> slack_server.Channel:
        """The channel that is one with a room; linked when it is not yet."""
        known = (
            Channel.objects.filter(room=room, installation=self.installation).exclude(channel_id="").first()
        )
        if known is not None:
            return self.workspace.channels[known.channel_id]
        seated = [self.user(seat.person) for seat in room.seats.select_related("person")]
        made = self.workspace.channel(room.slug, private=room.private, members=seated)
        made.members.append(self.workspace.bot(self.app))
        Channel.objects.create(  # as somebody linked it long before the story begins
            installation=self.installation, room=room, channel_id=made.id, name=room.slug, team_id=TEAM,
            private=room.private, since=Entry.objects.aggregate(last=Max("pk"))["last"] or 0,
        )  # fmt: skip
        self.settle()
        return made

    def stands_in(self, person: Person, channel: slack_server.Channel) -> slack_server.User:
        """This person, in the channel without anybody having been told of it."""
        user = self.user(person)
        if user not in channel.members:
            channel.members.append(user)
        return user

    # -- doing

    def settle(self) -> None:
        """Let everything that is on its way arrive, in both directions."""
        for _ in range(20):
            before = len(self.server.deliveries), len(self.server.calls)
            self.server.pump()
            inbox.drain()
            carrying.drain()
            if before == (len(self.server.deliveries), len(self.server.calls)):
                return
        raise AssertionError("it goes on and on")

    def do(self, person: Person, line: str, room: Room | None = None, **more: Any) -> Outcome:
        """Say a line as somebody types it in Slack; gives or raises what came of it, as in the web."""
        if more:  # a moment or a key that nobody can type
            return say_line(Ask(person, room, door="slack", **more), line)
        if room is not None and not room.may_enter(person):
            raise NotYours("There is no such room.")  # Slack shows nobody a channel that is not theirs
        channel = self.lobby if room is None else self.channel(room)
        user = self.stands_in(person, channel)
        verb, _ = split(line)
        if not verb:
            ts = user.says(channel, line)
            self.settle()
            return Outcome(message=Post.objects.get(ts=ts, channel__channel_id=channel.id).message)
        return self._command(user, channel, line)

    def _command(self, user: slack_server.User, channel: slack_server.Channel, line: str) -> Outcome:
        self.done.clear()
        before = {message.ts for message in user.sees(channel)}
        user.types(channel, self.typed(line))
        self.settle()
        [came] = self.done or [None]
        if isinstance(came, Missing):
            assert user.modal is not None, "the form opens"
            raise came
        new = "\n".join(message.words for message in user.sees(channel) if message.ts not in before)
        if isinstance(came, Exception):
            raise came
        if came is None:  # refused before anything was done
            raise Sorry(new)
        self._seen(came, user, new)
        return came

    def _seen(self, came: Outcome, user: slack_server.User, new: str) -> None:
        """What came of it stands where people see it."""
        if came.whisper is not None and came.whisper.words:
            assert new, "a whisper reaches the asker"
        if came.message is not None and (link := Channel.open().filter(room=came.message.room).first()):
            assert Post.objects.exclude(ts="").filter(message=came.message, channel=link).exists(), (
                "it is in Slack"
            )

    def typed(self, line: str) -> str:
        """As somebody types it: the verb by itself where Slack knows it, else /fireside and the verb."""
        verb, words = split(line)
        alone = {command["command"] for command in self.app.manifest["features"]["slash_commands"]}
        return f"/{verb} {words}".strip() if f"/{verb}" in alone else f"/fireside {verb} {words}".strip()

    def perform(self, ask: Ask, verb: str, given: dict[str, str]) -> Outcome:
        """The house's own `perform`, which tells the story what came of it."""
        try:
            outcome = perform(ask, verb, given)
        except Exception as error:
            self.done.append(error)
            raise
        self.done.append(outcome)
        return outcome


def deliver(path: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
    """A request of Slack's, at our own door and in the test's own thread."""
    said = door.knock(body.decode(errors="replace"), headers)
    return said.status, (said.body or "").encode()


@pytest.fixture
def slack(org: object, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Slack]:
    """A Slack to which Fireside is connected; whatever a strict Slack would frown at fails the test."""
    with SlackServer() as server:
        found = Slack(server, settings)
        monkeypatch.setattr(asking, "perform", found.perform)
        yield found
        assert server.violations == []


def words_of(message: Message) -> str:
    """What a message says, with its card."""
    return f"{message.text} {message.drawn or ''}".strip()


__all__ = ["Slack", "deliver", "slack", "words_of"]
