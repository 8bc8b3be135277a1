"""Keys that programs hold: shown once, kept only as a hash, for a purpose and a time, ended at any time."""

from __future__ import annotations

import hashlib
import secrets
import zlib
from datetime import datetime, timedelta
from functools import partial
from typing import Any, ClassVar

from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone, translation
from django.utils.formats import date_format

from fireside.hearth import audit
from fireside.hearth.away import if_possible
from fireside.hearth.errors import NotYours, Sorry
from fireside.hearth.people import Person
from fireside.hearth.rooms import Room

READ, ACT = "read", "act"
SCOPES = {READ: "see what you could see", ACT: "do what you could do"}
DAYS = 90  # for so long a key works unless somebody chooses otherwise
SOON = timedelta(days=7)  # before a key ends its person is told
OFTEN = 60  # seconds after which a use is written down again


def digest(secret: str) -> str:
    """SHA-256 of a 256-bit random secret; such secrets need no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()


def minted(prefix: str) -> str:
    """A new secret: what it opens, 256 bits, and a CRC-32 by which scanners know it from look-alikes."""
    secret = f"{prefix}{secrets.token_urlsafe(32)}"
    return f"{secret}{zlib.crc32(secret.encode()):08x}"


class Shut(Exception):
    """This secret does not open that door: the sentence says why, `needs` which scope is missing."""

    def __init__(self, words: str, needs: str = "") -> None:
        super().__init__(words)
        self.words, self.needs = words, needs


def by_hand(door: str) -> None:
    """Sorry for a program that would hand on what it was given: whoever ends its key ends all it can do."""
    if door == "api":
        raise NotYours("A key makes and takes no keys and lets nobody in. A person could, on the page.")


class Held(models.Model):
    """A secret that somebody else holds: its hash, and for a while the hash of the one before it."""

    PREFIX: ClassVar[str]

    name = models.CharField(max_length=80)
    hash = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField(default=timezone.now)
    used_at = models.DateTimeField(null=True, blank=True)
    days = models.PositiveIntegerField(null=True, blank=True)  # how long a secret works; empty: until ended
    expires_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    old_hash = models.CharField(max_length=64, null=True, blank=True, unique=True)
    old_until = models.DateTimeField(null=True, blank=True)
    old_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True

    @property
    def is_expired(self) -> bool:
        return self.expires_at is not None and self.expires_at <= timezone.now()

    @property
    def old_works(self) -> bool:
        """Does the secret before this one still open something?"""
        return self.old_until is not None and self.old_until > timezone.now()

    @property
    def last_used(self) -> datetime | None:
        """When either of its secrets was used last."""
        return self.old_used_at if self.uses_old else self.used_at

    @property
    def uses_old(self) -> bool:
        """Was the secret before this one used later than this one?"""
        return self.old_used_at is not None and (self.used_at is None or self.used_at < self.old_used_at)

    def fresh(self) -> str:
        """A new secret with its time; the caller saves it, and tells the secret to one person."""
        secret = minted(self.PREFIX)
        self.hash, self.used_at = digest(secret), None
        self.expires_at = timezone.now() + timedelta(days=self.days) if self.days else None
        return secret

    def replace(self, overlap: timedelta) -> str:
        """A new secret; the one so far works on for the overlap, and never longer than it would have."""
        until = timezone.now() + overlap
        self.old_until = min(until, self.expires_at) if self.expires_at else until
        self.old_hash, self.old_used_at = self.hash, self.used_at
        return self.fresh()

    def drop_old(self) -> None:
        """From now on only the newest secret opens anything; the caller saves it."""
        self.old_hash = self.old_until = self.old_used_at = None


class Key(Held):
    """A token with which a program acts as one person, and never does more than they could."""

    PREFIX = "fs_"

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="api_keys")
    scopes = models.CharField(max_length=40, default=f"{READ} {ACT}", db_default=f"{READ} {ACT}")
    in_rooms = models.BooleanField(default=False, db_default=False)  # only in `rooms`, also when none is left
    rooms = models.ManyToManyField(Room, related_name="+", blank=True)
    used_from = models.CharField(max_length=45, blank=True, default="", db_default="")
    told_at = models.DateTimeField(null=True, blank=True)  # that it ends soon

    def __str__(self) -> str:
        return f"{self.name} of {self.person}"

    @classmethod
    def make(
        cls,
        person: Person,
        name: str,
        *,
        scopes: str = f"{READ} {ACT}",
        days: int | None = DAYS,
        rooms: list[Room] | None = None,
    ) -> tuple[Key, str]:
        """A new key and its secret, which is never shown again."""
        if person.is_guest:
            raise Sorry("Guests have no keys. Somebody of this organisation could make one for the program.")
        key = cls(person=person, name=name, scopes=scopes, days=days, in_rooms=bool(rooms))
        secret = key.fresh()
        with transaction.atomic():
            key.save()
            key.rooms.set(rooms or [])
            key._write("key.made", person, scopes=scopes, days=days, rooms=[room.pk for room in rooms or []])
        return key, secret

    def rotate(self, overlap: timedelta, *, by: Person) -> str:
        """A new secret, to be put where the old one is while both work."""
        with transaction.atomic():
            self.refresh_from_db(from_queryset=Key.objects.select_for_update())
            secret = self.replace(overlap)
            self.told_at = None
            self.save()
            self._write("key.rotated", by, days=overlap.days)
        return secret

    def end_old(self, *, by: Person) -> None:
        """The secret before the newest opens nothing any more."""
        with transaction.atomic():
            self.refresh_from_db(from_queryset=Key.objects.select_for_update())
            self.drop_old()
            self.save()
            self._write("key.old-ended", by)

    def end(self, *, by: Person) -> None:
        """From now on this key opens nothing."""
        with transaction.atomic():
            Key.objects.filter(pk=self.pk).update(ended_at=timezone.now())
            self._write("key.ended", by)

    def _write(self, verb: str, by: Person, **data: Any) -> None:
        audit.write(verb, by=by, about=f"key:{self.pk}", **data)

    @classmethod
    def let_in(cls, secret: str, needs: str = READ) -> Person:
        """Whose key this is, seeing no more than it may; Shut when it opens nothing or not that."""
        hashed = digest(secret)
        known = cls.objects.select_related("person").filter(Q(hash=hashed) | Q(old_hash=hashed)).first()
        if known is None or known.ended_at is not None or known.person.is_guest or not known.person.is_active:
            raise Shut("This key is not known, or it has been ended.")
        known._still_works(is_old=known.hash != hashed)
        if needs not in known.scopes.split():
            raise Shut(f"This key may not {needs}: the scope it has is {known.scopes}.", needs)
        known._is_used(is_old=known.hash != hashed)
        if known.in_rooms:
            known.person.within = frozenset(known.rooms.values_list("pk", flat=True))
        return known.person

    def _still_works(self, *, is_old: bool) -> None:
        if is_old and not self.old_works:
            raise Shut("This secret was replaced by a new one, and its time is over.")
        if not is_old and self.is_expired:
            raise Shut(f"This key worked until {self.ends_on}. Settings, My keys gives it a new secret.")

    @property
    def ends_on(self) -> str:
        """ "12 December 2026", where its person is."""
        with translation.override("en"):
            return date_format(self.expires_at.astimezone(self.person.tz), "j F Y") if self.expires_at else ""

    def _is_used(self, *, is_old: bool) -> None:
        now, last = timezone.now(), self.old_used_at if is_old else self.used_at
        if last is None or (now - last).total_seconds() > OFTEN:
            used = {"old_used_at" if is_old else "used_at": now, "used_from": audit.address()}
            if_possible(partial(Key.objects.filter(pk=self.pk).update, **used))


def ending_soon() -> models.QuerySet[Key]:
    """Living keys of people here that end within a week."""
    now = timezone.now()
    living = Key.objects.filter(ended_at=None, person__deactivated_at=None, expires_at__gt=now)
    return living.filter(expires_at__lte=now + SOON).select_related("person").order_by("expires_at")
