"""What people do: one typed function is a slash command, a form, a button, an API call and a CLI verb."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias, get_type_hints

from django.db import transaction

from fireside.hearth import audit, gauges, slips, traces
from fireside.hearth.asks import Ask, Said, Whisper
from fireside.hearth.cards import Card
from fireside.hearth.errors import NotYours, Sorry
from fireside.hearth.grammar import Slot, clean, parse, render, split
from fireside.hearth.kinds import Kind, kind_of
from fireside.hearth.messages import Message
from fireside.hearth.people import Person, Role
from fireside.hearth.rooms import Room
from fireside.hearth.timeline import Record

__all__ = [
    "NOT_FOR", "Ask", "Command", "Missing", "NotYours", "Outcome", "Said", "Sorry", "Whisper", "book",
    "command", "perform",
]  # fmt: skip


NOT_FOR = {
    Role.MEMBER: "This is for the people of this organisation. /help lists what guests could say.",
    Role.KEEPER: "Keepers of this Fireside can do this. People shows who they are.",
}

Answer: TypeAlias = Record | Card | str | Whisper | Said | None


class Missing(Sorry):
    """Words are missing: the door shows the command's form with what was given."""

    def __init__(self, command: Command, given: dict[str, str], names: list[str]) -> None:
        labels = " and ".join(name.replace("_", " ") for name in names)
        super().__init__(f"/{command.verb} needs {labels}. For example: {command.example}", field=names[0])
        self.command = command
        self.given = given
        self.names = names


@dataclass(frozen=True, slots=True)
class Param:
    """One parameter: its name, its kind, and whether it may be left out."""

    name: str
    kind: Kind
    required: bool
    default: Any = None

    @property
    def label(self) -> str:
        return self.name.replace("_", " ")


# What is done in rooms without being offered there first.
TALK = ("say", "edit", "delete", "clap", "pin", "unpin", "alerts", "rooms", "help")


@dataclass(frozen=True, slots=True)
class Command:
    """A verb people use, and all that the doors need to know about it."""

    verb: str
    do: Callable[..., Answer]
    example: str
    help: str
    params: tuple[Param, ...]
    title: str  # what its form and its button are called
    where: tuple[str, ...] = ()  # room purposes in which it is offered first
    shows: bool = field(default=False)  # only reads: answers without changing anything
    role: Role = Role.MEMBER  # the least with which it can be done; who says nothing lets no guest do it

    @property
    def in_rooms(self) -> bool:
        """Is it about what happens in rooms, so that a key which is for some rooms may do it there?"""
        return bool(self.where) or self.verb in TALK

    @property
    def slots(self) -> list[Slot]:
        return [Slot(param.name, short=param.kind.short) for param in self.params]

    @property
    def hint(self) -> str:
        """ "what [because: …] [undo: …]": what to type after the verb."""
        words = [p.label if p.required else f"[{p.name.replace('_', '-')}: …]" for p in self.params]
        return " ".join(words)

    def allow(self, person: Person) -> None:
        """NotYours when this is not for them."""
        if not person.is_active:
            raise NotYours("This account is no longer active.")
        if person.within is not None and not self.in_rooms:
            raise NotYours("This key is for some rooms, and that is about the whole house.")
        if person.role < self.role:
            raise NotYours(NOT_FOR[self.role])

    def parse(self, words: str) -> dict[str, str]:
        return parse(words, self.slots)

    def bind(self, given: dict[str, str], ask: Ask) -> dict[str, Any]:
        """Words to values by kind; Missing or Sorry (naming the field) when that cannot be done."""
        unknown = set(given) - {param.name for param in self.params}
        if unknown:
            raise Sorry(
                f"/{self.verb} has no {', '.join(sorted(unknown))}. It takes: {self.hint or 'nothing'}."
            )
        given = {name: clean(words) for name, words in given.items()}
        missing = [p.name for p in self.params if p.required and not given.get(p.name, "").strip()]
        if missing:
            raise Missing(self, given, missing)
        values = {}
        for param in self.params:
            if words := given.get(param.name, "").strip():
                values[param.name] = self._value(param, words, ask)
        return values

    @staticmethod
    def _value(param: Param, words: str, ask: Ask) -> Any:
        try:
            return param.kind.read(words, ask)
        except Sorry as sorry:
            sorry.field = sorry.field or param.name
            raise


