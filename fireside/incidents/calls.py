"""Calls for help that everybody sees, who comes, and who walks along to learn."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.db import models, transaction
from django.utils import timezone

from fireside.hearth.cards import Card, Mention, text
from fireside.hearth.messages import Message
from fireside.hearth.people import Person
from fireside.incidents.incident import Incident
from fireside.incidents.part import Part


class Call(Part):
    """Somebody said early that they are stuck, and with what."""

    need = models.TextField()
    message = models.ForeignKey(Message, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    answered_at = models.DateTimeField(null=True, blank=True)  # somebody came

    def __str__(self) -> str:
        return self.need

    def card(self) -> Card:
        from fireside.incidents.drawn import call_for_help

        return call_for_help(self)

    def heard(self, at: datetime) -> None:
        """Somebody comes: the first one answers the call, and its card says who is on the way."""
        if self.answered_at is None:
            self.answered_at = at
            self.save(update_fields=["answered_at"])
        said = Message.objects.select_related("room", "author").filter(
            key__in=[self.key("card"), self.key("again")]
        )
        for message in said.filter(deleted_at=None):
            message.redraw(self.card())

    def key(self, which: str) -> str:
        """The key of a message that carries this call."""
        return f"{self.ref}:{which}"


class Coming(Part):
    """Somebody comes to help, in answer to a call or of their own accord."""

    call = models.ForeignKey(Call, null=True, blank=True, on_delete=models.CASCADE, related_name="comings")
    words = models.TextField(blank=True, default="")

    class Meta(Part.Meta):
        constraints: ClassVar = [models.UniqueConstraint("incident", "call", "by", name="one_coming_each")]

    @classmethod
    def come(
        cls,
        incident: Incident,
        words: str,
        *,
        by: Person,
        at: datetime | None = None,
        call: Call | None = None,
    ) -> Coming:
        """On the way, with a seat in the room; more words take the place of the first."""
        with transaction.atomic():
            incident.room.seat(by)
            coming = Coming.objects.filter(incident=incident, call=call, by=by).first()
            if coming is None:
                noted = ("told", f"{by.name} is coming to help" + (f": {words}" if words else ""))
                coming = Coming.begin(incident, noted, by=by, at=at, call=call, words=words)
            else:
                coming.words = words
                coming.save(update_fields=["words"])
            if call is not None:
                call.heard(coming.at)
        return coming

    def __str__(self) -> str:
        name = self.by.name if self.by else "Someone"
        return f"{name}: {self.words}" if self.words else f"{name} is on the way"

    def card(self) -> Card:
        who = Mention(self.by.handle, self.by.name) if self.by else "Someone"
        return Card(
            title=text("{who} is coming to help", who=who), kind="coming", icon="hand-helping", tone="ok",
            body=(text("{words}", words=self.words),) if self.words else (), link=self.get_absolute_url(),
        )  # fmt: skip


class Shadow(models.Model):
    """Somebody who walks along to watch and learn."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="shadows")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint("incident", "person", name="one_shadow_each")]

    @classmethod
    def join(cls, incident: Incident, person: Person) -> None:
        with transaction.atomic():
            _, new = cls.objects.get_or_create(incident=incident, person=person)
            if new:
                incident.room.seat(person)
                incident.note("shadowed", f"{person.name} walks along to learn", by=person)

    def __str__(self) -> str:
        return f"{self.person} walks along in {self.incident.name}"
