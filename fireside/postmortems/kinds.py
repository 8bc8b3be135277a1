"""The kinds of words that post-mortem commands take: a post-mortem, a change, a part, long prose."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, TypeAlias

from fireside.hearth.errors import NotYours, Sorry
from fireside.hearth.kinds import Kind, teach
from fireside.postmortems.learned import Affected, Factor
from fireside.postmortems.mitigation import Mitigation
from fireside.postmortems.postmortem import Postmortem
from fireside.postmortems.sections import LONGEST, Section

if TYPE_CHECKING:
    from fireside.hearth.commands import Ask

Removable: TypeAlias = Factor | Affected | Mitigation
PARTS: dict[str, type[Removable]] = {
    "factor": Factor,
    "affected": Affected,
    "mitigation": Mitigation,
}


def _read_postmortem(words: str, ask: Ask) -> Postmortem:
    number = words.strip().lower().lstrip("#").removeprefix("inc-")
    seen = Postmortem.seen_by(ask.person)
    if number.isdecimal() and len(number) < 10 and (found := seen.filter(incident__number=number).first()):
        return found
    raise NotYours(f"There is no post-mortem of {words}. The morgue lists them: you could look under Learn.")


def _read_mitigation(words: str, ask: Ask) -> Mitigation:
    number = words.strip().lower().removeprefix("m")
    if number.isdecimal() and len(number) < 19:
        found = Mitigation.seen_by(ask.person).filter(pk=int(number)).first()
        if found is not None:
            return found
    raise NotYours(
        f"There is no change called {words}. They are named like M12, on the page of each post-mortem."
    )


def _read_part(words: str, ask: Ask) -> Removable:
    """ "factor-3", as its place on the page is called."""
    name, _, number = words.strip().lower().partition("-")
    kind = PARTS.get(name)
    if kind is not None and number.isdecimal() and len(number) < 19:
        found = (
            kind._default_manager.select_related("postmortem__incident__room").filter(pk=int(number)).first()
        )
        if found is not None and found.home.may_enter(ask.person):
            return found
    raise NotYours(f"There is no {words} here. A part is named like factor-3 or affected-2.")


def _read_prose(words: str, ask: Ask) -> str:
    if len(words) > LONGEST:
        raise Sorry(f"That is {len(words):,} characters; a section holds {LONGEST:,}.")
    return words


def _read_tags(words: str, ask: Ask) -> list[str]:
    """ "testing, time pressure"."""
    tags = {" ".join(tag.lower().split())[:40] for tag in words.split(",")}
    return sorted(tags - {""})[:8]


def _read_count(words: str, ask: Ask) -> int:
    if not words.strip().isdecimal() or len(words.strip()) > 9:
        raise Sorry(f"{words} is not a number.")
    return int(words)


Prose: TypeAlias = Annotated[str, Kind("words", _read_prose, hint="words")]
Tags: TypeAlias = Annotated[list[str], Kind("line", _read_tags, hint="testing, time pressure")]
Count: TypeAlias = Annotated[int, Kind("word", _read_count, short=True, hint="a number")]
TakenOut: TypeAlias = Annotated[Removable, Kind("word", _read_part, short=True, hint="factor-3")]
Kinds = Section.Kind
teach(Postmortem, Kind("postmortem", _read_postmortem, short=True, hint="INC-12"))
teach(Mitigation, Kind("mitigation", _read_mitigation, short=True, hint="M12"))
