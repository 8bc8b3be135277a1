"""What is drawn with messages, read for many at once: a page of fifty costs as many questions as one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from typing import NamedTuple

from django.db.models import Case, Count, F, QuerySet, Value, When, Window, prefetch_related_objects
from django.db.models.functions import RowNumber
from django.utils.text import capfirst

from fireside.hearth.messages import Clap, Message
from fireside.hearth.timeline import Entry
from fireside.web.prose import known, plain

SENTENCE = re.compile(r"(?<=[.?])\s+(?=\S)")
SIGNS = {  # drawn with our own symbols, so that they look right where there is no font for emoji
    "👏": ("sparkles", "applaud"), "❤️": ("heart", "heart"), "👀": ("eye", "watching"),
    "🙏": ("hand", "thank you"), "🎉": ("party-popper", "celebrate"), "💡": ("book-open", "learned"),
}  # fmt: skip
LAST = 3  # replies and traces shown under a message


class Claps(NamedTuple):
    """One sign, and who clapped with it."""

    sign: str
    by: str  # ids, for a script that marks one's own
    names: str
    many: int

    @property
    def symbol(self) -> str:
        return SIGNS.get(self.sign, ("sparkles", ""))[0]

    @property
    def called(self) -> str:
        return SIGNS.get(self.sign, ("", self.sign))[1]


@dataclass(slots=True)
class Whole:
    """A message with everything that is drawn with it."""

    message: Message
    names: frozenset[str] = frozenset()
    starred: bool = False
    replies: list[Message] = field(default_factory=list)  # the last few, by people
    traces: list[Message] = field(default_factory=list)  # the last few, by the house
    count: int = 0  # of all replies by people
    follows: bool = False  # the same person goes on speaking

    @property
    def claps(self) -> tuple[Claps, ...]:
        every = sorted(self.message.claps.all(), key=lambda clap: (clap.sign, clap.pk))
        return tuple(_claps(sign, list(some)) for sign, some in groupby(every, key=lambda clap: clap.sign))


def gist(message: Message) -> str:
    """What it says in one line: of a card its title, of words the first sentence."""
    card = message.drawn
    words = str(card.title) if card and not message.text else plain(message.text or message.said)
    return capfirst(SENTENCE.split(words, maxsplit=1)[0])


def _claps(sign: str, some: list[Clap]) -> Claps:
    by = " ".join(str(clap.person_id) for clap in some)
    return Claps(sign, by, ", ".join(clap.person.name for clap in some), len(some))


def whole(messages: Iterable[Message]) -> list[Whole]:
    """These messages with all that belongs to them, in a constant number of questions."""
    wholes = {message.pk: Whole(message) for message in messages}
    listed = [each.message for each in wholes.values()]
    prefetch_related_objects(listed, "author", "room", "claps__person", "files")
    names = _names(listed)
    for reply in _replies(list(wholes)):
        place = wholes[reply.thread_id or 0]
        (place.traces if reply.author_id is None else place.replies).append(reply)
        if reply.author_id is not None:
            place.count = reply.n  # type: ignore[attr-defined] # an annotation
    starred = Entry.objects.filter(message__in=list(wholes), verb="message.starred", withdrawn_at=None)
    marked = set(starred.values_list("message_id", flat=True))
    for pk, each in wholes.items():
        each.names, each.starred = names, pk in marked
    return list(wholes.values())


def _names(messages: list[Message]) -> frozenset[str]:
    """The names in these messages that are drawn as links."""
    guests = {message.author for message in messages if message.author and message.author.is_guest}
    names = known(message.text for message in messages if message.author not in guests)
    for guest in guests:
        names |= known((message.text for message in messages if message.author == guest), guest)
    return names


def _replies(ids: list[int]) -> QuerySet[Message]:
    """The last few replies of each thread, of people and of the house apart; `n` counts them all."""
    kind = Case(When(author=None, then=Value(0)), default=Value(1))
    apart = [F("thread"), F("human")]
    answers = Message.objects.filter(thread__in=ids, deleted_at=None).annotate(human=kind)
    numbered = answers.annotate(
        place=Window(RowNumber(), partition_by=apart, order_by=F("pk").desc()),
        n=Window(Count("pk"), partition_by=apart),
    )
    return numbered.filter(place__lte=LAST).select_related("author").order_by("pk")


def follow(wholes: list[Whole], minutes: int = 5) -> list[Whole]:
    """Mark those with which the same person simply goes on, so that a face is drawn once."""
    for before, now in pairwise(wholes):
        one, two = before.message, now.message
        soon = (two.at - one.at).total_seconds() < minutes * 60
        now.follows = soon and one.author_id is not None and one.author_id == two.author_id and not two.card
    return wholes
