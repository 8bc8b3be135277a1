"""Between what a person types or reads and what Slack sends over the wire."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.slack_server.people import User
    from tests.slack_server.workspaces import Workspace

TYPED = re.compile(
    r"(?P<url>https?://[^\s<>|]+)|(?P<mail>[\w.+-]+@[\w-]+(?:\.[\w-]+)+)"
    r"|(?<!\w)@(?P<at>[\w.-]+)|(?<!\w)#(?P<hash>[\w-]+)|(?P<char>[&<>])"
)
TAG = re.compile(r"<([^<>\n]+)>")
EVERYONE = ("here", "channel", "everyone")


def escape(words: str) -> str:
    return words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def unescape(words: str) -> str:
    return words.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def encode(typed: str, by: User, *, labels: bool = False) -> str:
    """What Slack makes of typed words; `labels` as in commands, where names stand beside the ids."""

    def replaced(found: re.Match[str]) -> str:
        whole = found[0]
        if found["url"]:
            link = whole.rstrip(".,;:!?)")
            return f"<{escape(link)}>{escape(whole[len(link) :])}"
        if found["mail"]:
            return f"<mailto:{whole}|{whole}>"
        if found["char"]:
            return escape(whole)
        name = found["at"] or found["hash"]
        for known in (name, name.rstrip(".-")):
            tag = _person(known, by, labels) if found["at"] else _place(known, by)
            if tag:
                return tag + name[len(known) :]
        return whole

    return TYPED.sub(replaced, typed)


def _person(name: str, by: User, labels: bool) -> str:
    if name in EVERYONE:
        return f"<!{name}>"
    house = by.workspace
    user = next((u for u in house.users.values() if u.name == name and not u.deleted), None)
    if user:
        return f"<@{user.id}|{user.name}>" if labels else f"<@{user.id}>"
    group = next((g for g in house.groups if g["handle"] == name), None)
    if group:
        return f"<!subteam^{group['id']}|@{name}>" if labels else f"<!subteam^{group['id']}>"
    return ""


def _place(name: str, by: User) -> str:
    channels = by.workspace.channels.values()
    found = next((c for c in channels if c.name == name and c.visible_to(by) and not c.im), None)
    return f"<#{found.id}|{found.name}>" if found else ""


def show(text: str, house: Workspace) -> str:
    """Words as they stand on the screen: names instead of ids, labels instead of links."""

    def replaced(found: re.Match[str]) -> str:
        inside, _, label = found[1].partition("|")
        if inside.startswith("@"):
            user = house.users.get(inside[1:])
            return f"@{user.display}" if user else (f"@{label}" if label else found[0])
        if inside.startswith("#"):
            channel = house.channels.get(inside[1:])
            return f"#{channel.name}" if channel else (f"#{label}" if label else found[0])
        if inside.startswith("!subteam^"):
            group = next((g for g in house.groups if g["id"] == inside[9:]), None)
            return f"@{group['handle']}" if group else (label or found[0])
        if inside.startswith("!date^"):
            return label
        if inside.startswith("!"):
            return f"@{inside[1:]}"
        return label or inside.removeprefix("mailto:")

    return unescape(TAG.sub(replaced, text))


def rich_text(encoded: str, block_id: str) -> list[dict[str, Any]]:
    """The block Slack puts beside the text of whatever a person writes."""
    parts: list[dict[str, Any]] = []
    at = 0
    for found in TAG.finditer(encoded):
        if found.start() > at:
            parts.append({"type": "text", "text": unescape(encoded[at : found.start()])})
        parts.append(_element(found[1]))
        at = found.end()
    if at < len(encoded) or not parts:
        parts.append({"type": "text", "text": unescape(encoded[at:])})
    section = {"type": "rich_text_section", "elements": parts}
    return [{"type": "rich_text", "block_id": block_id, "elements": [section]}]


def _element(tag: str) -> dict[str, Any]:
    inside, _, label = tag.partition("|")
    if inside.startswith("@"):
        return {"type": "user", "user_id": inside[1:]}
    if inside.startswith("#"):
        return {"type": "channel", "channel_id": inside[1:]}
    if inside.startswith("!subteam^"):
        return {"type": "usergroup", "usergroup_id": inside[9:]}
    if inside.startswith("!"):
        return {"type": "broadcast", "range": inside[1:]}
    return {"type": "link", "url": unescape(inside)} | ({"text": label} if label else {})
