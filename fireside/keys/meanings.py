"""What a scope allows, in plain words, as the tables in scopes/ tell it; unknown ones are said to be unknown.

A scope is kept as it came. Where it matters who acts, that stands behind it: "chat:write (user)" in Slack,
"Mail.Read (application)" in Microsoft Graph.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeAlias

from django.db.models import TextChoices

MODE = re.compile(r"(.+?) \((\w+)\)")
GOOGLE = "https://www.googleapis.com/auth/"
HARM = ("reads", "writes", "administers")  # what reaches further comes later
Row: TypeAlias = tuple[str, int, str]


class Place(TextChoices):
    """Whose permissions they are."""

    SLACK = "slack", "Slack"
    GITHUB = "github", "GitHub"
    GOOGLE = "google", "Google"
    MICROSOFT = "microsoft", "Microsoft"


@dataclass(frozen=True, slots=True)
class Meaning:
    """What one scope allows: `reach` is reads, writes or administers, `care` 1 to 3, or none of it."""

    scope: str
    may: str = ""
    reach: str = ""
    care: int = 0

    @property
    def known(self) -> bool:
        return bool(self.may)

    @property
    def words(self) -> str:
        if self.may:
            return f"It can {self.may}."
        return f"We do not know what {self.scope} allows; ask who makes it."

    @property
    def much(self) -> bool:
        return self.care == 3

    @property
    def weight(self) -> tuple[int, int]:
        """What is worse is larger. What nobody knows stands right below what wants much care."""
        return (self.care * 2, HARM.index(self.reach)) if self.may else (5, 0)


def explain(scopes: Iterable[str], place: str = "") -> list[Meaning]:
    """What these scopes allow, worst first. Without a place it is the one that knows most of them."""
    asked = list(dict.fromkeys(scopes))
    table = _table(place or whose(asked))
    found = [_meaning(table, scope) for scope in asked]
    plain = {MODE.sub(r"\1", scope) for scope in asked}
    for both, (reach, care, may) in table.get("together", {}).items():
        if plain.issuperset(both.split()):
            found = [one for one in found if one.reach != reach or one.scope not in both.split()]
            found.append(Meaning(" + ".join(both.split()), may, reach, care))
    return sorted(found, key=lambda one: one.weight, reverse=True)


def whose(scopes: Iterable[str]) -> str:
    """The place that knows most of these scopes, or ""."""
    asked = list(scopes)
    known = {place: sum(_meaning(_table(place), one).known for one in asked) for place in Place.values}
    best = max(known, key=lambda place: known[place])
    return best if known[best] else ""


def _meaning(table: dict[str, dict[str, Row]], scope: str) -> Meaning:
    found = MODE.fullmatch(scope)
    name, mode = (found[1], found[2]) if found else (scope, "any")
    name = name.removeprefix(GOOGLE)
    row = table.get(mode, {}).get(name) or table.get("any", {}).get(name)
    if row is None and mode == "any":  # nobody said for whom it acts: take it for the further reaching
        row = table.get("application", {}).get(name) or table.get("delegated", {}).get(name)
    return Meaning(scope, row[2], row[0], row[1]) if row else Meaning(scope)


@cache
def _table(place: str) -> dict[str, dict[str, Row]]:
    """Tables by who acts: "any", "user", "application", "delegated"; and what some allow together."""
    if place not in Place.values:
        return {}
    read = tomllib.loads((Path(__file__).parent / "scopes" / f"{place}.toml").read_text(encoding="utf-8"))
    return {
        mode: {name: (str(reach), int(care), str(may)) for name, (reach, care, may) in rows.items()}
        for mode, rows in read.items()
        if isinstance(rows, dict)
    }
