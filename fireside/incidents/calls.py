"""Calls for help that everybody sees, who comes, and who walks along to learn."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.utils import timezone

from fireside.hearth.cards import Card, Mention, text
from fireside.hearth.messages import Message
from fireside.hearth.people import Person
from fireside.incidents.incident import Incident
from fireside.incidents.part import Part


class Call(Part):
    """Somebody said early that they are stuck, and with what."""

    need = models.CharField(max_length=500)
    message = models.ForeignKey(Message, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    answered_at = models.DateTimeField(null=True, blank=True)  # somebody came

    def __str__(self) -> str:
        return self.need

    def card(self) -> Card:
        from fireside.incidents.drawn import call_for_help  # noqa: PLC0415 -- drawing reads calls

        return call_for_help(self)


class Coming(Part):
    """Somebody comes to help, in answer to a call or of their own accord."""

    call = models.ForeignKey(Call, null=True, blank=True, on_delete=models.CASCADE, related_name="comings")
    words = models.CharField(max_length=300, blank=True, default="")

    class Meta(Part.Meta):
        constraints: ClassVar = [models.UniqueConstraint("incident", "call", "by", name="one_coming_each")]

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

    def __str__(self) -> str:
        return f"{self.person} walks along in {self.incident.name}"


def came(call: Call, at: datetime) -> None:
    """The first one to come answers the call."""
    Call.objects.filter(pk=call.pk, answered_at=None).update(answered_at=at)
