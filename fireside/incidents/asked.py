"""What is asked and what is told while it runs: questions anyone may answer, and updates."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.db import models, transaction
from django.utils import timezone

from fireside.hearth.cards import Button, Card, Moment, text
from fireside.hearth.errors import Sorry
from fireside.hearth.people import Person
from fireside.incidents.part import Part


class Question(Part):
    """One question on the board; anyone may answer it."""

    NUMBERED = True

    number = models.PositiveIntegerField()
    text = models.TextField()
    answer = models.TextField(blank=True, default="")
    answered_by = models.ForeignKey(
        Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta(Part.Meta):
        constraints: ClassVar = [
            models.UniqueConstraint("incident", "number", name="one_question_of_a_number")
        ]

    def __str__(self) -> str:
        return self.text

    @property
    def anchor(self) -> str:
        return f"q{self.number}"

    def card(self) -> Card:
        if self.answered_at:
            return Card(
                title=text("{question}", question=self.text), kind="question", icon="check", tone="ok",
                body=(text("{answer}", answer=self.answer),), link=self.get_absolute_url(),
            )  # fmt: skip
        values = {"question": str(self.number)}
        return Card(
            title=text("{question}", question=self.text), kind="question", icon="circle-help", tone="look",
            above=text("Question {number}", number=self.number),
            buttons=(Button("Answer", "answer", values, ask=True),), link=self.get_absolute_url(),
        )  # fmt: skip

    def reply(self, words: str, *, by: Person, at: datetime | None = None) -> None:
        """The answer; a later one takes the place of an earlier one, and both stay on the timeline."""
        if not words.strip():
            raise Sorry("There are no words in this answer yet.", field="words")
        with transaction.atomic():
            self.answer, self.answered_by, self.answered_at = words, by, at or timezone.now()
            self.save(update_fields=["answer", "answered_by", "answered_at"])
            self.note("answered", f"{self.text} {words}", by=by, at=at)


class Update(Part):
    """What was told, to whom, and when the next one comes."""

    words = models.TextField()
    audience = models.CharField(max_length=200, blank=True, default="")
    next_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.words

    def card(self) -> Card:
        facts = {"For": text("{x}", x=self.audience)} if self.audience else {}
        if self.next_at:
            facts["Next update"] = text("{at}", at=Moment(self.next_at.isoformat()))
        return Card(
            title=text("Update on {name}", name=self.incident.name), kind="update", icon="megaphone",
            tone="sky",
            body=(text("{words}", words=self.words),), facts=facts, link=self.get_absolute_url(),
        )  # fmt: skip
