"""A telling: what one person saw, knew and thought then. Theirs alone until they share it.

Nothing here is noted, indexed, counted or said before `share`: a note, a number or a search hit would tell
others that somebody has begun, or has not. Entries point to the post-mortem and never to a telling, and every
reader but the author goes through `Telling.shared`.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.db import models, transaction
from django.utils import timezone

from fireside.hearth.cards import Card, Mention, text
from fireside.hearth.errors import Sorry
from fireside.hearth.messages import Message
from fireside.hearth.people import Person
from fireside.hearth.rooms import Room
from fireside.hearth.timeline import Record
from fireside.postmortems.postmortem import Postmortem
from fireside.postmortems.sections import clean

LONGEST = 4_000
MOST = 60  # moments in one telling


class Telling(Record):
    """One person's own account; only they write it, and only they decide when others may read it."""

    postmortem = models.ForeignKey(Postmortem, on_delete=models.CASCADE, related_name="tellings")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    begun_at = models.DateTimeField(default=timezone.now)
    shared_at = models.DateTimeField(null=True, blank=True)
    let_be_at = models.DateTimeField(null=True, blank=True)  # "not this time": nobody is told
    message = models.ForeignKey(Message, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint("postmortem", "person", name="one_telling_each")]

    def __str__(self) -> str:
        return "A telling"

    @property
    def home(self) -> Room:
        return self.postmortem.home

    @property
    def story(self) -> str:
        return self.postmortem.ref

    def get_absolute_url(self) -> str:
        return f"{self.postmortem.get_absolute_url()}#told"

    def card(self) -> Card:
        return Card(
            title=text("{who} told their part of it", who=Mention(self.person.handle, self.person.name)),
            kind="telling", icon="book-open", tone="ok", link=self.get_absolute_url(),
        )  # fmt: skip

    # -- reading -----------------------------------------------------------------------------------------

    @classmethod
    def shared(cls, postmortem: Postmortem) -> models.QuerySet[Telling]:
        """What may be read by those who may read the post-mortem."""
        return cls.objects.filter(postmortem=postmortem, shared_at__isnull=False).select_related("person")

    @classmethod
    def mine(cls, postmortem: Postmortem, person: Person) -> Telling:
        """This person's own; not kept until they write something."""
        found = cls.objects.filter(postmortem=postmortem, person=person).first()
        return found or cls(postmortem=postmortem, person=person)

    @classmethod
    def all_of(cls, person: Person) -> models.QuerySet[Telling]:
        """Everything one person wrote, for their own eyes, or to let it go with them."""
        return cls.objects.filter(person=person)

    # -- writing, by the author alone ----------------------------------------------------------------------

    def add(self, at: datetime, *, saw: str = "", knew: str = "", thought: str = "") -> Moment:
        """One more moment."""
        self._open_to_change()
        with transaction.atomic():
            if self._state.adding:
                self.save()
            if self.moments.count() >= MOST:
                raise Sorry(f"A telling holds {MOST} moments. Two of them could become one.", field="at")
            moment = Moment(telling=self)
            moment.say(at, saw=saw, knew=knew, thought=thought)
        return moment

    def change(self, pk: int, at: datetime, *, saw: str = "", knew: str = "", thought: str = "") -> None:
        """Other words for one moment; without any it goes."""
        self._open_to_change()
        moment = self.moments.filter(pk=pk).first() if not self._state.adding else None
        if moment is None:
            raise Sorry("That moment is no longer there.")
        if not clean(saw + knew + thought):
            moment.delete()
            return
        moment.say(at, saw=saw, knew=knew, thought=thought)

    def _open_to_change(self) -> None:
        if self.shared_at and not self.postmortem.is_draft:
            raise Sorry(
                "It is published with the post-mortem. Taken back for editing, it would be yours to change."
            )

    def share(self) -> None:
        """From now on those who may read the post-mortem may read this."""
        if self.shared_at:
            raise Sorry("You have shared this already. Thank you.")
        if self._state.adding or not self.moments.exists():
            raise Sorry("There is no moment in it yet. /tell opens your page.")
        with transaction.atomic():
            self.shared_at, self.let_be_at = timezone.now(), None
            self.message = self.home.say(by=self.person, card=self.card())
            self.save(update_fields=["shared_at", "let_be_at", "message"])
            self.postmortem.note("told", f"{self.person.name} told their part", by=self.person)
            self._index()

    def take_back(self) -> None:
        """Private again, as before; possible until the post-mortem is published."""
        if self.shared_at is None:
            raise Sorry("Only you can read it; there is nothing to take back.")
        self._open_to_change()
        with transaction.atomic():
            if self.message:
                self.message.delete_words(by=self.person)
            self.shared_at, self.message = None, None
            self.save(update_fields=["shared_at", "message"])
            self.postmortem.note("untold", by=None)

    def let_be(self) -> None:
        """Not this time; asked no more, and nobody is told."""
        self.let_be_at = timezone.now()
        self.save()

    def _index(self) -> None:
        from fireside.postmortems.publishing import index  # publishing reads tellings

        index(self.postmortem)


class Moment(models.Model):
    """A minute of somebody's day as it looked then."""

    telling = models.ForeignKey(Telling, on_delete=models.CASCADE, related_name="moments")
    at = models.DateTimeField()
    saw = models.TextField(blank=True, default="")
    knew = models.TextField(blank=True, default="")
    thought = models.TextField(blank=True, default="")

    class Meta:
        ordering: ClassVar = ["at", "pk"]

    def __str__(self) -> str:
        return "A moment"

    def say(self, at: datetime, *, saw: str, knew: str, thought: str) -> None:
        words = {"saw": clean(saw), "knew": clean(knew), "thought": clean(thought)}
        if not any(words.values()):
            raise Sorry("There are no words in this moment yet.", field="saw")
        if long := next((name for name, value in words.items() if len(value) > LONGEST), ""):
            raise Sorry(f"This holds {LONGEST:,} characters. Another moment could take the rest.", field=long)
        self.at = at
        for name, value in words.items():
            setattr(self, name, value)
        self.save()

    @property
    def local_at(self) -> str:
        """For a form field, in the zone of whoever asks."""
        return f"{timezone.localtime(self.at):%Y-%m-%dT%H:%M}"

    @property
    def lines(self) -> list[str]:
        """What was seen, known and thought, in that order, without the blank ones."""
        return [words for words in (self.saw, self.knew, self.thought) if words]
