"""What machines tell us: sources, their deliveries, the alerts in them, and groups that are one card each."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from django.db import models, transaction
from django.urls import reverse
from django.utils import timezone

from fireside.hearth import audit
from fireside.hearth.cards import Card
from fireside.hearth.errors import Sorry
from fireside.hearth.keys import Held
from fireside.hearth.messages import Message
from fireside.hearth.people import Person
from fireside.hearth.rooms import Room, visible
from fireside.hearth.timeline import Record, note
from fireside.systems.models import System

audit.know(
    source_made="made a token for a source of alerts", source_ended="ended a source of alerts",
    source_rotated="gave a source of alerts a new token",
)  # fmt: skip
VOICE = "Alerts"
FLAP = timedelta(minutes=30)  # firing again this soon after it was over is the same trouble


class Source(Held):
    """A machine that may tell us about alerts: a Prometheus, an Alertmanager, what speaks like them."""

    PREFIX = "fi_"

    made_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering: ClassVar = ["name", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint("name", condition=models.Q(ended_at=None), name="one_living_source")
        ]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def make(cls, name: str, *, by: Person | None = None, days: int | None = None) -> tuple[Source, str]:
        """A source and its secret, which is never shown again; a source that is there gets a new one."""
        name = name.strip()[:80]
        if not name:
            raise Sorry("A source needs a name: what is it that calls?", field="name")
        with transaction.atomic():
            source = cls.objects.filter(name=name, ended_at=None).first() or cls(name=name, made_by=by)
            source.drop_old()
            source.days = days
            secret = source.fresh()
            source.save()
            note("source.made", f"made a token for {name}", by=by, about=f"source:{source.pk}")
        return source, secret

    def rotate(self, overlap: timedelta, *, by: Person) -> str:
        """A new token, to be put where the old one is while both work."""
        with transaction.atomic():
            self.refresh_from_db(from_queryset=Source.objects.select_for_update())
            secret = self.replace(overlap)
            self.save()
            note("source.rotated", f"made a new token for {self.name}", by=by, about=f"source:{self.pk}")
        return secret

    def end(self, *, by: Person | None) -> None:
        """From now on this source is not listened to."""
        with transaction.atomic():
            self.ended_at = timezone.now()
            self.save(update_fields=["ended_at"])
            note("source.ended", f"ended the token of {self.name}", by=by, about=f"source:{self.pk}")


class Delivery(models.Model):
    """The inbox: what a source sent, byte for byte, kept before it is answered and handled after."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="deliveries", db_index=False)
    at = models.DateTimeField()
    form = models.CharField(max_length=8)  # "webhook" or "alerts"
    sha256 = models.CharField(max_length=64)
    size = models.PositiveIntegerField()
    body = models.BinaryField()
    handled_at = models.DateTimeField(null=True, blank=True)
    trouble = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        indexes: ClassVar = [
            models.Index("id", name="delivery_waiting", condition=models.Q(handled_at=None)),
            models.Index("source", "sha256", "id", name="delivery_same"),
            models.Index("at", name="delivery_old"),
            models.Index("id", name="delivery_trouble", condition=~models.Q(trouble="")),
        ]

    def __str__(self) -> str:
        return f"delivery {self.pk} from {self.source}"

    @classmethod
    def troubled(cls) -> models.QuerySet[Delivery]:
        """Those we could take but not understand, newest first."""
        troubled = cls.objects.filter(~models.Q(trouble="")).defer("body")
        return troubled.select_related("source").order_by("-pk")


