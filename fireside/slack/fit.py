"""Blocks cut so that Slack takes them: one sign too many anywhere, and it refuses the whole message.

Lengths are counted in UTF-16 units of the escaped text, which is never less than Slack counts. The limits are
those of https://docs.slack.dev/reference/block-kit, and a total that is told only by "msg_blocks_too_long".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias

from fireside.slack.marks import clean, link

Block: TypeAlias = dict[str, Any]
SECTION, FIELD, FIELDS, ELEMENTS, BUTTONS = 3000, 2000, 10, 10, 25
WHOLE = 12_000  # of text in all blocks together; Slack refuses from about 13,200
NOTE = 400  # of it, for the line that says how much was left out
SHORT = {  # texts that are cut with an ellipsis: what they belong to, and their name there
    ("header", "text"): 150, ("image", "alt_text"): 2000, ("image", "title"): 2000, ("button", "text"): 75,
    ("input", "label"): 2000, ("input", "hint"): 2000, ("option", "text"): 75, ("option", "description"): 75,
    ("group", "label"): 75, ("confirm", "title"): 100, ("confirm", "text"): 300, ("confirm", "confirm"): 30,
    ("confirm", "deny"): 30,
}  # fmt: skip
PLACEHOLDER = 150
OWNERS = {"options": "option", "initial_option": "option", "initial_options": "option",
          "option_groups": "group", "confirm": "confirm"}  # fmt: skip
FIRST = {"actions": 0, "section": 2}  # what stays when not all can: the buttons before all, the words last
# What is never cut within: code, a tag, an entity, a flag, a sign with all that sits on it.
ON = "[\u0300-\u036f\u1ab0-\u1aff\u20d0-\u20ff\ufe00-\ufe0f\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]"
SIGN = rf"[\U0001f1e6-\U0001f1ff]{{2}}|.(?:{ON}|\u200d[^\s<&`]){{0,12}}"
WHOLES = r"<[^<>\n]*>|&(?:amp|lt|gt);"
CODE = r"```.+?```|`[^`\n]+`"
MRKDWN = re.compile(rf"{CODE}|{WHOLES}|{SIGN}", re.DOTALL)
INSIDE = re.compile(rf"{WHOLES}|{SIGN}", re.DOTALL)
PLAIN = re.compile(SIGN, re.DOTALL)
UNSEEN = re.compile(r"[\s\u00ad\u200b-\u200f\u2060-\u2064\ufeff]*")


def fit(blocks: Iterable[Block], *, most: int, link: str = "") -> list[Block]:
    """At most `most` blocks, each within its limits; what had to go is counted, `link` leads to all of it."""
    parts = [part for block in blocks for part in _parts(block)]
    if len(parts) > most or sum(map(weight, parts)) > WHOLE:
        return _shortened(parts, most, link)
    return parts


def cut(words: str, most: int, *, plain: bool = False) -> str:
    """At most `most` units of mrkdwn (or of plain text), with an ellipsis where something is missing."""
    if size(words) <= most:
        return words
    atoms = PLAIN.findall(words) if plain else _atoms(words, most - 1)
    return next(_packed(atoms, most - 1), "").rstrip() + "…"


def split(words: str, most: int) -> list[str]:
    """The whole of it in pieces of at most `most` units, parted between lines or words where that can be."""
    pieces = (piece.strip("\n").rstrip() for piece in _packed(_atoms(words, most), most))
    return [piece for piece in pieces if seen(piece)]


def size(words: str) -> int:
    return len(words) if words.isascii() else len(words) + sum(sign > "\uffff" for sign in words)


def seen(words: str) -> bool:
    """Whether anything is left for a reader; Slack refuses an empty text."""
    return UNSEEN.fullmatch(words) is None


def weight(thing: Any) -> int:
    """Of a block, the units of all its texts."""
    if isinstance(thing, list):
        return sum(map(weight, thing))
    if not isinstance(thing, dict):
        return 0
    own = sum(size(text) for name in ("text", "alt_text") if isinstance(text := thing.get(name), str))
    return own + sum(weight(part) for part in thing.values() if isinstance(part, dict | list))


def _atoms(words: str, most: int) -> Iterator[str]:
    """Mrkdwn in pieces that stay whole; what is too long to be whole is opened and closed again."""
    for atom in MRKDWN.findall(words):
        if size(atom) <= most:
            yield atom
        elif atom[0] == "<":  # an address nobody could follow: its words remain
            yield from INSIDE.findall(atom[1:-1].partition("|")[2])
        else:
            ticks = "```" if atom.startswith("```") else "`"
            inside = INSIDE.findall(atom.removeprefix(ticks).removesuffix(ticks))
            for part in _packed(inside, most - 2 * len(ticks)):
                yield f"{ticks}{part.strip(chr(10))}{ticks}"
                yield "\n"


def _packed(atoms: Iterable[str], most: int) -> Iterator[str]:
    now: list[str] = []
    full = 0
    for atom in atoms:
        while now and full + size(atom) > most:
            at = _border(now)
            yield "".join(now[:at])
            now = now[at:]
            full = sum(map(size, now))
        now.append(atom)
        full += size(atom)
    yield "".join(now)


def _border(atoms: list[str]) -> int:
    """Where to part: after the last line or word, as long as that does not lose half of the room."""
    for end in ("\n", " "):
        for at in range(len(atoms), len(atoms) // 2, -1):
            if atoms[at - 1] == end:
                return at
    return len(atoms)


def _parts(block: Block) -> Iterator[Block]:
    """A block within its limits, as several ones where it was too long, or as none where it was empty."""
    match block["type"]:
        case "section":
            yield from _sections(block)
        case "context":
            yield from _chunks(block, [_text(each, SECTION) for each in block["elements"]], ELEMENTS)
        case "actions":
            yield from _chunks(block, [_tidy(each) for each in block["elements"]], BUTTONS)
        case "header" | "image" | "input" as kind:
            tidy = _tidy(block)
            if tidy[{"header": "text", "image": "alt_text", "input": "label"}[kind]]:
                yield tidy
        case _:
            yield block


def _sections(block: Block) -> Iterator[Block]:
    words = block.get("text")
    pieces = split(clean(words["text"]), SECTION) if words else []
    texts: list[Block] = [{"text": {**(words or {}), "text": piece}} for piece in pieces]
    fields = [field for each in block.get("fields", []) if (field := _text(each, FIELD))]
    texts += [{"fields": fields[at : at + FIELDS]} for at in range(0, len(fields), FIELDS)]
    rest = {name: _tidy(value) for name, value in block.items() if name not in ("text", "fields")}
    for number, part in enumerate(texts):
        yield {**(rest if number == 0 else {"type": "section"}), **part}


def _chunks(block: Block, elements: list[Any], most: int) -> Iterator[Block]:
    elements = [each for each in elements if each and each.get("text", "no text") is not None]
    for number, at in enumerate(range(0, len(elements), most)):
        own = {"block_id": f"{block['block_id']}-{number}"} if number and "block_id" in block else {}
        yield {**block, **own, "elements": elements[at : at + most]}


def _tidy(thing: Any, kind: str = "") -> Any:
    """All texts within, each at most as long as its place allows; None for one without anything to see."""
    if isinstance(thing, list):
        return [_tidy(each, kind) for each in thing]
    if not isinstance(thing, dict):
        return thing
    kind = str(thing.get("type", kind))
    tidy = {}
    for name, value in thing.items():
        most = PLACEHOLDER if name == "placeholder" else SHORT.get((kind, name), 0)
        tidy[name] = _text(value, most) if most else _tidy(value, OWNERS.get(name, ""))
    return tidy


def _text(value: Any, most: int) -> Any:
    """A text object, or the text itself; anything else as it is."""
    if isinstance(value, str):
        words = cut(clean(value), most, plain=True)
        return words if seen(words) else None
    if value.get("type") not in ("mrkdwn", "plain_text"):
        return _tidy(value)
    words = cut(clean(value["text"]), most, plain=value["type"] == "plain_text")
    return {**value, "text": words} if seen(words) else None


def _shortened(parts: list[Block], most: int, there: str) -> list[Block]:
    """As much as there is room for; from the first section that is too long, none follows."""
    kept: dict[int, Block] = {}
    room, gone = WHOLE - NOTE, 0
    for at in sorted(range(len(parts)), key=lambda at: FIRST.get(parts[at]["type"], 1)):
        words = parts[at]["type"] == "section"
        block = _within(parts[at], room) if len(kept) < most - 1 and not (words and gone) else None
        gone += _lines(parts[at]) - _lines(block) + bool(block) * (block != parts[at])
        if block:
            kept[at] = block
            room -= weight(block)
    last = max((at for at, block in kept.items() if block["type"] == "section"), default=-1)
    note = [_note(gone, there)]
    before, after = sorted(at for at in kept if at <= last), sorted(at for at in kept if at > last)
    return [kept[at] for at in before] + note * bool(gone) + [kept[at] for at in after]


def _within(block: Block, room: int) -> Block | None:
    if weight(block) <= room:
        return block
    words = block.get("text") if block["type"] == "section" else None
    if not words or room < NOTE:
        return None
    return {"type": "section", "text": {**words, "text": cut(words["text"], room)}}


def _lines(block: Block | None) -> int:
    if block is None:
        return 0
    if block["type"] == "section":
        words: str = block.get("text", {}).get("text", "")
        return len(words.split("\n")) * bool(words) + len(block.get("fields", []))
    return len(block.get("elements", [block]))


def _note(gone: int, there: str) -> Block:
    words = "and one more line" if gone == 1 else f"and {gone:,} more lines"
    text = link(there, f"{words} in Fireside") if there else words
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": text, "verbatim": True}]}
