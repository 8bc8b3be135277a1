"""`POST /api/do/<verb>`: every command of the book, for programs."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from fireside.hearth.commands import Ask, Command, book, perform
from fireside.hearth.errors import Sorry
from fireside.hearth.keys import ACT, READ
from fireside.hearth.people import Person
from fireside.hearth.rooms import Room
from fireside.hearth.slips import ANYWAY, OUT
from fireside.web.api.answers import answer, outcome_shape
from fireside.web.api.door import Refused, body, door

LONGEST_KEY = 64
AROUND = (
    "room",
    "key",
    "text",
    "slip",
)  # words about the request, unless the command has a parameter of that name


def around(command: Command) -> list[str]:
    own = {param.name for param in command.params}
    return [name for name in AROUND if name not in own]


def scope(verb: str) -> str:
    """Commands that only show something need no more than to read."""
    try:
        return READ if book.find(verb).shows else ACT
    except Sorry:
        return ACT


@door("POST", scope)
def do(request: HttpRequest, person: Person, verb: str) -> HttpResponse:
    try:
        command = book.find(verb)
    except Sorry as unknown:
        raise Refused(404, unknown.words) from None
    if person.within is not None and not command.in_rooms:
        raise Refused(403, "This key is for some rooms, and that is about the whole house.")
    given = body(request)
    about = {name: given.pop(name) for name in around(command) if name in given}
    if line := about.get("text", ""):
        given = command.parse(line) | given
    ask = Ask(
        person, _room(about.get("room", ""), person), door="api",
        key=_key(request.headers.get("Idempotency-Key") or about.get("key", "")),
        slip=_slip(about.get("slip", "")),
    )  # fmt: skip
    return answer(outcome_shape(perform(ask, command.verb, given)))


def _room(name: str, person: Person) -> Room | None:
    return Room.named(name, person=person) if name.strip() else None


def _slip(words: str) -> str:
    if words not in ("", OUT, ANYWAY):
        raise Sorry(f"slip can be {OUT} or {ANYWAY}.", field="slip")
    return words


def _key(words: str) -> str:
    if len(words) > LONGEST_KEY or not words.isprintable() or not words.isascii():
        raise Sorry(f"An idempotency key has {LONGEST_KEY} plain characters at most.", field="key")
    return words
