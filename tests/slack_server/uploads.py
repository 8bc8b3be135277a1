"""Files that lie in Slack: who brought them, where they are shown, and the two addresses they have."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.slack_server.channels import Channel
    from tests.slack_server.people import User
    from tests.slack_server.workspaces import Workspace

Json = dict[str, Any]


@dataclass
class File:
    workspace: Workspace
    by: User
    id: str
    name: str
    kind: str
    content: bytes = b""
    length: int = 0
    title: str = ""
    alt: str = ""
    ready: bool = False
    channels: list[str] = field(default_factory=list)
    key: str = field(default_factory=lambda: secrets.token_hex(8))

    @property
    def upload_url(self) -> str:
        return f"{self.workspace.server.origin}/upload/v1/{self.key}"

    def json(self) -> Json:
        """As it stands in messages and in files.info."""
        origin, slug = self.workspace.server.origin, re.sub(r"[^a-z0-9._-]", "_", self.name.lower())
        address = f"{origin}/files-pri/{self.workspace.id}-{self.id}"
        return {
            "id": self.id, "name": self.name, "title": self.title or self.name, "mimetype": self.kind,
            "filetype": self.name.rpartition(".")[2], "size": len(self.content), "user": self.by.id,
            "user_team": self.workspace.id, "mode": "hosted", "is_external": False, "is_public": False,
            "file_access": "visible", "alt_txt": self.alt, "channels": self.channels[:],
            "url_private": f"{address}/{slug}",
            "url_private_download": f"{address}/download/{slug}",
            "permalink": f"{origin}/files/{self.by.id}/{self.id}/{slug}",
            "created": int(self.workspace.server.now()),
        }  # fmt: skip


def keep(channel: Channel, by: User, name: str, kind: str, content: bytes) -> File:
    """A file somebody drops into a message."""
    server = channel.workspace.server
    file = File(channel.workspace, by, server.id("F"), name, kind, content, len(content), ready=True)
    file.channels.append(channel.id)
    server.files[file.id] = file
    return file
