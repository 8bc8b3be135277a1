"""The fields of a command's form as Slack's inputs, and the words that a person put into them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any, TypeAlias

from fireside.hearth.commands import Command, Param
from fireside.hearth.grammar import clean
from fireside.hearth.slips import ANYWAY, OUT
from fireside.slack.fit import Block, cut, seen, size
from fireside.web.forms import FEW, ISO_DAY, SAID

MOST = 3000  # units of words in one input
ROOM_FOR = 12_000  # units of words in one form
OPTION, VALUE, OPTIONS = 75, 150, 100
PLACEHOLDER = 150
PART = "~"  # parts the name of a field from the number of a further input of it
CHANNEL = re.compile(r"[CGD][A-Z0-9]{5,20}")
User: TypeAlias = Callable[[str], str]  # "@ana" -> "U123", or "" when they are not in this Slack


def inputs(param: Param, given: str, user: User) -> Iterator[Block]:
    """The inputs of one parameter: one, or several when more words were given than one can hold."""
    words = clean(given).strip()
    words = words if seen(words) else _default(param)
    named, control = label(param), _control(param, words, user)
    if control is not None:
        yield _input(param, param.name, named, control)
        return
    first, *further = _pieces(words)
    hint = "" if param.kind.name in ("line", "words", "word") else param.kind.hint
    yield _input(param, param.name, named, _typing(param, first), hint)
    for number, piece in enumerate(further, 2):
        block = _input(param, f"{param.name}{PART}{number}", f"{named}, going on", _typing(param, piece))
        yield block | {"optional": True}


def label(param: Param) -> str:
    """How a form names a parameter, the same as on the web."""
    return SAID.get(param.name, param.label[:1].upper() + param.label[1:])


def typed(command: Command, state: dict[str, Any], handle: Callable[[str], str]) -> dict[str, str]:
    """The words of each parameter, from the state of a view; `handle` is "U123" -> "@ana"."""
    known = {param.name for param in command.params}
    given: dict[str, str] = {}
    for place in sorted(state):
        name = place.partition(PART)[0]
        if name in known:
            given[name] = given.get(name, "") + "".join(_held(one, handle) for one in state[place].values())
    return {name: words for name, words in given.items() if words}


def option(value: str, words: str) -> Block:
    """One thing that can be chosen."""
    return {"text": plain(cut(" ".join(words.split()), OPTION, plain=True)), "value": value}


def slip() -> Block:
    """What to do with what looks like a key among the words of a form."""
    options = [option(OUT, "Take it out"), option(ANYWAY, "Say it anyway")]
    control = {
        "type": "radio_buttons",
        "action_id": "v:slip",
        "options": options,
        "initial_option": options[0],
    }
    return {"type": "input", "block_id": "slip", "label": plain("What looks like a key"), "element": control}


def chosen_slip(state: dict[str, Any]) -> str:
    return next((_held(one, str) for one in state.get("slip", {}).values()), "")


def plain(words: str) -> Block:
    return {"type": "plain_text", "text": words}


def _input(param: Param, name: str, label: str, control: Block, hint: str = "") -> Block:
    drawn = {
        "type": "input", "block_id": name, "label": plain(label), "optional": not param.required,
        "element": control | {"action_id": f"v:{param.kind.name}"},
    }  # fmt: skip
    return drawn | ({"hint": plain(hint)} if hint else {})


def _default(param: Param) -> str:
    return str(getattr(param.default, "value", param.default) or "")


# -- controls ----------------------------------------------------------------------------------------------


def _control(param: Param, words: str, user: User) -> Block | None:
    """A control that spares typing; None when only typing can hold what was given."""
    kind = param.kind
    if kind.choices:
        return _choice(kind.choices, words)
    if kind.name == "person":
        return _person(words, user)
    if kind.name == "day":
        return _day(words)
    if kind.name == "channel":
        return _channel(words)
    if kind.suggest is not None:
        return _suggested(words, kind.hint)
    return None


def _choice(choices: tuple[tuple[str, str], ...], words: str) -> Block | None:
    options = [option(value, words[:1].upper() + words[1:]) for value, words in choices]
    wish = words.lower()
    chosen = [n for n, (value, label) in enumerate(choices) if wish in (value.lower(), label.lower())]
    if words and not chosen:
        return None
    first = {"initial_option": options[chosen[0]]} if words else {}
    if len(options) <= FEW:
        return {"type": "radio_buttons", "options": options, **first}
    return {"type": "static_select", "options": options[:OPTIONS], **first}


def _person(words: str, user: User) -> Block | None:
    found = user(words.lstrip("@").lower()) if words else ""
    if words and not found:
        return None
    return {"type": "users_select", **({"initial_user": found} if found else {})}


def _day(words: str) -> Block | None:
    try:
        if words and not (ISO_DAY.fullmatch(words) and date.fromisoformat(words)):
            return None
    except ValueError:  # the 31st of February
        return None
    return {"type": "datepicker", **({"initial_date": words} if words else {})}


def _channel(words: str) -> Block | None:
    if words and not CHANNEL.fullmatch(words):
        return None
    first = {"initial_conversation": words} if words else {}
    kinds = {"include": ["public", "private"], "exclude_bot_users": True}
    return {"type": "conversations_select", "filter": kinds, **first}


def _suggested(words: str, hint: str) -> Block | None:
    if size(words) > VALUE:
        return None
    drawn: Block = {"type": "external_select", "min_query_length": 0}
    drawn |= {"placeholder": plain(cut(hint, PLACEHOLDER, plain=True))} if hint else {}
    return drawn | ({"initial_option": option(words, words)} if words else {})


def _typing(param: Param, words: str) -> Block:
    lines = param.kind.name == "words" or "\n" in words
    drawn: Block = {"type": "plain_text_input", "multiline": lines}
    return drawn | ({"initial_value": words} if words else {})


def _pieces(words: str) -> list[str]:
    """All of the words, in pieces that an input holds; Slack counts some signs twice."""
    step = MOST if size(words) == len(words) else MOST // 2
    pieces = [words[at : at + step] for at in range(0, len(words), step)]
    return [piece for piece in pieces if seen(piece)] or [""]


def _held(control: dict[str, Any], handle: Callable[[str], str]) -> str:
    """The words that a control of the state stands for."""
    if user := control.get("selected_user"):
        return handle(user)
    chosen = (control.get("selected_option") or {}).get("value")
    others = (control.get(name) for name in ("value", "selected_date", "selected_conversation"))
    return str(chosen or next((words for words in others if words), ""))
