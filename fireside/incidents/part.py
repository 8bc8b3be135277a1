"""What every part of an incident shares: whose it is, when, and that it lives in the incident's room."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from fireside.hearth.people import Person
from fireside.hearth.rooms import Room
from fireside.hearth.timeline import Record
from fireside.incidents.incident import Incident


class Part(Record):
    """Something somebody did or said in an incident, at its own time."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="%(class)ss")
    by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        abstract = True
        ordering: ClassVar = ["pk"]

    @property
    def story(self) -> str:
        return self.incident.ref

    @property
    def home(self) -> Room:
        return self.incident.room

    @property
    def anchor(self) -> str:
        return f"{self._meta.model_name}-{self.pk}"

    def get_absolute_url(self) -> str:
        return f"{self.incident.get_absolute_url()}#{self.anchor}"
