"""What every part of a post-mortem shares: whose words, when, and that it lives where the incident does."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from fireside.hearth.people import Person
from fireside.hearth.rooms import Room
from fireside.hearth.timeline import Record
from fireside.postmortems.postmortem import Postmortem


class Part(Record):
    """Something that belongs to one post-mortem."""

    postmortem = models.ForeignKey(Postmortem, on_delete=models.CASCADE, related_name="%(class)ss")
    by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        abstract = True
        ordering: ClassVar = ["pk"]

    @property
    def story(self) -> str:
        return self.postmortem.ref

    @property
    def home(self) -> Room:
        return self.postmortem.home

    @property
    def anchor(self) -> str:
        return f"{self._meta.model_name}-{self.pk}"

    def get_absolute_url(self) -> str:
        return f"{self.postmortem.get_absolute_url()}#{self.anchor}"
