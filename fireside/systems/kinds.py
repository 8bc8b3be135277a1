"""Systems, runbooks, labels and long words as parameters of commands."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, TypeAlias

from fireside.hearth.errors import Sorry
from fireside.hearth.kinds import SUGGESTED, Kind, teach
from fireside.hearth.rooms import visible
from fireside.systems.models import Runbook, System

if TYPE_CHECKING:
    from fireside.hearth.commands import Ask

LONGEST = 20_000  # characters of one runbook
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)\s*=\s*(?:"([^"]*)"|([^\s,"]+))')


def read_long(words: str, ask: Ask) -> str:
    if len(words) > LONGEST:
        raise Sorry(f"That is {len(words):,} characters; a runbook holds {LONGEST:,}.")
    return words


def read_labels(words: str, ask: Ask) -> list[dict[str, str]]:
    """ "job=storefront, service=shop env=live": label sets; a comma or "or" parts them, a space does not."""
    parts = [part for part in re.split(r",|\bor\b", words) if part.strip()]
    sets = [{name: quoted or bare for name, quoted, bare in LABEL.findall(part)} for part in parts]
    if not sets or not all(sets):
        raise Sorry("Labels are written name=value. For example: job=storefront, service=shop env=live")
    return sets


def _systems(words: str, ask: Ask) -> list[tuple[str, str]]:
    found = visible(System.objects.filter(name__icontains=words.strip()), ask.person)[:SUGGESTED]
    return [(system.slug, system.name) for system in found]


def _runbooks(words: str, ask: Ask) -> list[tuple[str, str]]:
    close = Runbook.objects.filter(title__icontains=words.strip())
    return [(book.slug, book.title) for book in visible(close, ask.person, "system__room")[:SUGGESTED]]


Long: TypeAlias = Annotated[str, Kind("words", read_long, hint="markdown; each list item is a step")]
Labels: TypeAlias = Annotated[
    list[dict[str, str]], Kind("line", read_labels, hint="job=storefront, service=shop")
]
SYSTEM = Kind(
    "system", lambda words, ask: System.named(words, person=ask.person), True, "a system", suggest=_systems
)
RUNBOOK = Kind(
    "runbook",
    lambda words, ask: Runbook.named(words, person=ask.person),
    True,
    "a runbook",
    suggest=_runbooks,
)
teach(System, SYSTEM)
teach(Runbook, RUNBOOK)
