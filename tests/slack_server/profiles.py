"""Who somebody is, as Slack tells an app."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from tests.slack_server.apps import App, Installation
    from tests.slack_server.workspaces import Workspace

Json = dict[str, Any]
ELSEWHERE = "T0ELSEWHERE"


class Profile:
    def __init__(self, workspace: Workspace, ident: str, full_name: str, name: str) -> None:
        self.workspace, self.id, self.full_name, self.name = workspace, ident, full_name, name
        self.server = workspace.server
        self.email, self.tz = "", "Etc/UTC"
        self.guest = self.is_bot = self.stranger = self.deleted = self.admin = False
        self.app: App | None = None
        self._prepare()

    def _prepare(self) -> None:
        """For what else a person brings."""

    @property
    def display(self) -> str:
        return self.full_name

    @property
    def team_id(self) -> str:
        return ELSEWHERE if self.stranger else self.workspace.id

    def becomes(self, **new: Any) -> None:
        """Change something about them, such as tz, full_name, email or deleted; apps hear of it."""
        with self.server.lock:
            for name, value in new.items():
                setattr(self, name, value)
            self.server.events.tell(self.workspace, "user_change", self.event("user_change"), everywhere=True)
        self.server.acted()

    def event(self, name: str) -> Callable[[Installation], Json]:
        """The event about this person, with what the installation's scopes let it see."""
        return lambda installation: {"type": name, "user": self.json(installation.scopes)}

    def json(self, scopes: set[str]) -> Json:
        zone = datetime.now(ZoneInfo(self.tz))
        offset = zone.utcoffset()
        profile: Json = {
            "real_name": self.full_name, "real_name_normalized": self.full_name, "display_name": "",
            "display_name_normalized": "", "team": self.team_id, "avatar_hash": "0" * 12, "status_text": "",
            "status_emoji": "", "title": "",
        }  # fmt: skip
        if "users:read.email" in scopes and self.email and not self.stranger:
            profile["email"] = self.email
        if self.is_bot and self.app:
            profile |= {"api_app_id": self.app.id, "bot_id": self.app.bot_id}
        shown: Json = {
            "id": self.id, "team_id": self.team_id, "name": self.name, "deleted": self.deleted,
            "profile": profile, "is_bot": self.is_bot, "is_app_user": False,
            "updated": int(self.server.now()),
        }  # fmt: skip
        if self.deleted:
            return shown
        if self.stranger:
            shown["is_stranger"] = True
        if self.workspace.enterprise:
            shown["enterprise_user"] = {"id": self.id, "enterprise_id": self.workspace.enterprise}
        return shown | {
            "real_name": self.full_name, "tz": self.tz, "tz_label": zone.tzname() or "",
            "tz_offset": int(offset.total_seconds()) if offset else 0, "is_admin": self.admin,
            "is_owner": False, "is_primary_owner": False,
            "is_restricted": self.guest, "is_ultra_restricted": False,
        }  # fmt: skip
