"""The kinds of words a command takes, how each is read, and what a form shows for it."""

from __future__ import annotations

import datetime as dt
import re
import types
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias, Union, get_args, get_origin

from django.db.models import Q, TextChoices
from django.utils import timezone

from fireside.hearth.errors import Sorry
from fireside.hearth.people import Person, Team
from fireside.hearth.rooms import Room

if TYPE_CHECKING:
    from fireside.hearth.commands import Ask


SUGGESTED = 50  # of what could be meant, as many as a person looks through


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of words: its name, how to read it, whether one word is enough, what may be chosen.

    `suggest` takes the beginning of a word and gives pairs of what to write and what to show for it, of that
    alone which the asker may see.
    """

    name: str
    read: Callable[[str, Ask], Any]
    short: bool = False
    hint: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    suggest: Callable[[str, Ask], list[tuple[str, str]]] | None = None


_kinds: dict[Any, Kind] = {}


def teach(type_: Any, kind: Kind) -> None:
    """Let commands take parameters of this type."""
    _kinds[type_] = kind


def kind_of(hint: Any) -> Kind:
    """The kind of a parameter's type; `X | None` is the kind of X."""
    if get_origin(hint) is Annotated:
        return next(extra for extra in get_args(hint) if isinstance(extra, Kind))
    if get_origin(hint) in (Union, types.UnionType):
        return kind_of(next(arg for arg in get_args(hint) if arg is not type(None)))
    if isinstance(hint, type) and issubclass(hint, TextChoices):
        return _choice(hint)
    return _kinds[hint]


def _choice(choices: type[TextChoices]) -> Kind:
    def read(words: str, ask: Ask) -> TextChoices:
        wish = words.strip().lower()
        for choice in choices:
            if wish in (choice.value.lower(), choice.label.lower()):
                return choice
        raise Sorry(f"{words} is not one of: {', '.join(choice.label for choice in choices)}.")

    pairs = tuple((choice.value, str(choice.label)) for choice in choices)
    return Kind("choice", read, short=True, hint=" | ".join(value for value, _ in pairs), choices=pairs)


def _text(most: int) -> Callable[[str, Ask], str]:
    def read(words: str, ask: Ask) -> str:
        if len(words) > most:
            raise Sorry(f"That is {len(words):,} characters; this holds {most:,}.")
        return words

    return read


LINE = Kind("line", _text(200), hint="a line")
WORDS = Kind("words", _text(4000), hint="words")
ONE_WORD = Kind("word", _text(80), short=True, hint="a word")
Line: TypeAlias = Annotated[str, LINE]
Words: TypeAlias = Annotated[str, WORDS]
Word: TypeAlias = Annotated[str, ONE_WORD]


def read_day(words: str, ask: Ask) -> dt.date:
    """ "2026-12-04", "today", "tomorrow", "friday" (the next one) or "in 3 days", in the asker's zone."""
    today = timezone.now().astimezone(ask.person.tz).date()
    wish = words.strip().lower()
    days = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
    if wish in ("today", "tomorrow"):
        return today + dt.timedelta(days=wish == "tomorrow")
    if found := re.fullmatch(r"in (\d{1,3}) (day|week)s?", wish):
        return today + dt.timedelta(days=int(found[1]) * (7 if found[2] == "week" else 1))
    if len(wish) >= 3 and (close := [n for n, day in enumerate(days) if day.startswith(wish)]):
        return today + dt.timedelta(days=(close[0] - today.weekday() - 1) % 7 + 1)
    try:
        return dt.date.fromisoformat(wish)
    except ValueError:
        raise Sorry(f"{words} is not a day. You could write 2026-12-04, friday or in 3 days.") from None


def read_minutes(words: str, ask: Ask) -> dt.timedelta:
    """ "15", "15m", "2h" or "90 minutes"."""
    found = re.fullmatch(r"(\d{1,4})\s*(m|min|minutes?|h|hours?|d|days?)?", words.strip().lower())
    if not found:
        raise Sorry(f"{words} is not a length of time. You could write 15m, 2h or 1d.")
    unit = {"h": 60, "d": 1440}.get((found[2] or "m")[0], 1)
    return dt.timedelta(minutes=int(found[1]) * unit)


def read_days(words: str, field: str = "days", *, least: int = 1, most: int = 365) -> int:
    """ "7": a number of days."""
    wish = words.strip()
    if not (wish.isdecimal() and wish.isascii() and len(wish) < 5 and least <= int(wish) <= most):
        raise Sorry(f"That takes a number of days, {least} to {most}.", field=field)
    return int(wish)


def _people(words: str, ask: Ask) -> list[tuple[str, str]]:
    wish = words.strip().lstrip("@")
    close = Q(name__icontains=wish) | Q(handle__icontains=wish)
    found = Person.known_to(ask.person).filter(close, deactivated_at=None)[:SUGGESTED]
    return [(f"@{person.handle}", f"{person.name} (@{person.handle})") for person in found]


def _teams(words: str, ask: Ask) -> list[tuple[str, str]]:
    if ask.person.is_guest:
        return []
    found = Team.objects.filter(name__icontains=words.strip().lstrip("@"))[:SUGGESTED]
    return [(f"@{team.slug}", team.name) for team in found]


def _rooms(words: str, ask: Ask) -> list[tuple[str, str]]:
    wish = words.strip().lstrip("#")
    close = Q(slug__icontains=wish) | Q(about__icontains=wish)
    found = Room.enterable_by(ask.person).filter(close, archived_at=None)[:SUGGESTED]
    return [(str(room), f"{room} {room.about}".strip()) for room in found]


teach(str, WORDS)
teach(
    Person,
    Kind("person", lambda words, ask: Person.named(words, by=ask.person), True, "@name", suggest=_people),
)
teach(Team, Kind("team", lambda words, ask: Team.named(words), short=True, hint="@team", suggest=_teams))
teach(
    Room,
    Kind("room", lambda words, ask: Room.named(words, person=ask.person), True, "#room", suggest=_rooms),
)
teach(dt.date, Kind("day", read_day, hint="friday, 2026-12-04 or in 3 days"))
teach(dt.timedelta, Kind("minutes", read_minutes, short=True, hint="15m, 2h"))
