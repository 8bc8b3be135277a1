"""What holds a key to our rooms: what it may do, who keeps it, when somebody last looked, how it goes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any, ClassVar

from django.db import models, transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from fireside.hearth import audit
from fireside.hearth.cards import Card
from fireside.hearth.errors import Sorry
from fireside.hearth.order import in_turn
from fireside.hearth.people import Person
from fireside.hearth.rooms import Room, visible
from fireside.hearth.timeline import Record
from fireside.keys.meanings import Meaning, Place, explain, whose

audit.know(
    holder_connected="connected something to the rooms",
    holder_grew="let something that is connected do more",
    holder_kept="took on keeping something that is connected", holder_ended="disconnected something",
    holder_imported="brought in a list of what is connected",
)  # fmt: skip

LOOK_AGAIN = timedelta(days=90)
UNUSED = timedelta(days=90)
NOT_NOW = timedelta(days=14)


class Holder(Record):
    """One bot, integration, webhook, feed or token: what it may read and do, and who looks after it."""

    class Kind(models.TextChoices):
        APP = "app", "an app or a bot"
        WEBHOOK = "webhook", "a webhook"
        FEED = "feed", "a feed"
        TOKEN = "token", "a token"
        SOURCE = "source", "a source of alerts"
        OTHER = "other", "something else"

    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.APP)
    vendor = models.CharField(max_length=80, blank=True, default="")
    place = models.CharField(max_length=10, choices=Place.choices, blank=True, default="")
    scopes = models.JSONField(default=list, blank=True)  # as they came
    may = models.CharField(max_length=300, blank=True, default="")  # in words, where there are no scopes
    why = models.CharField(max_length=300, blank=True, default="")
    less = models.CharField(max_length=300, blank=True, default="")  # could it do with less?
    way_out = models.CharField(max_length=300, blank=True, default="")  # how it is taken away
    mark = models.CharField(max_length=120, null=True, blank=True, unique=True)  # "source:3", "slack/A123"
    ours = models.BooleanField(default=False)  # Fireside itself lets it in and tells about it
    room = models.ForeignKey(Room, null=True, blank=True, on_delete=models.SET_NULL, related_name="holders")
    by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    by_name = models.CharField(max_length=120, blank=True, default="")  # whom only the other place knows
    keeper = models.ForeignKey(
        Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="keeps_keys"
    )
    added_at = models.DateTimeField(default=timezone.now)
    used_at = models.DateTimeField(null=True, blank=True)
    reviewed_at = models.DateTimeField(null=True, blank=True)
    review_by = models.DateField()
    gained = models.JSONField(default=list, blank=True)  # scopes nobody has looked at yet
    grew_at = models.DateTimeField(null=True, blank=True)
    told = models.JSONField(default=list, blank=True)  # what its room was asked already, once each
    quiet_until = models.DateField(null=True, blank=True)  # "not now"
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["name", "pk"]
        indexes: ClassVar = [
            models.Index("room", "id", name="holder_room", condition=Q(ended_at=None)),
            models.Index("review_by", name="holder_review", condition=Q(ended_at=None)),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def home(self) -> Room | None:
        return self.room

    def get_absolute_url(self) -> str:
        return reverse("holder", args=[self.pk])

    # -- finding -----------------------------------------------------------------------------------------

    @classmethod
    def seen_by(cls, person: Person) -> models.QuerySet[Holder]:
        """What this person may know of: all but what is connected to a room they may not enter."""
        return visible(cls.objects.select_related("room", "keeper", "by"), person)

    @classmethod
    def named(cls, words: str, *, person: Person) -> Holder:
        """ "holder:12", "12" or its name, of what is connected now; Sorry when it is none or several."""
        wish = words.strip()[:200]  # a longer one is the name of nothing
        number = wish.removeprefix("holder:").lstrip("#")
        living = cls.seen_by(person).filter(ended_at=None)
        if number.isdecimal() and len(number) < 19 and (one := living.filter(pk=int(number)).first()):
            return one
        found = list(living.filter(name__iexact=wish)[:2]) or list(living.filter(name__istartswith=wish)[:6])
        if len(found) == 1:
            return found[0]
        if not found:
            raise Sorry(f"Nothing called {wish} is connected. /keys lists what is.")
        which = ", ".join(f"holder:{one.pk} ({one.name})" for one in found)
        raise Sorry(f"More than one could be {wish}: {which}. Which one do you mean?")

    # -- what it may do ----------------------------------------------------------------------------------

    def meanings(self) -> list[Meaning]:
        """What its scopes allow, worst first."""
        return explain(self.scopes, self.place)

    @property
    def weight(self) -> tuple[int, int]:
        """What reaches furthest is largest; it orders the list and says nothing of people."""
        return max((one.weight for one in self.meanings()), default=(0, 0))

    @property
    def keeper_left(self) -> bool:
        return self.keeper is None or not self.keeper.is_active

    @property
    def kept_by(self) -> Person | None:
        """Whoever keeps it and is still here."""
        return None if self.keeper_left else self.keeper

    def unused(self, today: date) -> bool:
        """Is it known that nobody used it for long? Where nothing tells of use, nobody knows."""
        return self.used_at is not None and self.used_at.date() <= today - UNUSED

    # -- what people do ----------------------------------------------------------------------------------

    @classmethod
    def connect(cls, name: str, *, by: Person | None, review_by: date | None = None, **told: Any) -> Holder:
        """A new one, with what was told of it: kind, vendor, scopes, why, keeper, room ..."""
        now = timezone.now()
        told.setdefault("place", whose(told.get("scopes", [])))
        with transaction.atomic():
            one = cls.objects.create(
                name=name[:120], by=by, review_by=review_by or (now + LOOK_AGAIN).date(), **told
            )
            one.note("connected", f"connected {one.name}", by=by)
        return one

    def describe(self, *, by: Person | None, scopes: Iterable[str] | None = None, **told: Any) -> None:
        """Say more about it; what is not mentioned stays. More scopes than before are told openly."""
        with transaction.atomic():
            in_turn()
            for name, value in told.items():
                setattr(self, name, value)
            self.save()
            self.note("described", f"described {self.name} better", by=by)
            if scopes is not None:
                self.now_has(list(scopes), by=by)

    def now_has(self, scopes: list[str], *, by: Person | None) -> list[str]:
        """Keep what it may do now; gives what is new, which is noted so that people hear of it."""
        gained, lost = (
            [s for s in scopes if s not in self.scopes],
            [s for s in self.scopes if s not in scopes],
        )
        if not gained and not lost:
            return []
        with transaction.atomic():
            in_turn()
            self.scopes, self.place = scopes, self.place or whose(scopes)
            self.gained = [s for s in dict.fromkeys([*self.gained, *gained]) if s in scopes]
            if gained:
                self.grew_at = timezone.now()
                self.note("grew", f"{self.name} may do more than before", by=by, gained=gained, lost=lost)
            else:
                self.note("shrank", f"{self.name} may do less than before", by=by, lost=lost)
            self.save()
        return gained

    def keep(self, keeper: Person, *, by: Person) -> None:
        """From now on this person keeps it."""
        with transaction.atomic():
            in_turn()
            self.keeper, self.quiet_until = keeper, None
            self.save(update_fields=["keeper", "quiet_until"])
            words = (
                f"keeps {self.name} from now on"
                if keeper == by
                else f"asked {keeper.name} to keep {self.name}"
            )
            self.note("kept", words, by=by)

    def reviewed(self, until: date, *, by: Person) -> None:
        """Somebody looked at it: all is as it was meant, until the next time."""
        with transaction.atomic():
            in_turn()
            self.reviewed_at, self.review_by = timezone.now(), until
            self.gained, self.grew_at, self.quiet_until = [], None, None
            self.save(update_fields=["reviewed_at", "review_by", "gained", "grew_at", "quiet_until"])
            self.note("reviewed", f"looked at {self.name}; the next time is {until:%Y-%m-%d}", by=by)

    def not_now(self, *, by: Person) -> date:
        """Nobody is asked about it for two weeks; gives the day until when."""
        with transaction.atomic():
            in_turn()
            self.quiet_until = timezone.localdate() + NOT_NOW
            self.save(update_fields=["quiet_until"])
            self.note("put-off", f"would rather look at {self.name} in two weeks", by=by)
        return self.quiet_until

    def end(self, *, by: Person | None) -> None:
        """It is no longer connected; what was known of it stays."""
        with transaction.atomic():
            in_turn()
            self.ended_at = timezone.now()
            self.save(update_fields=["ended_at"])
            self.note("ended", f"disconnected {self.name}", by=by)

    def card(self) -> Card:
        from fireside.keys.cards import draw  # drawing points to holders

        return draw(self)
