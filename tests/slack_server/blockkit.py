"""Slack's own checks of blocks and views, written from its reference and not from our code.

Each trouble is a sentence as Slack writes it, with a JSON pointer to the place. Slack does not say what a
character is, so the stricter reading holds: UTF-16 units.
"""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

Check = Callable[[Any, str], Iterator[str]]
MOST = {"message": 50, "modal": 100, "home": 100}
TOTAL, MARKDOWN, VIEW = 13_200, 12_000, 250_000
DAY, CLOCK = r"\d{4}-\d\d-\d\d", r"\d\d:\d\d"


class Field(NamedTuple):
    """One name of an object: how it is checked, and whether it has to be there."""

    check: Check
    needed: bool = False


def problems(blocks: Any, surface: str = "message") -> list[str]:
    """What Slack would say about blocks on a "message", "modal" or "home"; nothing when it takes them."""
    return list(_blocks(blocks, surface, "/blocks"))


def view_problems(view: Any) -> list[str]:
    """What Slack would say about a modal or a home tab."""
    if not isinstance(view, dict) or view.get("type") not in ("modal", "home"):
        return ["must be one of modal, home [json-pointer:/view/type]"]
    kind = view["type"]
    found = list(_object(MODAL if kind == "modal" else HOME, view, "/view"))
    found += _blocks(view.get("blocks"), kind, "/view/blocks")
    inputs = [b for b in view.get("blocks") or [] if isinstance(b, dict) and b.get("type") == "input"]
    if kind == "modal" and inputs and "submit" not in view:
        found.append("missing required field: submit [json-pointer:/view/submit]")
    if len(_told(view)) > VIEW:
        found.append("view_too_large")
    return found


# -- small things --------------------------------------------------------------------------------------------


def length(words: str) -> int:
    return len(words.encode("utf-16-le", "surrogatepass")) // 2


def trouble(words: str, at: str) -> Iterator[str]:
    yield f"{words} [json-pointer:{at}]"


def string(most: int, least: int = 1, pattern: str = "") -> Check:
    def check(value: Any, at: str) -> Iterator[str]:
        if not isinstance(value, str):
            yield from trouble("must provide a string", at)
        elif len(value.strip()) < least:
            yield from trouble(f"must be more than {least - 1} characters", at)
        elif length(value) > most:
            yield from trouble(f"must be less than {most + 1} characters", at)
        elif any("\ud800" <= sign <= "\udfff" for sign in value):
            yield from trouble("must be valid UTF-8", at)
        elif pattern and not re.fullmatch(pattern, value):
            yield from trouble("must match pattern", at)

    return check


def text(most: int, *kinds: str) -> Check:
    """A text object; without `kinds` it may be of either kind."""

    def check(value: Any, at: str) -> Iterator[str]:
        kind = value.get("type") if isinstance(value, dict) else None
        if kind not in (kinds or ("plain_text", "mrkdwn")):
            yield from trouble(f"must be one of {', '.join(kinds or ('plain_text', 'mrkdwn'))}", f"{at}/type")
            return
        own = {"emoji": Field(boolean)} if kind == "plain_text" else {"verbatim": Field(boolean)}
        yield from _object({"type": Field(anything), "text": Field(string(most), True)} | own, value, at)

    return check


def anything(value: Any, at: str) -> Iterator[str]:
    yield from ()


def boolean(value: Any, at: str) -> Iterator[str]:
    if not isinstance(value, bool):
        yield from trouble("must provide a boolean", at)


def whole(value: Any, at: str) -> Iterator[str]:
    if isinstance(value, bool) or not isinstance(value, int):
        yield from trouble("must provide an integer", at)


def up_to(least: int, most: int) -> Check:
    def check(value: Any, at: str) -> Iterator[str]:
        yield from whole(value, at)
        if isinstance(value, int) and not least <= value <= most:
            yield from trouble(f"must be between {least} and {most}", at)

    return check


def one_of(*values: str) -> Check:
    def check(value: Any, at: str) -> Iterator[str]:
        if value not in values:
            yield from trouble(f"must be one of {', '.join(values)}", at)

    return check


