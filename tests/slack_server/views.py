"""Modals and home tabs: what the app sent, and what the person put into it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from tests.slack_server.sight import block_words, plain
from tests.slack_server.strict import controls_of

if TYPE_CHECKING:
    from tests.slack_server.apps import App
    from tests.slack_server.people import User
    from tests.slack_server.server import SlackServer

Json = dict[str, Any]
DEEPEST = 3
SINGLE = {
    "static_select": "selected_option", "external_select": "selected_option", "overflow": "selected_option",
    "radio_buttons": "selected_option", "users_select": "selected_user",
    "channels_select": "selected_channel", "conversations_select": "selected_conversation",
    "datepicker": "selected_date", "timepicker": "selected_time", "datetimepicker": "selected_date_time",
    "rich_text_input": "rich_text_value", "plain_text_input": "value", "email_text_input": "value",
    "url_text_input": "value", "number_input": "value",
}  # fmt: skip
SEVERAL = {
    "checkboxes": "selected_options", "multi_static_select": "selected_options",
    "multi_external_select": "selected_options", "multi_users_select": "selected_users",
    "multi_channels_select": "selected_channels", "multi_conversations_select": "selected_conversations",
}  # fmt: skip
KEYS = SINGLE | SEVERAL


@dataclass
class Trigger:
    """A trigger_id: lives three seconds and works once."""

    app: App
    user: User
    expires: float
    view: View | None = None
    used: bool = False


class View:
    """A view somebody has open, or a home tab; `view["blocks"]` gives what the app sent."""

    def __init__(self, server: SlackServer, app: App, user: User, given: Json) -> None:
        self.server, self.app, self.user = server, app, user
        self.id = server.id("V")
        self.root = self.id
        self.previous = ""
        self.state: dict[str, Json] = {}
        self.show(given)

    def show(self, given: Json) -> None:
        """Put other content in; what was filled in stays where block_id and action_id stay."""
        self.given, before = given, self.state
        self.hash = f"{int(self.server.now())}.{self.server.id('h')}"
        self.state = {}
        for block in given["blocks"]:
            for element in controls_of(block):
                if element["type"] in KEYS:
                    place, action = block["block_id"], element["action_id"]
                    kept = before.get(place, {}).get(action)
                    value = kept if kept and kept["type"] == element["type"] else initial(element)
                    self.state.setdefault(place, {})[action] = value

    def __getitem__(self, name: str) -> Any:
        return self.given[name]

    @property
    def blocks(self) -> list[Json]:
        return list(self.given["blocks"])

    @property
    def callback_id(self) -> str:
        return str(self.given.get("callback_id", ""))

    @property
    def title(self) -> str:
        return plain(self.given["title"], self.user.workspace) if "title" in self.given else ""

    @property
    def words(self) -> str:
        """All a person can read of it."""
        body = block_words(self.given["blocks"], self.user.workspace)
        return "\n".join(part for part in (self.title, *body) if part)

    @property
    def inputs(self) -> dict[str, Json]:
        """The input blocks by block_id."""
        return {block["block_id"]: block for block in self.given["blocks"] if block["type"] == "input"}

    def json(self) -> Json:
        house = self.user.workspace
        return {
            "private_metadata": "", "callback_id": "", "external_id": "", "title": None, "close": None,
            "submit": None, "clear_on_close": False, "notify_on_close": False, **self.given, "id": self.id,
            "team_id": house.id, "state": {"values": self.state}, "hash": self.hash,
            "previous_view_id": self.previous or None, "root_view_id": self.root, "app_id": self.app.id,
            "app_installed_team_id": house.id, "bot_id": self.app.bot_id,
        }  # fmt: skip


def initial(element: Json) -> Json:
    """What a control holds before anybody touches it."""
    kind, key = element["type"], KEYS[element["type"]]
    name = key.replace("selected_", "initial_") if key.startswith("selected_") else "initial_value"
    return {"type": kind, key: element.get(name, [] if kind in SEVERAL else None)}


def find(blocks: list[Json], label: str, kinds: tuple[str, ...] = ()) -> tuple[Json, Json]:
    """The control with this text, placeholder, action_id or block_id, and its block."""
    known = []
    for block in blocks:
        for element in controls_of(block):
            names = list(_names(block, element))
            if (not kinds or element["type"] in kinds) and label in names:
                return block, element
            known += names[:1]
    raise LookupError(f"there is no {label!r} here, only {known}")


def _names(block: Json, element: Json) -> Iterator[str]:
    for text in (element.get("text"), element.get("placeholder"), block.get("label")):
        if isinstance(text, dict):
            yield str(text["text"])
    yield str(element.get("action_id", ""))
    yield str(block.get("block_id", ""))


def value_of(element: Json, given: Any, offered: list[Json]) -> Json:
    """What the control holds once a person gave it this; ValueError where the client would not let them."""
    kind = element["type"]
    if kind not in KEYS:
        raise ValueError(f"a {kind} cannot be filled in")
    if kind in SEVERAL:
        picked = [_single(element, one, offered) for one in given or []]
        if len(picked) > element.get("max_selected_items", len(picked)):
            raise ValueError(f"only {element['max_selected_items']} can be chosen")
        return {"type": kind, KEYS[kind]: picked}
    return {"type": kind, KEYS[kind]: None if given in (None, "") else _single(element, given, offered)}


def _single(element: Json, given: Any, offered: list[Json]) -> Any:
    kind, key = element["type"], KEYS[element["type"]]
    if key.startswith("selected_option"):
        return _option(element, given, offered)
    if kind == "rich_text_input":
        part = {"type": "rich_text_section", "elements": [{"type": "text", "text": str(given)}]}
        return {"type": "rich_text", "elements": [part]}
    if key == "value":
        return _typed(element, str(given))
    if isinstance(given, datetime):
        return int(given.timestamp())
    if isinstance(given, date):
        return given.isoformat()
    return getattr(given, "id", given)


def _typed(element: Json, given: str) -> str:
    most = element.get("max_length", 3000)
    if len(given) > most:
        raise ValueError(f"only {most} characters fit in here")
    if "\n" in given and not element.get("multiline"):
        raise ValueError("only one line fits in here")
    return given


def _option(element: Json, given: Any, offered: list[Json]) -> Json:
    groups = [option for group in element.get("option_groups") or [] for option in group["options"]]
    options = [*(element.get("options") or []), *groups, *offered]
    for option in options:
        if given in (option["text"]["text"], option.get("value")) or given == option:
            return option
    raise LookupError(f"there is no {given!r} to choose, only {[o['text']['text'] for o in options]}")
