"""What a person reads in a message or a view, put into one piece of text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from tests.slack_server.wording import show, unescape

if TYPE_CHECKING:
    from tests.slack_server.messages import Message
    from tests.slack_server.workspaces import Workspace

CONTROLS = ("button", "overflow", "static_select", "external_select", "users_select", "conversations_select",
            "channels_select", "datepicker", "timepicker", "datetimepicker", "radio_buttons", "checkboxes",
            "workflow_button", "icon_button", "feedback_buttons")  # fmt: skip


def words_of(message: Message) -> str:
    house = message.channel.workspace
    if message.blocks and message.app:
        parts = list(block_words(message.blocks, house))
        parts += [show(a.get("text") or a.get("fallback") or "", house) for a in message.attachments]
    else:
        parts = [show(message.text, house)]
    return "\n".join([part for part in parts if part] + [file["name"] for file in message.files])


def block_words(blocks: list[dict[str, Any]], house: Workspace) -> Iterator[str]:
    """The words of blocks, a line for each piece of text; controls in brackets, pictures by their alt."""
    readers = {
        "section": _section, "header": _section, "input": _input, "context": _row, "actions": _row,
        "context_actions": _row, "image": _picture, "video": _picture, "table": _table,
    }  # fmt: skip
    for block in blocks:
        kind = block["type"]
        if kind in readers:
            yield from readers[kind](block, house)
        elif kind == "rich_text":
            yield "".join(_rich(block, house))
        elif kind == "markdown":
            yield str(block["text"])


def _section(block: dict[str, Any], house: Workspace) -> Iterator[str]:
    yield from _texts([block.get("text"), *(block.get("fields") or [])], house)
    if block.get("accessory"):
        yield from _control(block["accessory"], house)


def _input(block: dict[str, Any], house: Workspace) -> Iterator[str]:
    yield from _texts([block["label"]], house)
    yield from _control(block["element"], house)
    yield from _texts([block.get("hint")], house)


def _row(block: dict[str, Any], house: Workspace) -> Iterator[str]:
    yield " ".join(word for element in block["elements"] for word in _element(element, house))


def _picture(block: dict[str, Any], house: Workspace) -> Iterator[str]:
    yield from _texts([block.get("title")], house)
    yield str(block["alt_text"])


def _table(block: dict[str, Any], house: Workspace) -> Iterator[str]:
    yield from (" | ".join("".join(_rich(cell, house)) for cell in row) for row in block["rows"])


def _texts(texts: list[dict[str, Any] | None], house: Workspace) -> Iterator[str]:
    for text in texts:
        if text:
            yield plain(text, house)


def plain(text: dict[str, Any], house: Workspace) -> str:
    return show(text["text"], house) if text["type"] == "mrkdwn" else unescape(text["text"])


def _element(element: dict[str, Any], house: Workspace) -> Iterator[str]:
    if element["type"] == "image":
        yield str(element["alt_text"])
    elif element["type"] in CONTROLS or "action_id" in element:
        yield from _control(element, house)
    else:
        yield plain(element, house)


def _control(element: dict[str, Any], house: Workspace) -> Iterator[str]:
    if element["type"] == "image":
        yield str(element["alt_text"])
    for name in ("text", "placeholder"):
        if isinstance(element.get(name), dict):
            yield f"[{plain(element[name], house)}]"
    if "initial_value" in element:
        yield str(element["initial_value"])
    if element["type"] in ("radio_buttons", "checkboxes"):
        yield " ".join(f"[{plain(option['text'], house)}]" for option in element["options"])


def _rich(part: dict[str, Any], house: Workspace) -> Iterator[str]:
    kind = part["type"]
    if kind == "user":
        yield show(f"<@{part['user_id']}>", house)
    elif kind == "channel":
        yield show(f"<#{part['channel_id']}>", house)
    elif kind == "usergroup":
        yield show(f"<!subteam^{part['usergroup_id']}>", house)
    elif kind == "broadcast":
        yield f"@{part['range']}"
    elif kind == "emoji":
        yield f":{part['name']}:"
    elif kind in ("text", "link", "raw_text", "raw_number", "date"):
        yield str(part.get("text") or part.get("url") or part.get("value") or part.get("fallback") or "")
    for inner in part.get("elements") or []:
        yield from _rich(inner, house)
