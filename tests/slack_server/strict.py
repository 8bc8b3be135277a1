"""What a real Slack refuses in blocks and words, and what it would take but nobody should send."""

from __future__ import annotations

import copy
import json
import re
from typing import TYPE_CHECKING, Any

from tests.slack_server.blockkit import problems, view_problems
from tests.slack_server.refusal import Refused, invalid

if TYPE_CHECKING:
    from tests.slack_server.server import SlackServer

Json = dict[str, Any]
ALARM = re.compile(r"<!(channel|here|everyone)\b")
MOST_TEXT = 40_000


def checked(server: SlackServer, where: str, blocks: Any, surface: str = "message") -> list[Json]:
    """The blocks as Slack keeps them, with a block_id and action_id everywhere; else `invalid_blocks`."""
    if blocks in (None, ""):
        return []
    if not isinstance(blocks, list):
        raise Refused("invalid_blocks_format")
    found = problems(blocks, surface) or [
        f"invalid slack file [json-pointer:{pointer}]"
        for pointer, ident in _pictures(blocks)
        if not _ready(server, ident)
    ]
    if found:
        server.violations.append(f"{where}: invalid blocks: {'; '.join(found)}")
        too_long = any("msg_blocks_too_long" in problem for problem in found)
        raise invalid("msg_blocks_too_long" if too_long else "invalid_blocks", found)
    return filled(server, blocks)


def checked_view(server: SlackServer, where: str, view: Any) -> Json:
    """The view as Slack keeps it, else `invalid_arguments` (or `view_too_large`)."""
    if not isinstance(view, dict):
        raise invalid("invalid_arguments", ["failed to match all allowed schemas [json-pointer:/view]"])
    found = view_problems(view)
    if found:
        server.violations.append(f"{where}: invalid view: {'; '.join(found)}")
        if any("view_too_large" in problem for problem in found):
            raise Refused("view_too_large")
        wrong = "failed to match all allowed schemas [json-pointer:/view]"
        raise invalid("invalid_arguments", [wrong, *found])
    return {**copy.deepcopy(view), "blocks": filled(server, view["blocks"])}


def said(server: SlackServer, where: str, text: str, blocks: list[Json]) -> None:
    """Remember what is sloppy in something that is about to be posted."""
    if blocks and not text.strip():
        server.violations.append(f"{where}: blocks without text, so notifications say nothing")
    for found in sorted(set(ALARM.findall(text + json.dumps(blocks)))):
        server.violations.append(f"{where}: would ring everyone with <!{found}>: {text[:80]!r}")


def filled(server: SlackServer, blocks: list[Json]) -> list[Json]:
    """A copy in which everything has the ids that Slack gives where the app gave none."""
    kept = copy.deepcopy(blocks)
    for block in kept:
        block.setdefault("block_id", server.id("b"))
        for element in controls_of(block):
            if element["type"] != "image":
                element.setdefault("action_id", server.id("a"))
    return kept


def controls_of(block: Json) -> list[Json]:
    """The elements of a block a person can use."""
    if block["type"] == "input":
        return [block["element"]]
    if block["type"] == "section" and block.get("accessory"):
        return [block["accessory"]]
    return list(block["elements"]) if block["type"] in ("actions", "context_actions") else []


def _pictures(blocks: list[Json]) -> list[tuple[str, str]]:
    return [
        (f"/blocks/{number}/slack_file", str(block["slack_file"].get("id", "")))
        for number, block in enumerate(blocks)
        if isinstance(block, dict) and isinstance(block.get("slack_file"), dict)
    ]


def _ready(server: SlackServer, ident: str) -> bool:
    file = server.files.get(ident)
    return file is not None and file.ready and file.kind.startswith("image/")
