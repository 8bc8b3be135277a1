"""An incident: trouble that people put right together, from the first sign to back to normal."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, ClassVar, Self

from django.db import models, transaction
from django.urls import reverse
from django.utils import timezone

from fireside.hearth.cards import Card
from fireside.hearth.errors import Sorry
from fireside.hearth.people import Organisation, Person
from fireside.hearth.rooms import Room, visible
from fireside.hearth.search import keep
from fireside.hearth.timeline import Cursor, Record

NUMBERS = "incident numbers"  # the highest that was given to an incident that is gone
SAME = timedelta(minutes=5)  # a second opening with the same words joins the first


class Severity(models.TextChoices):
    CUSTOMERS = "customers", "customers feel it"
    SOME = "some", "some customers feel it"
    US = "us", "only we feel it"
    UNSURE = "unsure", "not sure yet"


class Incident(Record):
    """Trouble with a room of its own; its state is when it came how far."""

    number = models.PositiveIntegerField(unique=True)
    title = models.CharField(max_length=200)
    summary = models.TextField(blank=True, default="")  # what customers see
    room = models.OneToOneField(Room, on_delete=models.PROTECT, related_name="incident")
    private = models.BooleanField(default=False)
    severity = models.CharField(max_length=12, choices=Severity.choices, default=Severity.UNSURE)
    opened_by = models.ForeignKey(Person, null=True, on_delete=models.SET_NULL, related_name="+")
    opened_at = models.DateTimeField(default=timezone.now)
    noticed_at = models.DateTimeField(default=timezone.now)
    working_at = models.DateTimeField(null=True, blank=True)
    eased_at = models.DateTimeField(null=True, blank=True)
    normal_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    lead = models.ForeignKey(Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="leads")
    origin = models.ForeignKey(Room, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    group = models.ForeignKey(
        "alerts.Group", null=True, blank=True, on_delete=models.SET_NULL, related_name="incidents"
    )
    system = models.ForeignKey(
        "systems.System", null=True, blank=True, on_delete=models.SET_NULL, related_name="incidents"
    )
    next_due_at = models.DateTimeField(null=True, blank=True)  # the next update was promised for then

    class Meta:
        ordering: ClassVar = ["-number"]
        indexes: ClassVar = [
            models.Index("number", name="incident_open", condition=models.Q(closed_at=None)),
            models.Index("noticed_at", name="incident_noticed"),
            models.Index("normal_at", name="incident_normal", condition=models.Q(normal_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.title}"

    @property
    def name(self) -> str:
        return f"INC-{self.number}"

    @property
    def home(self) -> Room:
        return self.room

    @property
    def is_open(self) -> bool:
        return self.closed_at is None

    @property
    def is_hot(self) -> bool:
        """People still feel it: neither eased nor back to normal."""
        return self.is_open and not (self.eased_at or self.normal_at)

    @property
    def state(self) -> str:
        """The furthest stage, in words."""
        stages = [
            (self.closed_at, "closed"), (self.normal_at, "back to normal"), (self.eased_at, "eased"),
            (self.working_at, "being worked on"),
        ]  # fmt: skip
        return next((words for moment, words in stages if moment), "noticed")

    def get_absolute_url(self) -> str:
        return reverse("incident", args=[self.number])

    def card(self) -> Card:
        from fireside.incidents.drawn import head

        return head(self)

    # -- finding -----------------------------------------------------------------------------------------

    @classmethod
    def seen_by(cls, person: Person) -> models.QuerySet[Incident]:
        return visible(cls.objects.all(), person)

    @classmethod
    def of(cls, room: Room) -> Incident:
        """The incident this room was made for, open or not."""
        held = cls.objects.select_for_update(of=("self",))  # changes come one after the other
        found = held.filter(room=room).select_related("room", "lead").first()
        if found is None:
            raise Sorry("There is no open incident in this room. /incident opens one.")
        return found

    @classmethod
    def open_in(cls, room: Room) -> Incident:
        """The open incident of this room."""
        found = cls.of(room)
        if found.closed_at:
            raise Sorry(f"{found.name} is closed. /reopen opens it again.")
        return found

    @classmethod
    def same(cls, title: str, *, origin: Room | None, person: Person) -> Incident | None:
        """The open incident that somebody began with these words a moment ago, in the same place.

        Openings wait for each other here, so that two at the same instant see each other.
        """
        cls._in_turn()
        return (
            cls.seen_by(person)
            .filter(title__iexact=title, origin=origin, closed_at=None, opened_at__gte=timezone.now() - SAME)
            .first()
        )

    # -- beginning ---------------------------------------------------------------------------------------

    @classmethod
    def open(
        cls,
        title: str,
        *,
        by: Person,
        at: datetime | None = None,
        private: bool = False,
        over: bool = False,
        **more: Any,
    ) -> Self:
        """Begin: the next number without a gap, a room of its own with the opener in it."""
        at = at or timezone.now()
        with transaction.atomic():
            number = cls._next_number()
            room = Room.make(
                _free(f"inc-{number}"), by=by, purpose=Room.Purpose.INCIDENT, about=title, private=private
            )
            more = {"noticed_at": at, **{name: value for name, value in more.items() if value is not None}}
            more |= {"normal_at": at} if over else {}
            incident = cls.objects.create(
                number=number, title=title, room=room, private=private, opened_by=by, opened_at=at, **more
            )
            room.story = incident.ref
            room.save(update_fields=["story"])
            if incident.noticed_at < at:
                began = f"Alert: {incident.group}" if incident.group else f"It began: {title}"
                incident.note("noticed", began, by=None if incident.group else by, at=incident.noticed_at)
            incident.note("opened", f"Incident opened: {title}", by=by, at=at)
            incident.index()
        return incident

    @classmethod
    def _next_number(cls) -> int:
        """One more than the highest, without a gap."""
        cls._in_turn()
        given = Cursor.objects.filter(name=NUMBERS).values_list("entry", flat=True).first() or 0
        return max(given, cls.objects.aggregate(last=models.Max("number"))["last"] or 0) + 1

    @staticmethod
    def _in_turn() -> None:
        """One opening at a time, to the end of its transaction: the organisation's row is the lock."""
        list(Organisation.objects.select_for_update().order_by("pk")[:1])

    # -- what happens to it ------------------------------------------------------------------------------

    def hand_lead(self, person: Person, *, by: Person, at: datetime | None = None) -> None:
        """This person asks the questions from now on; who led before stays on the timeline."""
        if person == self.lead:
            raise Sorry(f"{person.name} is leading already.")
        words = (
            f"{person.name} leads"
            if self.lead is None
            else f"{self.lead.name} handed the lead to {person.name}"
        )
        with transaction.atomic():
            self.room.seat(person, by=by)
            began = {} if self.working_at else {"working_at": at or timezone.now()}
            self._change("led", words, by=by, at=at, lead=person, **began)

    def work(self, *, by: Person, at: datetime | None = None) -> None:
        self._come_to("working", "Being worked on", by=by, at=at)

    def ease(self, *, by: Person, at: datetime | None = None) -> None:
        self._come_to("eased", "Eased", by=by, at=at)

    def normal(self, *, by: Person, at: datetime | None = None) -> None:
        self._come_to("normal", "Back to normal", by=by, at=at)

    def _come_to(self, stage: str, words: str, *, by: Person, at: datetime | None) -> None:
        if getattr(self, f"{stage}_at"):
            raise Sorry(f"{self.name} is {words.lower()} already.")
        self._change(stage, words, by=by, at=at, **{f"{stage}_at": at or timezone.now()})

    def close(self, *, by: Person, at: datetime | None = None) -> None:
        """It is over; what was not said to be back to normal counts as normal from now."""
        if self.closed_at:
            raise Sorry(f"{self.name} is closed already.")
        at = at or timezone.now()
        self._change(
            "closed", "Closed the incident", by=by, at=at, closed_at=at, next_due_at=None,
            normal_at=self.normal_at or at,
        )  # fmt: skip

    def reopen(self, *, by: Person, at: datetime | None = None) -> None:
        """It came back, or was closed too early: being worked on again."""
        if self.is_open and not (self.eased_at or self.normal_at):
            raise Sorry(f"{self.name} is open and being worked on.")
        self._change("reopened", "Opened again", by=by, at=at, closed_at=None, normal_at=None, eased_at=None)

    def grade(self, severity: Severity, *, by: Person, at: datetime | None = None) -> None:
        if severity == self.severity:
            raise Sorry(f"It says “{severity.label}” already.")
        self._change("graded", f"How bad it is: {severity.label}", by=by, at=at, severity=severity.value)

    def describe(self, words: str, *, by: Person, at: datetime | None = None) -> None:
        """What customers see, in a sentence or two."""
        with transaction.atomic():
            self.note("described", f"What customers see: {words}", by=by, at=at)
            self.see(words)

    def see(self, words: str) -> None:
        """What customers see, from an entry that tells it already."""
        with transaction.atomic():
            self.summary = words
            self.save(update_fields=["summary"])
            self.index()
            self.show()

    def promise(self, due: datetime | None) -> None:
        """When the next update is due; None when none was promised."""
        self.next_due_at = due
        self.save(update_fields=["next_due_at"])

    def index(self) -> None:
        keep(
            "incident", self.pk, title=str(self), body=f"{self.title}\n{self.summary}", room=self.room,
            at=self.noticed_at, url=self.get_absolute_url(), person=self.opened_by, severity=self.severity,
            system=self.system.slug if self.system else "",
        )  # fmt: skip

    def _change(self, verb: str, words: str, *, by: Person, at: datetime | None, **fields: Any) -> None:
        with transaction.atomic():
            for name, value in fields.items():
                setattr(self, name, value)
            self.save(update_fields=list(fields))
            self.note(verb, words, by=by, at=at)
            self.index()
            self.show()

    def show(self) -> None:
        """Bring the cards that tell of it up to date, wherever they stand."""
        from fireside.incidents.drawn import redraw

        redraw(self)


def _free(slug: str) -> str:
    """The slug, or one beside it when somebody made a room of that name before."""
    taken = set(Room.objects.filter(slug__startswith=slug).values_list("slug", flat=True))
    return next(
        name for n in range(1, len(taken) + 2) if (name := slug if n == 1 else f"{slug}-{n}") not in taken
    )
