"""Which app is told of what: only what it subscribed to, has the scope for, and is there to see."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.slack_server.post import Letter

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.slack_server.apps import App, Installation
    from tests.slack_server.channels import Channel
    from tests.slack_server.server import SlackServer
    from tests.slack_server.workspaces import Workspace

Json = dict[str, Any]
MESSAGES = {"channel": "channels", "group": "groups", "im": "im", "mpim": "mpim"}
SCOPES = {
    "app_mention": "app_mentions:read",
    "reaction_added": "reactions:read", "reaction_removed": "reactions:read",
    "pin_added": "pins:read", "pin_removed": "pins:read", "user_change": "users:read",
    "team_join": "users:read",
}  # fmt: skip
OF_CHANNELS = ("channel_", "group_", "member_")


class Events:
    def __init__(self, server: SlackServer) -> None:
        self.server = server

    def tell(
        self,
        workspace: Workspace,
        name: str,
        event: Json | Callable[[Installation], Json],
        *,
        channel: Channel | None = None,
        ts: str = "",
        app: App | None = None,
        everywhere: bool = False,
    ) -> None:
        """Queue an event for every app that may know; `everywhere`: also outside a public channel."""
        subscription = f"message.{MESSAGES[channel.kind]}" if name == "message" and channel else name
        scope = scope_of(subscription, channel)
        stamp = ts or self.server.clock.ts()
        for installation in self.server.installations:
            if (
                not installation.live
                or not installation.covers(workspace)
                or app not in (None, installation.app)
            ):
                continue
            if subscription not in installation.app.bot_events or (
                scope and scope not in installation.scopes
            ):
                continue
            outside = channel is not None and installation.bot(workspace) not in channel.members
            if outside and (not everywhere or (channel and channel.private)):
                continue
            inner = event(installation) if callable(event) else event
            self.send(installation, workspace, {**inner, "type": name, "event_ts": stamp}, channel)

    def send(
        self, installation: Installation, workspace: Workspace, event: Json, channel: Channel | None = None
    ) -> None:
        """Queue the envelope; its bytes are fixed now, so that a copy is a true copy."""
        envelope = {
            "token": installation.app.verification_token, "team_id": workspace.id,
            "context_team_id": workspace.id, "context_enterprise_id": workspace.enterprise or None,
            "api_app_id": installation.app.id, "event": event, "type": "event_callback",
            "event_id": self.server.id("Ev"), "event_time": int(self.server.now()),
            "authorizations": [authorization(installation, workspace)],
            "is_ext_shared_channel": bool(channel and channel.shared),
            "event_context": f"4-{self.server.id('X')}",
        }  # fmt: skip
        if workspace.enterprise:
            envelope["enterprise_id"] = workspace.enterprise
        self.server.post.queue(Letter(installation.app, "event", json.loads(json.dumps(envelope))))

    def leave(self, installation: Installation, error: str, *, uninstalled: bool) -> None:
        """An installation ends: its tokens die first, then the app is told, in no promised order."""
        workspace = installation.workspace or next(
            w for w in self.server.workspaces.values() if installation.covers(w)
        )
        bot = installation.bot(workspace)
        installation.end(error)
        stamp = self.server.clock.ts()
        told: list[Json] = [{"type": "tokens_revoked", "tokens": {"oauth": [], "bot": [bot.id]}}]
        if uninstalled:
            told.append({"type": "app_uninstalled"})
        for event in told:
            if event["type"] in installation.app.bot_events:
                self.send(installation, workspace, event | {"event_ts": stamp})
        bot.deleted = uninstalled
        for channel in workspace.channels.values():
            if bot in channel.members and uninstalled:
                channel.members.remove(bot)


def scope_of(subscription: str, channel: Channel | None) -> str:
    if subscription.startswith("message."):
        return f"{subscription.removeprefix('message.')}:history"
    if subscription.startswith(OF_CHANNELS):
        return "groups:read" if channel and channel.private else "channels:read"
    return SCOPES.get(subscription, "")


def authorization(installation: Installation, workspace: Workspace) -> Json:
    org = installation.workspace is None
    return {
        "enterprise_id": workspace.enterprise or None, "team_id": None if org else workspace.id,
        "user_id": installation.bot(workspace).id, "is_bot": True, "is_enterprise_install": org,
    }  # fmt: skip
