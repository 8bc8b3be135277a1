"""Who: people, the teams they are in, and the organisation they share."""

from __future__ import annotations

import hashlib
import re
import secrets
import zoneinfo
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Any, ClassVar, Self

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify

from fireside.hearth.errors import Sorry

HANDLE = re.compile(r"[a-z0-9][a-z0-9._-]{0,38}")
HUES = 6


class Role(IntEnum):
    """What somebody is here; each may do what those before may."""

    GUEST = 0  # from outside: in the rooms they were brought into, until a day
    MEMBER = 1
    KEEPER = 2  # runs the house, and sees no more of it


def zones() -> list[str]:
    return sorted(zone for zone in zoneinfo.available_timezones() if "/" in zone or zone == "UTC")


class Organisation(models.Model):
    """The people who share this Fireside; there is one row."""

    name = models.CharField(max_length=80)
    zone = models.CharField(max_length=64, default="UTC")
    made_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.name

    @classmethod
    def current(cls) -> Organisation | None:
        return cls.objects.order_by("pk").first()


class Team(models.Model):
    """People who look after something together."""

    name = models.CharField(max_length=60, unique=True)
    slug = models.SlugField(max_length=60, unique=True)
    purpose = models.CharField(max_length=200, blank=True, default="")
    room = models.ForeignKey(
        "hearth.Room", null=True, blank=True, on_delete=models.SET_NULL, related_name="home_of"
    )

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("team", args=[self.slug])

    @classmethod
    def named(cls, words: str) -> Team:
        """The team called `words` ("@payments", "Payments"); Sorry when there is none."""
        name = words.strip().lstrip("@#")
        found = cls.objects.filter(models.Q(slug=slugify(name)) | models.Q(name__iexact=name)).first()
        if found is None:
            raise Sorry(f"There is no team called {name}. /teams lists them.")
        return found


class PersonManager(BaseUserManager["Person"]):
    def get_by_natural_key(self, username: str | None) -> Person:
        return self.get(email__iexact=username)


