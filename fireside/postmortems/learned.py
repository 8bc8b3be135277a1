"""What was learned: who was affected and what they need, and what had to be true at the same time."""

from __future__ import annotations

from django.db import models, transaction

from fireside.hearth.cards import Card, Mention, text
from fireside.hearth.people import Person
from fireside.postmortems.part import Part
from fireside.postmortems.postmortem import Postmortem

# Offered while writing; other words are as good.
KINDS = (
    "alerting", "capacity", "configuration", "dependency", "deploy", "documentation", "hand-over",
    "monitoring", "testing", "time pressure", "tooling", "visibility",
)  # fmt: skip
SHORT = 32


class Factor(Part):
    """One of several things that had to be true at the same time. It has no owner and no rank."""

    text = models.CharField(max_length=500)
    since = models.CharField(max_length=80, blank=True, default="")  # in words: "since March"
    short = models.CharField(max_length=SHORT, blank=True, default="")  # for the drawing
    kinds = models.JSONField(default=list, blank=True)

    def __str__(self) -> str:
        return self.text

    @property
    def label(self) -> str:
        """A few words for the drawing."""
        if self.short or len(self.text) <= SHORT:
            return self.short or self.text
        return self.text[:SHORT].rsplit(" ", 1)[0].rstrip(",.;:") + "…"

    @classmethod
    def add(cls, postmortem: Postmortem, words: str, *, by: Person, **more: object) -> Factor:
        postmortem.only_as_draft()
        with transaction.atomic():
            factor = cls.objects.create(postmortem=postmortem, text=words, by=by, **more)
            factor.note("added", f"Added a factor: {words}", by=by)
        return factor

    def card(self) -> Card:
        facts = {"Since": text("{x}", x=self.since)} if self.since else {}
        return Card(
            title=text("{words}", words=self.text), above=text("One of the things that met"), kind="factor",
            icon="split", facts=facts, link=self.get_absolute_url(),
        )  # fmt: skip

    def take_out(self, *, by: Person) -> None:
        self.postmortem.only_as_draft()
        with transaction.atomic():
            self.note("taken_out", "Took a factor out", by=by)
            self.delete()


class Affected(Part):
    """Somebody felt it: who, what happened to them, what they need now, and who offers."""

    who = models.CharField(max_length=200)
    happened = models.CharField(max_length=500, blank=True, default="")
    needs = models.CharField(max_length=500, blank=True, default="")
    offers = models.ForeignKey(Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    def __str__(self) -> str:
        return self.who

    @classmethod
    def add(cls, postmortem: Postmortem, who: str, *, by: Person, **more: object) -> Affected:
        postmortem.only_as_draft()
        with transaction.atomic():
            affected = cls.objects.create(postmortem=postmortem, who=who, by=by, **more)
            affected.note("added", f"{who} felt it", by=by)
        return affected

    def card(self) -> Card:
        facts = {
            "What happened": text("{x}", x=self.happened or "not said yet"),
            "What they need": text("{x}", x=self.needs or "not asked yet"),
            "Who offers": text(
                "{x}", x=Mention(self.offers.handle, self.offers.name) if self.offers else "nobody yet"
            ),
        }
        return Card(
            title=text("{who} felt it", who=self.who), kind="affected", icon="heart", facts=facts,
            link=self.get_absolute_url(),
        )  # fmt: skip

    def take_out(self, *, by: Person) -> None:
        self.postmortem.only_as_draft()
        with transaction.atomic():
            self.note("taken_out", f"Took out {self.who}", by=by)
            self.delete()
