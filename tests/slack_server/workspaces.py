"""A workspace: its people, its channels, and the apps that were let in."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from tests.slack_server.apps import App, Installation, Token
from tests.slack_server.channels import Channel
from tests.slack_server.people import User

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tests.slack_server.server import SlackServer

Json = dict[str, Any]


class Workspace:
    def __init__(self, server: SlackServer, ident: str, name: str, enterprise: str) -> None:
        self.server, self.id, self.name, self.enterprise = server, ident, name, enterprise
        self.domain = "".join(c for c in name.lower() if c.isalnum()) or ident.lower()
        self.users: dict[str, User] = {}
        self.channels: dict[str, Channel] = {}
        self.groups: list[Json] = []
        self.paid = False
        self.logs: list[Json] = []  # what was connected and taken out, the newest first

    def user(
        self,
        full_name: str,
        *,
        name: str = "",
        email: str = "",
        tz: str = "Etc/UTC",
        guest: bool = False,
        bot: bool = False,
        stranger: bool = False,
        id: str = "",  # noqa: A002 -- as in Slack
    ) -> User:
        """Somebody who is here; a stranger comes from another company, through a shared channel."""
        with self.server.lock:
            user = User(self, id or self.server.id("U"), full_name, name or full_name.split()[0].lower())
            user.email, user.tz, user.guest, user.is_bot, user.stranger = email, tz, guest, bot, stranger
            self.users[user.id] = user
            if not bot and not stranger:
                self.server.events.tell(self, "team_join", user.event("team_join"), everywhere=True)
        return user

    def channel(
        self, name: str, *, private: bool = False, members: Sequence[User] = (), creator: User | None = None
    ) -> Channel:
        """A channel that was always there: its making is no event."""
        with self.server.lock:
            channel = Channel(self, self.server.id("C"), name, private=private)
            channel.members = list(members)
            made_by = creator or next(iter(members), None)
            channel.creator = made_by.id if made_by else ""
            self.channels[channel.id] = channel
        return channel

    def dm(self, *people: User) -> Channel:
        """The direct message of these people, made when first needed."""
        with self.server.lock:
            wanted = set(people)
            for channel in self.channels.values():
                if channel.im and set(channel.members) == wanted:
                    return channel
            private = len(wanted) > 2
            channel = Channel(self, self.server.id("G" if private else "D"), "", private=private, im=True)
            channel.members = list(people)
            self.channels[channel.id] = channel
        return channel

    def group(self, handle: str, name: str, members: Iterable[User] = ()) -> str:
        """A user group, which only paid workspaces have; gives its id."""
        group = {"id": self.server.id("S"), "team_id": self.id, "is_usergroup": True, "handle": handle,
                 "name": name, "description": "", "date_delete": 0,
                 "users": [user.id for user in members]}  # fmt: skip
        self.groups.append(group)
        return str(group["id"])

    # -- apps

    def install(
        self, app: App, scopes: Sequence[str] | None = None, *, org: bool = False, by: User | None = None
    ) -> str:
        """Let the app in, or let it in again with other scopes; gives its bot token."""
        return self.installation(app, scopes, org=org, by=by).token().value

    def installation(
        self, app: App, scopes: Sequence[str] | None = None, *, org: bool = False, by: User | None = None
    ) -> Installation:
        if org and not self.enterprise:
            raise ValueError("only an organisation can let an app into all its workspaces")
        with self.server.lock:
            found = self.installed(app)
            if found is None or (found.workspace is None) != org:
                found = Installation(app, None if org else self, self.enterprise, set())
                self.server.installations.append(found)
            found.scopes = set(app.scopes if scopes is None else scopes)
            found.installer = by
            found.bot(self)
        return found

    def installed(self, app: App) -> Installation | None:
        alive = [i for i in self.server.installations if i.live and i.app is app and i.covers(self)]
        return next(iter(alive), None)

    def token_of(self, user: User, app: App, *scopes: str) -> str:
        """A person's own token, as an app gives it to them."""
        token = Token(f"xoxp-{self.id}-{secrets.token_hex(12)}", app, None)
        token.user, token.scopes, token.house = user, set(scopes), self
        with self.server.lock:
            self.server.tokens[token.value] = token
        return token.value

    def uninstall(self, app: App) -> None:
        """Put the app out: it is told twice, and its tokens are dead before it hears of it."""
        with self.server.lock:
            self.server.events.leave(self._installation(app), "account_inactive", uninstalled=True)
        self.server.acted()

    def bot(self, app: App) -> User:
        return self._installation(app).bot(self)

    def _installation(self, app: App) -> Installation:
        found = self.installed(app)
        if found is None:
            raise LookupError(f"{app.name} is not installed in {self.name}")
        return found