def listed(check: Check, most: int, least: int = 1) -> Check:
    def every(value: Any, at: str) -> Iterator[str]:
        if not isinstance(value, list):
            yield from trouble("must provide an array", at)
            return
        if len(value) < least:
            yield from trouble(f"no less than {least} items allowed", at)
        if len(value) > most:
            yield from trouble(f"no more than {most} items allowed", at)
        for number, each in enumerate(value):
            yield from check(each, f"{at}/{number}")

    return every


def shaped(fields: dict[str, Field]) -> Check:
    return lambda value, at: _object(fields, value, at)


def address(most: int, *schemes: str) -> Check:
    def check(value: Any, at: str) -> Iterator[str]:
        yield from string(most)(value, at)
        if isinstance(value, str) and not re.match(rf"(?:{'|'.join(schemes)}):\S+$", value):
            yield from trouble("must be a valid URL", at)

    return check


PLAIN = "plain_text"
WEB = ("https?",)
OUT = ("https?", "mailto", "slack", "tel")
ID = Field(string(255))
ANY = Field(anything)
CONFIRM = Field(
    shaped(
        {
            "title": Field(text(100, PLAIN), True), "text": Field(text(300), True),
            "confirm": Field(text(30, PLAIN), True), "deny": Field(text(30, PLAIN), True),
            "style": Field(one_of("primary", "danger")),
        }
    )
)  # fmt: skip


def option(*kinds: str, url: bool = False) -> Check:
    fields = {
        "text": Field(text(75, *kinds), True), "value": Field(string(150), True),
        "description": Field(text(75, *kinds)),
    }  # fmt: skip
    return shaped(fields | ({"url": Field(address(3000, *OUT))} if url else {}))


OPTION, MARKED = option(PLAIN), option()
GROUP = shaped({"label": Field(text(75, PLAIN), True), "options": Field(listed(OPTION, 100), True)})
FILE = Field(shaped({"id": ID, "url": Field(address(3000, *WEB))}))
DISPATCH = Field(
    shaped({"trigger_actions_on": Field(listed(one_of("on_enter_pressed", "on_character_entered"), 2))})
)
FOCUS = {"action_id": ID, "focus_on_load": Field(boolean)}
HINTED = FOCUS | {"placeholder": Field(text(150, PLAIN))}
PICK = HINTED | {"confirm": CONFIRM}
MANY = {"max_selected_items": Field(up_to(1, 10_000))}
TYPED = HINTED | {"initial_value": Field(string(3000)), "dispatch_action_config": DISPATCH}
CHOICES = {"options": Field(listed(OPTION, 100)), "option_groups": Field(listed(GROUP, 100))}
FETCHED = {"min_query_length": Field(up_to(0, 100))}
PEOPLE, ROOMS = "initial_user", "initial_conversation"
FILTER = {"filter": ANY, "default_to_current_conversation": Field(boolean)}
ANSWER = {"response_url_enabled": Field(boolean)}
IDS = Field(listed(string(255), 100))

