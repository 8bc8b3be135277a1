"""What is connected, scopes that are pasted, and long lists as parameters of commands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, TypeAlias

from fireside.hearth.errors import Sorry
from fireside.hearth.kinds import SUGGESTED, Kind, teach
from fireside.keys.models import Holder
from fireside.keys.pasted import no_secrets, read_scopes

if TYPE_CHECKING:
    from fireside.hearth.commands import Ask

PASTED, LISTED = 40_000, 900_000  # characters, bytes


def _scopes(words: str, ask: Ask) -> list[str]:
    if len(words) > PASTED:
        raise Sorry(f"That is {len(words):,} characters; {PASTED:,} can be read. The scopes alone would do.")
    return read_scopes(words)


def read_list(words: str) -> str:
    """A list as CSV that is not too long and holds no secrets."""
    if (size := len(words.encode())) > LISTED:
        raise Sorry(f"That is {size:,} bytes; {LISTED:,} fit. You could bring it in in parts.")
    no_secrets(words)
    return words


def _holders(words: str, ask: Ask) -> list[tuple[str, str]]:
    found = Holder.seen_by(ask.person).filter(ended_at=None, name__icontains=words.strip())[:SUGGESTED]
    return [(one.ref, one.name) for one in found]


Scopes: TypeAlias = Annotated[list[str], Kind("words", _scopes, hint="scopes, a manifest or permissions")]
Csv: TypeAlias = Annotated[
    str,
    Kind(
        "words", lambda words, ask: read_list(words), hint="a list as CSV, its first line names the columns"
    ),
]
teach(
    Holder,
    Kind("holder", lambda words, ask: Holder.named(words, person=ask.person), hint="holder:12 or its name",
         suggest=_holders),
)  # fmt: skip
