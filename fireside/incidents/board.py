"""The board: what people are doing, have done, suspect, have ruled out, and what they decided."""

from __future__ import annotations

import re
from datetime import datetime
from typing import ClassVar

from django.db import models, transaction
from django.utils import timezone

from fireside.hearth.cards import Card, Mention, Text, text
from fireside.hearth.errors import Sorry
from fireside.hearth.people import Person
from fireside.hearth.search import keep
from fireside.incidents.incident import Incident
from fireside.incidents.part import Part


class Decision(Part):
    """A choice made while it was hot: why, the way back, and how we will know."""

    NUMBERED = True

    number = models.PositiveIntegerField()  # D-1, D-2 ... within the incident
    what = models.TextField()
    because = models.TextField(blank=True, default="")
    undo = models.TextField(blank=True, default="")
    know = models.TextField(blank=True, default="")  # how we will know that it worked
    agreed = models.TextField(blank=True, default="")
    told = models.TextField(blank=True, default="")
    back_at = models.DateTimeField(null=True, blank=True)  # taken back
    back_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    back_because = models.TextField(blank=True, default="")

    class Meta(Part.Meta):
        constraints: ClassVar = [
            models.UniqueConstraint("incident", "number", name="one_decision_of_a_number")
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.what}"

    @property
    def name(self) -> str:
        return f"D-{self.number}"

    @property
    def anchor(self) -> str:
        return f"d{self.number}"

    @property
    def lines(self) -> dict[str, str]:
        """What was written, under the words a reader knows it by; what was left out is said to be."""
        return {
            "Because": self.because or "not said",
            "Agreed by": self.agreed or (self.by.name if self.by else "not said"),
            "How we will know": self.know or "not said",
            "Way back out": self.undo or "no way back written yet",
            "Told": self.told or "nobody yet",
        }

    def card(self) -> Card:
        facts = {name: text("{x}", x=words) for name, words in self.lines.items()}
        if self.back_at:
            facts["Taken back"] = text("{x}", x=self.back_because or "no reason written")
        return Card(
            title=text("Decided {name}: {what}", name=self.name, what=self.what),
            kind="decision", icon="scale", tone="" if self.back_at else "sky",
            tag="taken back" if self.back_at else "", facts=facts, link=self.get_absolute_url(),
        )  # fmt: skip

    def index(self) -> None:
        words = [self.what, self.because, self.know, self.undo, self.agreed, self.told]
        keep(
            "decision", self.pk, title=f"{self.incident.name} {self}", body="\n".join(filter(None, words)),
            room=self.home, at=self.at, url=self.get_absolute_url(), person=self.by,
        )  # fmt: skip

    def take_back(self, because: str, *, by: Person, at: datetime | None = None) -> None:
        """The decision no longer holds; it stays in the register with the reason."""
        if self.back_at:
            raise Sorry(f"{self.name} is taken back already.")
        with transaction.atomic():
            self.back_at, self.back_by, self.back_because = at or timezone.now(), by, because
            self.save(update_fields=["back_at", "back_by", "back_because"])
            reason = f", because {because}" if because else ""
            self.note("back", f"Took back {self.name}{reason}", by=by, at=at)


class Attempt(Part):
    """One thing tried or thought: it is being done, it is done, it may be true, it is ruled out."""

    class Kind(models.TextChoices):
        DOING = "doing", "doing"
        DONE = "done", "done"
        THEORY = "theory", "theory"
        RULED_OUT = "ruled-out", "ruled out"

    kind = models.CharField(max_length=10, choices=Kind.choices)
    what = models.TextField()
    outcome = models.TextField(blank=True, default="")
    ended_at = models.DateTimeField(null=True, blank=True)  # became done, or ruled out
    ended_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    decision = models.ForeignKey(
        Decision, null=True, blank=True, on_delete=models.SET_NULL, related_name="attempts"
    )

    class Meta(Part.Meta):
        indexes: ClassVar = [models.Index("incident", "kind", name="attempt_board")]

    SAYS: ClassVar[dict[str, str]] = {
        Kind.DOING: "Doing", Kind.DONE: "Done", Kind.THEORY: "Theory", Kind.RULED_OUT: "Ruled out",
    }  # fmt: skip
    ICONS: ClassVar[dict[str, str]] = {
        Kind.DOING: "circle-dot", Kind.DONE: "check", Kind.THEORY: "brain",
        Kind.RULED_OUT: "circle-slash",
    }  # fmt: skip

    def __str__(self) -> str:
        return ". ".join(words.rstrip(".") for words in (self.what, self.outcome) if words)

    @property
    def is_over(self) -> bool:
        return self.kind in (self.Kind.DONE, self.Kind.RULED_OUT)

    @property
    def moment(self) -> datetime:
        """When it came to where it stands now."""
        return self.ended_at or self.at

    def card(self) -> Card:
        facts: dict[str, Text] = {"What came of it": text("{x}", x=self.outcome)} if self.outcome else {}
        if self.decision:
            facts["Decision"] = text("{x}", x=str(self.decision))
        return Card(
            title=text("{says}: {what}", says=self.SAYS[self.kind], what=self.what),
            kind="attempt", icon=self.ICONS[self.kind], tone="ok" if self.kind == self.Kind.DONE else "",
            body=(text("{who}", who=Mention(self.by.handle, self.by.name)),) if self.by else (),
            facts=facts, link=self.get_absolute_url(),
        )  # fmt: skip

    @classmethod
    def add(
        cls,
        incident: Incident,
        kind: Kind,
        what: str,
        *,
        by: Person,
        at: datetime | None = None,
        decision: Decision | None = None,
    ) -> Attempt:
        noted = (kind.value, f"{cls.SAYS[kind]}: {what}")
        made = cls.begin(incident, noted, by=by, at=at, kind=kind, what=what, decision=decision)
        if not incident.working_at and kind == cls.Kind.DOING:
            incident.work(by=by, at=at)
        return made

    @classmethod
    def doing_of(cls, person: Person, incident: Incident, words: str) -> Attempt | None:
        """What this person is doing by these words, else what they began last."""
        doing = list(incident.attempts.filter(kind=cls.Kind.DOING, by=person).order_by("-pk"))
        return next((one for one in doing if alike(one.what, words)), doing[0] if doing else None)

    @classmethod
    def theory_of(cls, incident: Incident, words: str) -> Attempt | None:
        """The open theory that these words name, or begin with."""
        theories = incident.attempts.filter(kind=cls.Kind.THEORY).order_by("-pk")
        return next((one for one in theories if alike(one.what, words[: len(one.what)])), None)

    def end(self, outcome: str, *, by: Person, at: datetime | None = None) -> None:
        """What was being done is done; what was a theory is ruled out."""
        if self.is_over:
            raise Sorry(f"“{self.what}” is {self.get_kind_display()} already.")
        became = self.Kind.DONE if self.kind == self.Kind.DOING else self.Kind.RULED_OUT
        with transaction.atomic():
            self.kind, self.outcome = became, "" if alike(outcome, self.what) else outcome
            self.ended_at, self.ended_by = at or timezone.now(), by
            self.save(update_fields=["kind", "outcome", "ended_at", "ended_by"])
            self.note(became.value, f"{self.SAYS[became]}: {self}", by=by, at=at)


def alike(some: str, other: str) -> bool:
    """The same words, whatever their case, spaces and full stops."""

    def bare(words: str) -> str:
        return " ".join(re.findall(r"\w+", words.lower()))

    return bool(bare(some)) and bare(some) == bare(other)