ELEMENTS: dict[str, dict[str, Field]] = {
    "button": {
        "text": Field(text(75, PLAIN), True), "action_id": ID, "url": Field(address(3000, *OUT)),
        "value": Field(string(2000)), "style": Field(one_of("primary", "danger")), "confirm": CONFIRM,
        "accessibility_label": Field(string(75)),
    },
    "image": {
        "alt_text": Field(string(2000), True), "image_url": Field(address(3000, *WEB)), "slack_file": FILE,
    },
    "overflow": {
        "action_id": ID, "confirm": CONFIRM, "options": Field(listed(option(PLAIN, url=True), 5), True),
    },
    "checkboxes": FOCUS | {
        "confirm": CONFIRM, "options": Field(listed(MARKED, 10), True),
        "initial_options": Field(listed(MARKED, 10)),
    },
    "radio_buttons": FOCUS | {
        "confirm": CONFIRM, "options": Field(listed(MARKED, 10), True), "initial_option": Field(MARKED),
    },
    "static_select": PICK | CHOICES | {"initial_option": Field(OPTION)},
    "multi_static_select": PICK | CHOICES | MANY | {"initial_options": Field(listed(OPTION, 100))},
    "external_select": PICK | FETCHED | {"initial_option": Field(OPTION)},
    "multi_external_select": PICK | FETCHED | MANY | {"initial_options": Field(listed(OPTION, 100))},
    "users_select": PICK | {PEOPLE: ID},
    "multi_users_select": PICK | MANY | {f"{PEOPLE}s": IDS},
    "conversations_select": PICK | FILTER | ANSWER | {ROOMS: ID},
    "multi_conversations_select": PICK | FILTER | MANY | {f"{ROOMS}s": IDS},
    "channels_select": PICK | ANSWER | {"initial_channel": ID},
    "multi_channels_select": PICK | MANY | {"initial_channels": IDS},
    "datepicker": PICK | {"initial_date": Field(string(10, pattern=DAY))},
    "timepicker": PICK | {"initial_time": Field(string(5, pattern=CLOCK)), "timezone": Field(string(100))},
    "datetimepicker": FOCUS | {"confirm": CONFIRM, "initial_date_time": Field(up_to(10**9, 10**10 - 1))},
    "plain_text_input": TYPED | {
        "multiline": Field(boolean), "min_length": Field(up_to(0, 3000)), "max_length": Field(up_to(1, 3000)),
    },
    "email_text_input": TYPED,
    "url_text_input": TYPED,
    "number_input": TYPED | {
        "is_decimal_allowed": Field(boolean, True),
        "min_value": Field(string(100)), "max_value": Field(string(100)),
    },
    "rich_text_input": HINTED | {"initial_value": ANY, "dispatch_action_config": DISPATCH},
    "file_input": {
        "action_id": ID, "filetypes": Field(listed(string(100), 100)), "max_files": Field(up_to(1, 10)),
    },
}  # fmt: skip
SELECTS = [name for name in ELEMENTS if name.endswith("_select")]
PRESSED = ["button", "overflow", "checkboxes", "radio_buttons", "datepicker", "timepicker", *SELECTS]
FILLED = [name for name in ELEMENTS if name.endswith(("_input", "picker"))] + PRESSED[2:4] + SELECTS


def element(*kinds: str) -> Check:
    def check(value: Any, at: str) -> Iterator[str]:
        kind = value.get("type") if isinstance(value, dict) else None
        if kind not in kinds:
            yield from trouble(f"unsupported type: {kind}", f"{at}/type")
            return
        yield from _object({"type": ANY, **ELEMENTS[kind]}, value, at)
        yield from _chosen(kind, value, at)

    return check


def small(value: Any, at: str) -> Iterator[str]:
    image = isinstance(value, dict) and value.get("type") == "image"
    yield from (element("image") if image else text(3000))(value, at)


BLOCK = {"type": ANY, "block_id": ID}
BLOCKS: dict[str, dict[str, Field]] = {
    "section": {
        "text": Field(text(3000)), "fields": Field(listed(text(2000), 10)), "expand": Field(boolean),
        "accessory": Field(element("image", *PRESSED)),
    },
    "header": {"text": Field(text(150, PLAIN), True)},
    "divider": {},
    "context": {"elements": Field(listed(small, 10), True)},
    "actions": {"elements": Field(listed(element("datetimepicker", *PRESSED), 25), True)},
    "image": ELEMENTS["image"] | {"title": Field(text(2000, PLAIN))},
    "input": {
        "label": Field(text(2000, PLAIN), True), "element": Field(element(*FILLED), True),
        "hint": Field(text(2000, PLAIN)), "optional": Field(boolean), "dispatch_action": Field(boolean),
    },
    "rich_text": {"elements": Field(listed(anything, 1000), True)},
    "markdown": {"text": Field(string(MARKDOWN), True)},
    "table": {"rows": Field(listed(listed(anything, 20), 100), True), "column_settings": ANY},
}  # fmt: skip
ONLY_MESSAGE = ("markdown", "table")
TITLE = Field(text(24, PLAIN), True)
VIEWED = {
    "type": ANY, "blocks": Field(anything, True), "private_metadata": Field(string(3000, 0)),
    "callback_id": ID, "external_id": ID,
}  # fmt: skip
HOME = VIEWED
MODAL = VIEWED | {
    "title": TITLE, "submit": Field(text(24, PLAIN)), "close": Field(text(24, PLAIN)),
    "clear_on_close": Field(boolean), "notify_on_close": Field(boolean), "submit_disabled": Field(boolean),
}  # fmt: skip


