"""Apps as Slack knows them: what their manifest says, where they are installed, and their tokens."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from tests.slack_server.people import User
    from tests.slack_server.server import SlackServer
    from tests.slack_server.workspaces import Workspace

Deliver = Callable[[str, dict[str, str], bytes], tuple[int, bytes]]
HALF_A_DAY = 43_200
DEFAULT_PATH = "/slack/events"


class App:
    def __init__(
        self, server: SlackServer, manifest: dict[str, Any], request_url: str, deliver: Deliver | None
    ) -> None:
        self.server, self.manifest, self.request_url, self.deliver = server, manifest, request_url, deliver
        self.id, self.bot_id = server.id("A"), server.id("B")
        self.client_id = f"{secrets.randbelow(10**12)}.{secrets.randbelow(10**12)}"
        self.client_secret, self.signing_secret = secrets.token_hex(16), secrets.token_hex(16)
        self.verification_token = secrets.token_hex(12)
        self.app_token = f"xapp-1-{self.id}-{secrets.token_hex(16)}"
        self.features: dict[str, Any] = manifest.get("features") or {}
        self.settings: dict[str, Any] = manifest.get("settings") or {}
        self.oauth: dict[str, Any] = manifest.get("oauth_config") or {}
        self.name = str(manifest["display_information"]["name"])
        self.scopes: list[str] = list((self.oauth.get("scopes") or {}).get("bot") or [])
        self.optional: list[str] = list((self.oauth.get("scopes") or {}).get("bot_optional") or [])
        self.subscriptions: dict[str, Any] = self.settings.get("event_subscriptions") or {}
        self.bot_events = set(self.subscriptions.get("bot_events") or [])
        self.commands = {c["command"]: c for c in self.features.get("slash_commands") or []}
        self.shortcuts = {s["callback_id"]: s for s in self.features.get("shortcuts") or []}
        self.home: dict[str, Any] = self.features.get("app_home") or {}
        self.rotates = bool(self.settings.get("token_rotation_enabled"))
        self.socket_mode = bool(self.settings.get("socket_mode_enabled"))

    @property
    def bot_name(self) -> str:
        return str((self.features.get("bot_user") or {}).get("display_name") or self.name)

    @property
    def redirect_urls(self) -> list[str]:
        return list(self.oauth.get("redirect_urls") or [])

    def path(self, kind: str, command: str = "") -> str:
        """Where the manifest wants this kind of delivery to go."""
        interactivity = self.settings.get("interactivity") or {}
        url = {
            "event": self.subscriptions.get("request_url"),
            "command": (self.commands.get(command) or {}).get("url"),
            "interaction": interactivity.get("request_url"),
            "options": interactivity.get("message_menu_options_url"),
        }[kind]
        return urlsplit(url or "").path or DEFAULT_PATH

    def lists(self, scope: str) -> bool:
        return scope in self.scopes or scope in self.optional


class Token:
    """A secret the app holds; `gone` is the error everyone gets who still uses it."""

    def __init__(self, value: str, app: App, installation: Installation | None, expires: float = 0) -> None:
        self.value, self.app, self.installation, self.expires = value, app, installation, expires
        self.gone = ""
        self.scopes: set[str] = set()  # of a person's own token
        self.user: User | None = None
        self.house: Workspace | None = None


class Installation:
    """The app in one workspace, or in all of an organisation when `workspace` is None."""

    def __init__(self, app: App, workspace: Workspace | None, enterprise: str, scopes: set[str]) -> None:
        self.app, self.workspace, self.enterprise, self.scopes = app, workspace, enterprise, scopes
        self.server = app.server
        self.bots: dict[str, User] = {}
        self.tokens: list[Token] = []
        self.installer: User | None = None
        self.live = True
        self.refresh = ""

    def covers(self, workspace: Workspace) -> bool:
        if self.workspace is None:
            return bool(self.enterprise) and workspace.enterprise == self.enterprise
        return self.workspace is workspace

    def bot(self, workspace: Workspace) -> User:
        """The app's bot user there; an organisation-wide app has the same id everywhere."""
        if workspace.id not in self.bots:
            known = next(iter(self.bots.values()), None)
            before = next((u for u in workspace.users.values() if u.app is self.app), None)
            bot = before or workspace.user(self.app.bot_name, bot=True, id=known.id if known else "")
            bot.app, bot.deleted = self.app, False
            self.bots[workspace.id] = bot
        return self.bots[workspace.id]

    def token(self) -> Token:
        """The token that opens this installation now; with rotation a new one each time."""
        alive = next((t for t in self.tokens if not t.gone and not self.app.rotates), None)
        if alive:
            return alive
        front = "xoxe.xoxb-1-" if self.app.rotates else "xoxb-"
        place = self.workspace.id if self.workspace else self.enterprise
        expires = self.server.now() + HALF_A_DAY if self.app.rotates else 0
        token = Token(f"{front}{place}-{secrets.token_hex(12)}", self.app, self, expires)
        self.tokens.append(token)
        self.server.tokens[token.value] = token
        return token

    def rotate(self) -> str:
        """A refresh token; the one before it is used up."""
        self.server.refreshes.pop(self.refresh, None)
        self.refresh = f"xoxe-1-{secrets.token_hex(16)}"
        self.server.refreshes[self.refresh] = self
        return self.refresh

    def end(self, error: str) -> None:
        self.live = False
        for token in self.tokens:
            token.gone = token.gone or error
        self.server.refreshes.pop(self.refresh, None)
