"""Where the house itself wrote somebody's name, and how it takes the name out again.

What other people wrote in their own words is theirs, and stays as they wrote it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from django.db import models, transaction

from fireside.hearth.cards import GONE
from fireside.hearth.messages import Message
from fireside.hearth.people import Person
from fireside.hearth.search import Doc
from fireside.hearth.timeline import Entry

NAME = "Someone who was here"
STEP, FEW = 500, 10  # messages looked at in one go, with nothing locked; and changed in one

# Entries whose words the house made, with a name in them. A later stage adds its own.
sentences: set[str] = {
    "person.joined", "person.deactivated", "person.reactivated", "person.keeper", "person.no-keeper",
    "person.password-link", "person.guest", "room.joined", "room.left", "team.joined", "team.left",
}  # fmt: skip


def unname(person: Person) -> None:
    """Take this person's name and handle out of all that the house wrote: sentences, cards, titles."""
    _entries(person)
    for numbers in _messages(person):
        with transaction.atomic():
            held = Message.objects.select_for_update(of=("self",)).select_related("room", "author")
            for message in held.filter(pk__in=numbers):
                _change(message, person)
                message.save(update_fields=["card", "text"])
                message.index()
    titles = Doc.objects.filter(person=person, title__contains=person.name)
    for doc in titles.iterator(chunk_size=STEP):
        Doc.objects.filter(pk=doc.pk).update(title=doc.title.replace(person.name, NAME, 1))


def _entries(person: Person) -> None:
    theirs = models.Q(by=person) | models.Q(about=f"person:{person.pk}") | models.Q(verb__in=sentences)
    named = Entry.objects.filter(theirs, words__contains=person.name).exclude(verb__startswith="message.")
    for entry in named.iterator(chunk_size=STEP):
        Entry.objects.filter(pk=entry.pk).update(words=entry.words.replace(person.name, NAME))


def _messages(person: Person) -> Iterator[list[int]]:
    """A few at a time, what has to be kept anew: cards that name them, and what the house said about them."""
    last = 0
    ours = Message.objects.filter(models.Q(card__isnull=False) | models.Q(author=None)).order_by("pk")
    while some := list(ours.filter(pk__gt=last)[:STEP]):
        last = some[-1].pk
        changed = [message.pk for message in some if _change(message, person)]
        yield from (changed[first : first + FEW] for first in range(0, len(changed), FEW))


def _change(message: Message, person: Person) -> bool:
    """Take the name out of this message, not yet kept; tells whether it was there."""
    before = message.text, json.dumps(message.card)
    if message.author_id is None:
        message.text = message.text.replace(person.name, NAME).replace(f"@{person.handle} ", f"@{GONE} ")
    message.card = unnamed(message.card, person)
    return before != (message.text, json.dumps(message.card))


def unnamed(card: Any, person: Person) -> Any:
    """A card as it is kept, with this person's mentions and bare name changed, and no other words."""
    if isinstance(card, list):
        return [unnamed(part, person) for part in card]
    if isinstance(card, dict):
        if card.get("handle") == person.handle and set(card) == {"handle", "name"}:
            return {"handle": GONE, "name": NAME}
        return {name: unnamed(part, person) for name, part in card.items()}
    return NAME if card == person.name else card
