"""What is shown, as plain data: no Django, no Slack, no HTML; other people's words are parts."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, TypeAlias

Tone: TypeAlias = Literal["", "hot", "ok", "look", "dusk", "sky", "thanks"]
Part: TypeAlias = "str | int | float | Mention | Link | Moment | Code"
SLOT = re.compile(r"\{(\w+)\}")


GONE = "someone-who-was-here"  # the handle of whoever was deleted: it leads nowhere


@dataclass(frozen=True, slots=True)
class Mention:
    """A person, drawn as each door names people."""

    handle: str
    name: str


@dataclass(frozen=True, slots=True)
class Link:
    """A place to go: `url` is absolute or begins with a slash."""

    words: str
    url: str


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant, drawn in the reader's zone. `at` is ISO 8601 in UTC; `style` is what to show of it."""

    at: str
    style: Literal["clock", "since", "day"] = "clock"


@dataclass(frozen=True, slots=True)
class Code:
    """Words to be typed or found exactly so."""

    words: str


@dataclass(frozen=True, slots=True)
class Text:
    """A literal template with named slots, and the parts that fill them."""

    template: str
    parts: dict[str, Part] = field(default_factory=dict)

    def __str__(self) -> str:
        return SLOT.sub(lambda slot: plain(self.parts[slot[1]]), self.template)

    def pieces(self) -> list[Part]:
        """The template cut at its slots: literal strings and parts, in order."""
        out: list[Part] = []
        end = 0
        for slot in SLOT.finditer(self.template):
            if slot.start() > end:
                out.append(self.template[end : slot.start()])
            out.append(self.parts[slot[1]])
            end = slot.end()
        if end < len(self.template):
            out.append(self.template[end:])
        return out


def text(template: str, **parts: Part) -> Text:
    """`text("Decided: {what}", what=words)`; the template is a literal, a house rule checks it."""
    missing = [name for name in SLOT.findall(template) if name not in parts]
    if missing:
        raise ValueError(f"text() is missing {', '.join(missing)}")
    return Text(template, parts)


def plain(part: Part) -> str:
    """A part as a person would read it aloud."""
    match part:
        case Mention(name=name):
            return name
        case Link(words=words) | Code(words=words):
            return words
        case Moment(at=at):
            return at[:16].replace("T", " ") + " UTC"
        case _:
            return str(part)


@dataclass(frozen=True, slots=True)
class Button:
    """Does a command: `verb` with `values`; with `ask` it opens the form first."""

    words: str
    verb: str
    values: dict[str, str] = field(default_factory=dict)
    tone: Literal["", "main", "hot", "bare"] = ""
    icon: str = ""
    ask: bool = False


@dataclass(frozen=True, slots=True)
class Chart:
    """A small line of numbers over time, oldest first, and the sentence that says what it shows."""

    values: tuple[float, ...]
    words: str
    tone: Tone = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a runbook; `words` is markdown of one line."""

    words: str
    done: bool = False


@dataclass(frozen=True, slots=True)
class Card:
    """A title and what belongs to it, drawn by each door in its own way."""

    title: Text
    kind: str = ""  # which slip it is: "alert", "incident", "decision", "thanks", "til", ...
    tone: Tone = ""
    icon: str = ""
    tag: str = ""  # a word or two beside the title
    above: Text | None = None  # a small line over the title
    body: tuple[Text, ...] = ()
    facts: dict[str, Text] = field(default_factory=dict)
    steps_title: Text | None = None
    steps_note: Text | None = None
    steps: tuple[Step, ...] = ()
    chart: Chart | None = None
    buttons: tuple[Button, ...] = ()
    foot: Text | None = None
    link: str = ""
    to: Literal["", "each"] = ""  # "each": everybody with a seat is asked for themselves

    def __str__(self) -> str:
        lines = [str(self.above) if self.above else "", str(self.title), *map(str, self.body)]
        lines += [f"{name}: {words}" for name, words in self.facts.items()]
        lines += [str(self.steps_title)] if self.steps_title else []
        lines += [f"{number}. {step.words}" for number, step in enumerate(self.steps, 1)]
        return "\n".join(line for line in lines if line)


_PARTS: dict[str, type[Mention | Link | Moment | Code]] = {
    "mention": Mention, "link": Link, "moment": Moment, "code": Code,
}  # fmt: skip


def dump(card: Card) -> dict[str, Any]:
    """The card just as JSON gives it back, so that two can be compared; `load` makes a card of it again."""
    kept = {name: value for name, value in asdict(card).items() if value not in ("", None, (), {}, [])}
    data: dict[str, Any] = _lists(kept)
    for name in ("title", "above", "steps_title", "steps_note", "foot"):
        if (words := getattr(card, name)) is not None:
            data[name] = _dump_text(words)
    if card.body:
        data["body"] = [_dump_text(words) for words in card.body]
    if card.facts:
        # pairs, because PostgreSQL does not keep the order of an object's names
        data["facts"] = [[name, _dump_text(words)] for name, words in card.facts.items()]
    return data


def _lists(value: Any) -> Any:
    """Tuples as the lists that JSON makes of them."""
    if isinstance(value, dict):
        return {name: _lists(part) for name, part in value.items()}
    return [_lists(part) for part in value] if isinstance(value, tuple | list) else value


def load(data: dict[str, Any]) -> Card:
    """A card from `dump`'s data; unknown keys from a newer or older release are left out."""
    known = {name: value for name, value in data.items() if name in Card.__dataclass_fields__}
    for name in ("title", "above", "steps_title", "steps_note", "foot"):
        if name in known:
            known[name] = _load_text(known[name])
    known["body"] = tuple(_load_text(words) for words in known.get("body", ()))
    known["facts"] = {name: _load_text(words) for name, words in known.get("facts", ())}
    known["steps"] = tuple(Step(**step) for step in known.get("steps", ()))
    known["buttons"] = tuple(Button(**button) for button in known.get("buttons", ()))
    if chart := known.get("chart"):
        known["chart"] = Chart(**{**chart, "values": tuple(chart["values"])})
    return Card(**known)


def _dump_text(words: Text) -> dict[str, Any]:
    parts = {
        name: part if isinstance(part, str | int | float) else {type(part).__name__.lower(): asdict(part)}
        for name, part in words.parts.items()
    }
    return {"template": words.template, "parts": parts}


def _load_text(data: dict[str, Any]) -> Text:
    parts: dict[str, Part] = {}
    for name, part in data["parts"].items():
        if isinstance(part, dict):
            [(kind, fields)] = part.items()
            parts[name] = _PARTS[kind](**fields)
        else:
            parts[name] = part
    return Text(data["template"], parts)