class Book:
    """All commands by verb."""

    def __init__(self) -> None:
        self._commands: dict[str, Command] = {}

    def add(self, command: Command) -> None:
        if command.verb in self._commands:
            raise RuntimeError(f"/{command.verb} is written twice")
        self._commands[command.verb] = command

    def all(self) -> list[Command]:
        return [self._commands[verb] for verb in sorted(self._commands)]

    def find(self, verb: str) -> Command:
        """The command, or Sorry with the verbs that come close."""
        if found := self._commands.get(verb):
            return found
        close = [name for name in sorted(self._commands) if name.startswith(verb[:2])][:5]
        hint = f" Did you mean {', '.join('/' + name for name in close)}?" if close else ""
        raise Sorry(f"There is no /{verb}.{hint} /help lists what there is.")

    def offered(self, room: Room | None, person: Person) -> list[Command]:
        """Every command, those that fit this room first; to a guest, what guests can do."""
        purpose = room.purpose if room else ""
        theirs = [one for one in self.all() if one.role <= person.role or not person.is_guest]
        return sorted(theirs, key=lambda command: (purpose not in command.where, command.verb))


book = Book()


def command(
    verb: str,
    *,
    example: str,
    title: str = "",
    where: Iterable[str] = (),
    shows: bool = False,
    role: Role = Role.MEMBER,
) -> Callable[[Callable[..., Answer]], Callable[..., Answer]]:
    """Write a function into the book. Its docstring is the help, its parameters draw the form.

    The first parameter is the Ask; the others are typed with `fireside.hearth.kinds`.
    """

    def write(do: Callable[..., Answer]) -> Callable[..., Answer]:
        name = verb.lstrip("/")
        book.add(
            Command(
                verb=name, do=do, example=example, help=inspect.getdoc(do) or "", params=_params(do),
                title=title or name.replace("-", " ").capitalize(), where=tuple(where), shows=shows,
                role=role,
            )
        )  # fmt: skip
        return do

    return write


def _params(do: Callable[..., Answer]) -> tuple[Param, ...]:
    hints = get_type_hints(do, include_extras=True)
    signature = list(inspect.signature(do).parameters.values())[1:]
    empty = inspect.Parameter.empty
    return tuple(
        Param(p.name, kind_of(hints[p.name]), p.default is empty, None if p.default is empty else p.default)
        for p in signature
    )


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an ask: a message everybody sees, a whisper for the asker, the record that was made."""

    message: Message | None = None
    whisper: Whisper | None = None
    record: Record | None = None


def perform(ask: Ask, verb: str, given: dict[str, str]) -> Outcome:
    """Do a command in one transaction and say openly what came of it; Sorry is for the asker alone."""
    found = book.find(verb)
    found.allow(ask.person)
    if ask.room is not None and not ask.room.may_enter(ask.person):
        raise NotYours("There is no such room.")
    if not found.shows:
        given = slips.weighed(given, ask.slip)
    counted, timed = gauges.command(found.verb), traces.span("command", verb=found.verb, door=ask.door)
    with counted, timed, audit.through(ask.door), transaction.atomic():
        if ask.key and (known := Message.of(ask.own_key)):
            return Outcome(message=known)
        answer = found.do(ask, **found.bind(given, ask))
        return _say(ask, answer, render(found.verb, given, found.slots))


def _say(ask: Ask, answer: Answer, said: str) -> Outcome:
    match answer:
        case None:
            return Outcome()
        case Whisper():
            return Outcome(whisper=answer)
        case Said(record=record, room=room, words=words):
            spoken = replace(ask, room=room)
            outcome = _say(spoken, record, said)
            whisper = Whisper(words) if words else None
            return Outcome(outcome.message, whisper, record)
        case str():
            return Outcome(message=_speak(ask, said, words=answer))
        case Card():
            return Outcome(message=_speak(ask, said, card=answer))
        case _:
            spoken = replace(ask, room=_place(ask, answer))
            return Outcome(message=_speak(spoken, said, card=answer.card()), record=answer)


def _place(ask: Ask, record: Record) -> Room | None:
    """Where it was asked, else the record's own room; never one that the asker may not enter."""
    if ask.room is not None or record.home is None:
        return ask.room
    return record.home if record.home.may_enter(ask.person) else None


def _speak(ask: Ask, said: str, *, words: str = "", card: Card | None = None) -> Message | None:
    if ask.room is None:
        return None
    return ask.room.say(words, by=ask.person, card=card, said=said, key=ask.own_key, at=ask.at)


def say_line(ask: Ask, line: str) -> Outcome:
    """What a composer sends: words for the room, or a command when they begin with a slash and a verb."""
    verb, words = split(line)
    if not verb:
        if not line.strip():
            raise Sorry("There are no words in this yet.", field="text")
        words = ask.weighed(line.strip())
        return Outcome(message=ask.where().say(words, by=ask.person, key=ask.own_key, at=ask.at))
    found = book.find(verb)
    return perform(ask, verb, found.parse(words))