class Group(Record):
    """Alerts of one name from one system in one room, from first firing to back to normal: one card."""

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="alert_groups")
    system = models.ForeignKey(
        System, null=True, blank=True, on_delete=models.SET_NULL, related_name="alert_groups"
    )
    alertname = models.CharField(max_length=200, blank=True, default="")  # "*": a storm of many names
    title = models.CharField(max_length=300)
    impact = models.TextField(blank=True, default="")  # what customers see, as the alert tells it
    says = models.TextField(blank=True, default="")  # its description
    runbook_urls = models.JSONField(default=list, blank=True)
    group_keys = models.JSONField(default=list, blank=True)  # Alertmanager's own, as data
    message = models.OneToOneField(
        Message, null=True, blank=True, on_delete=models.SET_NULL, related_name="alert_group"
    )
    opened_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True, blank=True)
    firing = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    truncated = models.PositiveIntegerField(default=0)
    counts = models.JSONField(default=list, blank=True)  # [[minute, firing], ...] of the last hour
    helpers = models.ManyToManyField(Person, related_name="+", blank=True)
    incident = models.CharField(max_length=60, blank=True, default="")  # "incident:3", told by a later stage
    grown = models.PositiveIntegerField(default=0)  # more firing than the last trace told
    traced_at = models.DateTimeField()
    drawn_at = models.DateTimeField(null=True, blank=True)
    stale = models.BooleanField(default=False)  # the card is behind, and waits for its turn

    class Meta:
        ordering: ClassVar = ["-pk"]
        indexes: ClassVar = [
            models.Index("room", "system", "alertname", "id", name="group_card"),
            models.Index("id", name="group_firing", condition=models.Q(resolved_at=None)),
            models.Index("id", name="group_behind", condition=models.Q(stale=True) | models.Q(grown__gt=0)),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def home(self) -> Room | None:
        return self.room

    def get_absolute_url(self) -> str:
        return reverse("group", args=[self.pk])

    def card(self) -> Card:
        from fireside.alerts.cards import draw  # drawing points to groups

        return draw(self)

    @classmethod
    def named(cls, words: str, *, person: Person) -> Group:
        """ "group:12" or "12", when this person may see it."""
        number = words.strip().removeprefix("group:").lstrip("#")
        groups = visible(cls.objects.select_related("room", "system"), person)
        found = groups.filter(pk=int(number)).first() if number.isdecimal() and len(number) < 19 else None
        if found is None:
            raise Sorry(f"There is no alert {words}. /alerts tells what fires now.")
        return found

    def earlier(self, most: int = 3) -> list[Group]:
        """The last times the same thing fired here."""
        same = Group.objects.filter(
            room=self.room_id, system=self.system_id, alertname=self.alertname, pk__lt=self.pk
        )
        return list(same.order_by("-pk")[:most])

    def take(self, *, by: Person) -> bool:
        """This person is on it, and the card says so; tells whether that is news."""
        with transaction.atomic():
            self.refresh_from_db(from_queryset=Group.objects.select_for_update())
            if self.helpers.filter(pk=by.pk).exists():
                return False
            self.helpers.add(by)
            self.note("taken", f"{by.name} is on it: {self.title}", by=by)
            self.redraw(trace=f"{by.name} is on it")
        return True

    def redraw(self, trace: str = "") -> None:
        """Bring the card up to date; call it in the transaction that changed something."""
        self.drawn_at, self.stale = timezone.now(), False
        if self.message is None:
            self.message = self.room.say(voice=VOICE, card=self.card(), key=f"card:{self.ref}")
        else:
            self.message.redraw(self.card(), trace=trace, voice=VOICE)
        self.save(update_fields=["message", "drawn_at", "stale"])


class Alert(models.Model):
    """One alert of one source, known by its fingerprint; within a group it may fire many times."""

    # Both are first in an index below; one more of their own costs time, and leads planners astray.
    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="alerts", db_index=False)
    fingerprint = models.CharField(max_length=64)
    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="alerts", db_index=False)
    labels = models.JSONField(default=dict)
    annotations = models.JSONField(default=dict, blank=True)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)  # when it counts as over unless it is told again
    resolved_at = models.DateTimeField(null=True, blank=True)
    last_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint("source", "fingerprint", "group", name="one_alert_each")
        ]
        indexes: ClassVar = [
            models.Index("group", "resolved_at", "id", name="alert_group"),
            models.Index("ends_at", name="alert_ends", condition=models.Q(resolved_at=None)),
        ]

    def __str__(self) -> str:
        return str(self.labels.get("alertname") or self.fingerprint)
