"""Changes people offer so that the next person stands in a better place, and whether they helped."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, ClassVar

from django.db import models, transaction
from django.utils import timezone

from fireside.hearth.cards import Button, Card, Mention, Text, text
from fireside.hearth.errors import Sorry
from fireside.hearth.people import Person
from fireside.hearth.rooms import visible
from fireside.postmortems.part import Part
from fireside.postmortems.postmortem import Postmortem

EFFECT = timedelta(days=30)  # after the change was due, we look whether it helped


class Mitigation(Part):
    """So that the next person …: what changes around people, and who offered."""

    class Adds(models.TextChoices):
        NO = "no", "no, nobody has more to do"
        YES = "yes", "yes, it is a step somebody has to remember"

    what = models.CharField(max_length=300)  # goes on from "So that the next person"
    owner = models.ForeignKey(
        Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="mitigations"
    )
    due = models.DateField(null=True, blank=True)
    adds_step = models.CharField(max_length=3, choices=Adds.choices, blank=True, default="")
    begun_at = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    let_go_at = models.DateTimeField(null=True, blank=True)
    let_go_because = models.CharField(max_length=300, blank=True, default="")
    nudged_at = models.DateTimeField(null=True, blank=True)  # its owner was reminded, once
    effect_on = models.DateField(null=True, blank=True)
    effect_asked_at = models.DateTimeField(null=True, blank=True)
    effect = models.CharField(max_length=500, blank=True, default="")
    effect_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    class Meta(Part.Meta):
        indexes: ClassVar = [
            models.Index("due", name="mitigation_open", condition=models.Q(done_at=None, let_go_at=None)),
        ]

    def __str__(self) -> str:
        return self.what

    @property
    def name(self) -> str:
        return f"M{self.pk}"

    @property
    def is_open(self) -> bool:
        return not (self.done_at or self.let_go_at)

    @property
    def state(self) -> str:
        if self.let_go_at:
            return "let go"
        if self.done_at:
            return "in place"
        return "under way" if self.begun_at else "not begun"

    @property
    def tone(self) -> str:
        return {"in place": "ok", "under way": "look"}.get(self.state, "")

    def card(self) -> Card:
        facts: dict[str, Text] = {"Offered by": text("{x}", x=_who(self.owner))}
        if self.due:
            facts["By"] = text("{x}", x=f"{self.due:%-d %B}")
        facts["How it stands"] = text("{x}", x=self.state)
        if self.let_go_because:
            facts["Because"] = text("{x}", x=self.let_go_because)
        if self.effect:
            facts["What it changed"] = text("{x}", x=self.effect)
        return Card(
            title=text("So that the next person {what}", what=self.what), kind="mitigation", icon="leaf",
            above=text("{name}", name=self.name), tone="ok" if self.done_at else "", facts=facts,
            buttons=self._buttons(), link=self.get_absolute_url(),
        )  # fmt: skip

    def _buttons(self) -> tuple[Button, ...]:
        if not self.is_open:
            return ()
        mine = {"mitigation": self.name}
        offer = () if self.owner else (Button("I can do this", "take-on", mine),)
        return (*offer, Button("It is in place", "mitigation-done", mine))

    # -- finding -----------------------------------------------------------------------------------------

    @classmethod
    def seen_by(cls, person: Person) -> models.QuerySet[Mitigation]:
        known = cls.objects.select_related(
            "owner", "postmortem__incident__room", "postmortem__incident__system"
        )
        return visible(known, person, "postmortem__incident__room")

    @classmethod
    def open_ones(cls, person: Person) -> models.QuerySet[Mitigation]:
        return cls.seen_by(person).filter(done_at=None, let_go_at=None)

    # -- what happens to it ------------------------------------------------------------------------------

    @classmethod
    def offer(
        cls,
        postmortem: Postmortem,
        what: str,
        *,
        by: Person,
        owner: Person | None,
        due: date | None,
        adds_step: str,
    ) -> Mitigation:
        """A change somebody offers; without an owner it waits for one. It may come after publishing, too."""
        with transaction.atomic():
            mitigation = cls.objects.create(
                postmortem=postmortem, what=what, by=by, owner=owner, due=due, adds_step=adds_step,
                effect_on=due + EFFECT if due else None,
            )  # fmt: skip
            offered = f", offered by {owner.name}" if owner else ""
            mitigation.note("offered", f"So that the next person {what}{offered}", by=by)
        return mitigation

    def take_on(self, *, by: Person, due: date | None = None) -> None:
        """Somebody offers to do it."""
        more: dict[str, Any] = {"due": due, "effect_on": due + EFFECT, "nudged_at": None} if due else {}
        self._only_open()
        self._change("taken_on", f"{by.name} offers to do it: {self.what}", by=by, owner=by, **more)

    def begin(self, *, by: Person) -> None:
        self._only_open()
        if self.begun_at is None:
            self._change("begun", f"Under way: {self.what}", by=by, begun_at=timezone.now())

    def finish(self, *, by: Person) -> None:
        self._only_open()
        today = timezone.localdate()
        more = {} if self.effect_on else {"effect_on": today + EFFECT}
        self._change("done", f"In place: {self.what}", by=by, done_at=timezone.now(), **more)

    def let_go(self, because: str, *, by: Person) -> None:
        """Not going to be done; a reason is as good as a change."""
        self._only_open()
        self._change(
            "let_go", f"Let go: {self.what}", by=by, let_go_at=timezone.now(), let_go_because=because[:300]
        )

    def tell_effect(self, words: str, *, by: Person) -> None:
        """What it changed, looked at after a while."""
        self._change("effect", f"What it changed: {words}", by=by, effect=words[:500], effect_by=by)

    def _only_open(self) -> None:
        if not self.is_open:
            raise Sorry(f"{self.name} is {self.state} already.")

    def _change(self, verb: str, words: str, *, by: Person, **fields: Any) -> None:
        with transaction.atomic():
            for name, value in fields.items():
                setattr(self, name, value)
            self.save(update_fields=list(fields))
            self.note(verb, words, by=by)

    def take_out(self, *, by: Person) -> None:
        self.postmortem.only_as_draft()
        with transaction.atomic():
            self.note("taken_out", "Took a change out", by=by)
            self.delete()


def _who(person: Person | None) -> Mention | str:
    return Mention(person.handle, person.name) if person else "nobody yet"
