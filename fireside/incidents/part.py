"""What every part of an incident shares: whose it is, when, and that it lives in the incident's room."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Self

from django.db import models, transaction
from django.utils import timezone

from fireside.hearth.messages import Message
from fireside.hearth.people import Person
from fireside.hearth.rooms import Room
from fireside.hearth.timeline import Entry, Record
from fireside.incidents.incident import Incident


class Part(Record):
    """Something somebody did or said in an incident, at its own time."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="%(class)ss")
    by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        abstract = True
        ordering: ClassVar = ["pk"]

    @classmethod
    def begin(
        cls,
        incident: Incident,
        noted: tuple[str, str],
        *,
        by: Person,
        at: datetime | None = None,
        **fields: Any,
    ) -> Self:
        """Make one and note it: `noted` is the verb and the words, `{name}` in them is how it is called."""
        verb, words = noted
        with transaction.atomic():
            if cls.NUMBERED:
                fields["number"] = cls._next_number(incident)
            part = cls._default_manager.create(incident=incident, by=by, at=at or timezone.now(), **fields)
            incident.room.seat(by)  # who takes part belongs there
            part.note(verb, words.replace("{name}", part.name), by=by, at=part.at)
            part.index()
        return part

    NUMBERED: ClassVar[bool] = False

    @classmethod
    def _next_number(cls, incident: Incident) -> int:
        """One more than the highest within the incident, whose row is the lock."""
        list(Incident.objects.select_for_update().filter(pk=incident.pk))
        return (
            cls._default_manager.filter(incident=incident).aggregate(last=models.Max("number"))["last"] or 0
        ) + 1

    @property
    def story(self) -> str:
        return self.incident.ref

    @property
    def home(self) -> Room:
        return self.incident.room

    @property
    def name(self) -> str:
        """How it is called in a sentence."""
        return str(self)

    @property
    def anchor(self) -> str:
        return f"{self._meta.model_name}-{self.pk}"

    def get_absolute_url(self) -> str:
        return f"{self.incident.get_absolute_url()}#{self.anchor}"

    def index(self) -> None:
        """Keep the search in step; most parts are found through their incident's timeline."""

    def note(
        self,
        verb: str,
        words: str = "",
        *,
        by: Person | None,
        at: datetime | None = None,
        message: Message | None = None,
        **data: Any,
    ) -> Entry:
        entry = super().note(verb, words, by=by, at=at, message=message, **data)
        self.incident.show()
        return entry