class Person(AbstractBaseUser):
    """Someone: with a log-in, or known only by their words elsewhere and credited for them."""

    name = models.CharField(max_length=80)
    handle = models.CharField(max_length=39, unique=True)
    email = models.EmailField(unique=True, null=True, blank=True)
    zone = models.CharField(max_length=64, default="UTC")
    language = models.CharField(max_length=12, default="en")
    theme = models.CharField(max_length=5, blank=True, default="")
    hue = models.PositiveSmallIntegerField(default=1)
    about = models.CharField(max_length=200, blank=True, default="")
    teams = models.ManyToManyField(Team, related_name="members", blank=True)
    keeper_since = models.DateTimeField(null=True, blank=True)
    guest_since = models.DateTimeField(null=True, blank=True)
    guest_until = models.DateTimeField(null=True, blank=True)  # a guest of Slack is one until Slack says
    joined_at = models.DateTimeField(default=timezone.now)
    deactivated_at = models.DateTimeField(null=True, blank=True)
    goes_at = models.DateTimeField(null=True, blank=True)  # when they are deleted, unless they stay
    words_go = models.BooleanField(default=False, db_default=False)  # and their words with them
    gone_at = models.DateTimeField(null=True, blank=True)  # only the number is left

    # The rooms that a program acting for this person is held to; None: wherever they could go themselves.
    within: frozenset[int] | None = None

    objects = PersonManager()
    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        ordering: ClassVar = ["name", "pk"]

    def __str__(self) -> str:
        return self.name

    @property
    def is_active(self) -> bool:  # type: ignore[override]
        return self.deactivated_at is None and not self.is_over

    @property
    def is_over(self) -> bool:
        """Has a guest's last day passed? Then they are out, whether or not anybody has noted it yet."""
        return self.guest_until is not None and self.guest_until <= timezone.now()

    @property
    def is_guest(self) -> bool:
        return self.guest_since is not None

    @property
    def is_keeper(self) -> bool:
        """Do they look after the house? Never through a key that is for some rooms."""
        return self.role == Role.KEEPER and self.is_active

    @property
    def role(self) -> Role:
        if self.is_guest:
            return Role.GUEST
        keeps = self.keeper_since is not None and self.within is None  # never by a key that is for some rooms
        return Role.KEEPER if keeps else Role.MEMBER

    @property
    def initials(self) -> str:
        words = [word for word in re.split(r"[\s._-]+", self.name) if word]
        return (
            "".join(word[0] for word in (words[0], words[-1])) if len(words) > 1 else self.name[:2]
        ).upper()

    @property
    def tz(self) -> zoneinfo.ZoneInfo:
        return zoneinfo.ZoneInfo(self.zone)

    def get_absolute_url(self) -> str:
        return reverse("person", args=[self.handle])

    @classmethod
    def welcome(cls, name: str, *, email: str | None = None, handle: str = "", **more: Any) -> Self:
        """Make a person with a free handle; `handle` is a wish, not a promise."""
        handle = cls.free_handle(handle or name)
        hue = int(hashlib.sha256(handle.encode()).hexdigest(), 16) % HUES + 1
        person = cls(
            name=name.strip(), email=email.lower() if email else None, handle=handle, hue=hue, **more
        )
        person.set_unusable_password()
        person.save()
        return person

    @classmethod
    def free_handle(cls, wish: str) -> str:
        base = (slugify(wish.split("@")[0]).replace("_", "-") or "someone")[:30]
        taken = set(cls.objects.filter(handle__startswith=base).values_list("handle", flat=True))
        return next(
            h for n in range(1, len(taken) + 2) if (h := base if n == 1 else f"{base}-{n}") not in taken
        )

    @classmethod
    def known_to(cls, person: Person) -> models.QuerySet[Person]:
        """Whom this person may know of: everybody; for a guest, those with a seat in a room of theirs."""
        if not person.is_guest:
            return cls.objects.all()
        beside = cls.objects.filter(seats__room__in=person.seats.values("room"))
        return cls.objects.filter(models.Q(pk=person.pk) | models.Q(pk__in=beside.values("pk")))

    @classmethod
    def named(cls, words: str, *, by: Person | None) -> Person:
        """The one active person meant by `words`: "@bo", "bo", "Bo Lund" or a unique beginning of either;
        among those whom `by` may know of."""
        wish = words.strip().lstrip("@").rstrip(",")
        if not wish:
            raise Sorry("Whom do you mean? Write @ and the beginning of a name.")
        active = (cls.known_to(by) if by else cls.objects.all()).filter(deactivated_at=None)
        exact = active.filter(models.Q(handle__iexact=wish) | models.Q(name__iexact=wish))[:2]
        close = (
            exact or active.filter(models.Q(handle__istartswith=wish) | models.Q(name__istartswith=wish))[:6]
        )
        if len(close) == 1:
            return close[0]
        if not close:
            raise Sorry(f"Nobody here is called {wish}. You could look in People for the right handle.")
        who = ", ".join(f"@{person.handle} ({person.name})" for person in close)
        raise Sorry(f"More than one person could be {wish}: {who}. Which one do you mean?")

    def not_the_last_keeper(self) -> None:
        """Sorry when nobody would be left to look after the house."""
        others = Person.objects.filter(keeper_since__isnull=False, deactivated_at=None).exclude(pk=self.pk)
        if self.is_keeper and not others.exists():
            raise Sorry("This is the last keeper. Make someone else a keeper first.")

    def deactivate(self, *, by: Person | None) -> None:
        """End this person's access at once; their words stay, with their name."""
        self.not_the_last_keeper()
        from fireside.hearth import signins
        from fireside.hearth.timeline import note

        self.deactivated_at = timezone.now()
        self.save(update_fields=["deactivated_at"])
        self.api_keys.update(ended_at=self.deactivated_at)
        signins.end_all(self)  # who gets access back signs in anew
        note("person.deactivated", f"{self.name} no longer has access", by=by, about=f"person:{self.pk}")

    def reactivate(self, *, by: Person) -> None:
        from fireside.hearth.timeline import note

        self.deactivated_at, self.goes_at, self.words_go = None, None, False
        self.save(update_fields=["deactivated_at", "goes_at", "words_go"])
        note("person.reactivated", f"{self.name} has access again", by=by, about=f"person:{self.pk}")


class Invitation(models.Model):
    """A link that lets one or more people in, until it expires or is ended."""

    secret = models.CharField(max_length=43, unique=True)
    made_by = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="invitations")
    made_at = models.DateTimeField(default=timezone.now)
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.SET_NULL)
    rooms = models.ManyToManyField("hearth.Room", related_name="+", blank=True)  # of a guest
    guest_until = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"Invitation by {self.made_by}"

    @classmethod
    def make(
        cls, *, by: Person, team: Team | None = None, days: int = 7, guest_until: datetime | None = None
    ) -> Invitation:
        closes = timezone.now() + timedelta(days=days)
        return cls.objects.create(
            secret=secrets.token_urlsafe(32), made_by=by, team=team, guest_until=guest_until,
            expires_at=min(closes, guest_until) if guest_until else closes,
        )  # fmt: skip

    @classmethod
    def open_now(cls, secret: str, moment: datetime | None = None) -> Invitation | None:
        return cls.objects.filter(
            secret=secret,
            ended_at=None,
            expires_at__gt=moment or timezone.now(),
            made_by__deactivated_at=None,
        ).first()
