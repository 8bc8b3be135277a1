"""The book of methods, and the call in progress as a method sees it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.slack_server.refusal import Refused, invalid

if TYPE_CHECKING:
    from tests.slack_server.apps import App, Installation, Token
    from tests.slack_server.channels import Channel
    from tests.slack_server.messages import Message
    from tests.slack_server.people import User
    from tests.slack_server.server import SlackServer
    from tests.slack_server.workspaces import Workspace

Json = dict[str, Any]
MANAGE = {"channel": "channels:manage", "group": "groups:write", "im": "im:write", "mpim": "mpim:write"}
KINDS = {"channel": "channels", "group": "groups", "im": "im", "mpim": "mpim"}


@dataclass(frozen=True)
class Method:
    """`takes` are the argument names, a star after those that are required."""

    name: str
    run: Callable[[Asking], Json]
    takes: frozenset[str]
    required: tuple[str, ...]
    scope: str
    tier: int
    json: bool
    token: str


BOOK: dict[str, Method] = {}


def method(
    name: str, takes: str = "", *, scope: str = "", tier: int = 0, json: bool = True, token: str = "bot"
) -> Callable[[Callable[[Asking], Json]], Callable[[Asking], Json]]:
    """Enter a method; `json=False` for those that ignore JSON bodies; token is bot, user, app or none."""
    names = takes.split()
    required = tuple(n.rstrip("*") for n in names if n.endswith("*"))
    taken = frozenset(n.rstrip("*") for n in names)

    def enter(run: Callable[[Asking], Json]) -> Callable[[Asking], Json]:
        BOOK[name] = Method(name, run, taken, required, scope, tier, json, token)
        return run

    return enter


class Asking:
    """One call: who asks, with which arguments."""

    def __init__(self, server: SlackServer, method: Method, token: Token | None, args: Json) -> None:
        self.server, self.method, self.token, self.args = server, method, token, args
        self.basic: tuple[str, str] | None = None

    @property
    def app(self) -> App:
        assert self.token
        return self.token.app

    @property
    def installation(self) -> Installation:
        assert self.token
        assert self.token.installation
        return self.token.installation

    @property
    def workspace(self) -> Workspace:
        """Where the call acts; an organisation-wide token has to say so."""
        if self.installation.workspace:
            return self.installation.workspace
        given = self.server.workspaces.get(self.text("team_id"))
        if given is None or not self.installation.covers(given):
            raise Refused("missing_argument" if not self.text("team_id") else "team_not_found")
        return given

    @property
    def places(self) -> list[Workspace]:
        """All workspaces this token opens."""
        return [w for w in self.server.workspaces.values() if self.installation.covers(w)]

    # -- arguments

    def text(self, name: str) -> str:
        value = self.args.get(name)
        return "" if value is None else str(value)

    def flag(self, name: str) -> bool:
        return self.text(name).lower() in ("true", "1")

    def number(self, name: str, otherwise: int) -> int:
        try:
            return int(self.text(name) or otherwise)
        except ValueError:
            raise invalid("invalid_arguments", [f"must be an integer [json-pointer:/{name}]"]) from None

    def data(self, name: str, error: str = "invalid_arguments") -> Any:
        """An argument that is JSON, also when it came as text in a form."""
        value = self.args.get(name)
        if not isinstance(value, str) or not value:
            return value or None
        try:
            return json.loads(value)
        except ValueError:
            raise Refused(error) from None

    def need(self, *scopes: str) -> None:
        """Any of these scopes opens the door."""
        held = [s for s in scopes if s in self.installation.scopes]
        if not held:
            provided = ",".join(sorted(self.installation.scopes))
            raise Refused("missing_scope", needed=scopes[0], provided=provided)
        if not any(self.app.lists(scope) for scope in held):
            self.server.violations.append(
                f"{self.method.name}: uses {held[0]}, which the manifest does not list"
            )

    # -- what is named in them

    def bot(self, workspace: Workspace) -> User:
        return self.installation.bot(workspace)

    def channel(
        self, name: str = "channel", what: str = "", *, member: bool = True, open_: bool = True
    ) -> Channel:
        """The channel; `what` (read, history, manage) is the right that is needed on its kind."""
        ident = self.text(name)
        channel = next((w.channels[ident] for w in self.places if ident in w.channels), None)
        if channel is None or not channel.visible_to(self.bot(channel.workspace)):
            raise Refused("channel_not_found")
        if what == "manage":
            self.need(MANAGE[channel.kind])
        elif what:
            self.need(f"{KINDS[channel.kind]}:{what}")
        if open_ and channel.archived:
            raise Refused("is_archived")
        if member and self.bot(channel.workspace) not in channel.members:
            raise Refused("not_in_channel")
        return channel

    def message(self, channel: Channel, name: str = "timestamp", error: str = "message_not_found") -> Message:
        message = channel.messages.get(self.text(name))
        if message is None or message.deleted:
            raise Refused(error)
        return message

    def person(self, name: str = "user", error: str = "user_not_found") -> User:
        ident = self.text(name)
        user = next((w.users[ident] for w in self.places if ident in w.users), None)
        if user is None:
            raise Refused(error)
        return user

    def page(self, things: list[Any], otherwise: int, most: int) -> tuple[list[Any], Json]:
        """A page of a list, and the response_metadata that leads to the next."""
        limit = self.number("limit", otherwise)
        if not 1 <= limit <= most:
            raise Refused("invalid_limit")
        start = 0
        if self.text("cursor"):
            front, _, number = self.text("cursor").partition(":")
            if front != "page" or not number.isdigit():
                raise Refused("invalid_cursor")
            start = int(number)
        more = start + limit < len(things)
        return things[start : start + limit], {"next_cursor": f"page:{start + limit}" if more else ""}