# -- whole things --------------------------------------------------------------------------------------------


def _object(fields: dict[str, Field], value: Any, at: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield from trouble("must provide an object", at)
        return
    for name, field in fields.items():
        if field.needed and name not in value:
            yield from trouble(f"missing required field: {name}", at)
    for name, part in value.items():
        if name not in fields:
            yield from trouble(f"invalid additional property: {name}", at)
        elif part is None:
            yield from trouble("must not be null", f"{at}/{name}")
        else:
            yield from fields[name].check(part, f"{at}/{name}")


def _blocks(blocks: Any, surface: str, at: str) -> Iterator[str]:
    if not isinstance(blocks, list):
        yield from trouble("must provide an array", at)
        return
    if len(blocks) > MOST[surface]:
        yield from trouble(f"no more than {MOST[surface]} items allowed", at)
    for number, block in enumerate(blocks):
        yield from _block(block, surface, f"{at}/{number}")
    named = [block["block_id"] for block in blocks if isinstance(block, dict) and "block_id" in block]
    for name in sorted({str(name) for name in named if named.count(name) > 1}):
        yield from trouble(f"`block_id` {name} already exists", at)
    if sum(thing.get("focus_on_load") is True for thing in _objects(blocks)) > 1:
        yield from trouble("only one element can have focus_on_load", at)
    yield from _totals(blocks, surface)


def _block(block: Any, surface: str, at: str) -> Iterator[str]:
    kind = block.get("type") if isinstance(block, dict) else None
    if kind not in BLOCKS or (kind in ONLY_MESSAGE and surface != "message"):
        yield from trouble(f"unsupported type: {kind}", f"{at}/type")
        return
    yield from _object(BLOCK | BLOCKS[kind], block, at)
    if kind == "section" and not {"text", "fields"} & set(block):
        yield from trouble("missing required field: text", at)
    if kind == "image":
        yield from _chosen("image", block, at)
    parts = block.get("elements") if kind == "actions" else None
    acts = [each.get("action_id") for each in parts or [] if isinstance(each, dict) and "action_id" in each]
    for name in sorted({str(name) for name in acts if acts.count(name) > 1}):
        yield from trouble(f"`action_id` {name} already exists for another element", f"{at}/elements")


def _chosen(kind: str, value: dict[str, Any], at: str) -> Iterator[str]:
    """What holds between the fields of one element."""
    if kind == "image" and len({"image_url", "slack_file"} & set(value)) != 1:
        yield from trouble("must provide either image_url or slack_file", at)
    if (
        kind == "image"
        and isinstance(file := value.get("slack_file"), dict)
        and len({"id", "url"} & set(file)) != 1
    ):
        yield from trouble("must provide either id or url", f"{at}/slack_file")
    if (
        kind in ("static_select", "multi_static_select")
        and len({"options", "option_groups"} & set(value)) != 1
    ):
        yield from trouble("must provide either options or option_groups", at)
    if kind in ("external_select", "multi_external_select"):
        return
    known = list(value.get("options") or [])
    known += [each for group in value.get("option_groups") or [] for each in group.get("options", [])]
    first = [value["initial_option"]] if value.get("initial_option") else value.get("initial_options") or []
    if any(each not in known for each in first):
        yield from trouble("initial_option must exactly match one of the provided options", at)


def _totals(blocks: list[Any], surface: str) -> Iterator[str]:
    written = [b.get("text") for b in blocks if isinstance(b, dict) and b.get("type") == "markdown"]
    if sum(length(words) for words in written if isinstance(words, str)) > MARKDOWN:
        yield "msg_blocks_too_long"
    told = (thing.get(name) for thing in _objects(blocks) for name in ("text", "alt_text"))
    if surface == "message" and sum(length(words) for words in told if isinstance(words, str)) > TOTAL:
        yield "msg_blocks_too_long"


def _objects(thing: Any) -> Iterator[dict[str, Any]]:
    if isinstance(thing, dict):
        yield thing
    for part in thing.values() if isinstance(thing, dict) else thing if isinstance(thing, list) else ():
        yield from _objects(part)


def _told(thing: Any) -> bytes:
    return json.dumps(thing, ensure_ascii=False).encode("utf-8", "replace")
