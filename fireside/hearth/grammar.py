"""How a line of words becomes the values of a command: leading words first, then `label: words`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Slot:
    """A place for words: `short` slots (a person, a choice) take one word when others follow."""

    name: str
    short: bool = False


def clean(words: str) -> str:
    """The words without what no database can hold: NUL, and halves of characters."""
    return words.replace("\x00", "").encode("utf-8", "replace").decode()


def split(line: str) -> tuple[str, str]:
    """ "/decide roll back" -> ("decide", "roll back"); a line that is no command gives ("", line)."""
    found = re.match(r"\s*/([a-z][a-z0-9-]*)(?:\s+|$)(.*)", line, re.DOTALL)
    return (found[1], found[2].strip()) if found else ("", line)


def parse(words: str, slots: Sequence[Slot]) -> dict[str, str]:
    """The words of each slot that was given some. A label is a slot's name and a colon; the last one wins."""
    if not slots:
        return {}
    labels = {slot.name.replace("_", "-"): slot.name for slot in slots}
    pattern = "|".join(re.escape(label) for label in sorted(labels, key=len, reverse=True))
    pieces = re.split(rf"(?:^|(?<=\s))({pattern}):(?=\s|$)", words)
    values = _leading(pieces[0].strip(), slots)
    for label, given in zip(pieces[1::2], pieces[2::2], strict=True):
        values[labels[label]] = given.strip()
    return {name: value for name, value in values.items() if value}


def _leading(words: str, slots: Sequence[Slot]) -> dict[str, str]:
    values: dict[str, str] = {}
    for at, slot in enumerate(slots):
        last = at == len(slots) - 1
        if not words:
            break
        if slot.short and not last:
            values[slot.name], words = _first(words)
            continue
        values[slot.name] = words
        break
    return values


def _first(words: str) -> tuple[str, str]:
    """The first word and the rest; a word in double quotes may hold spaces."""
    found = re.match(r'"([^"]*)"\s*(.*)|(\S+)\s*(.*)', words, re.DOTALL)
    if found is None:
        return words, ""
    return (found[1], found[2]) if found[1] is not None else (found[3], found[4])


def render(verb: str, values: dict[str, str], slots: Sequence[Slot]) -> str:
    """The line that would give these values: the inverse of `parse`, shown for a button or a form."""
    out = [f"/{verb}"]
    leading = True
    for slot in slots:
        value = values.get(slot.name, "").strip()
        if not value:
            leading = False
            continue
        if leading:
            out.append(f'"{value}"' if slot.short and re.search(r"\s", value) else value)
            leading = slot.short
        else:
            out.append(f"{slot.name.replace('_', '-')}: {value}")
    return " ".join(out)
