"""Keys that programs hold: shown once, kept only as a hash, ended at any time."""

from __future__ import annotations

import hashlib
import secrets
from functools import partial

from django.db import models, transaction
from django.utils import timezone

from fireside.hearth import audit
from fireside.hearth.away import if_possible
from fireside.hearth.errors import Sorry
from fireside.hearth.people import Person


def digest(secret: str) -> str:
    """SHA-256 of a 256-bit random secret; such secrets need no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()


class Key(models.Model):
    """A token with which a program acts as one person."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=80)
    hash = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField(default=timezone.now)
    used_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.name} of {self.person}"

    @classmethod
    def make(cls, person: Person, name: str) -> tuple[Key, str]:
        """A new key and its secret, which is never shown again."""
        if person.is_guest:
            raise Sorry("Guests have no keys. Somebody of this organisation could make one for the program.")
        secret = f"fs_{secrets.token_urlsafe(32)}"
        with transaction.atomic():
            key = cls.objects.create(person=person, name=name, hash=digest(secret))
            audit.write("key.made", by=person, about=f"key:{key.pk}")
        return key, secret

    def end(self, *, by: Person) -> None:
        """From now on this key opens nothing."""
        with transaction.atomic():
            Key.objects.filter(pk=self.pk).update(ended_at=timezone.now())
            audit.write("key.ended", by=by, about=f"key:{self.pk}")

    @classmethod
    def holder(cls, secret: str) -> Person | None:
        """The active person whose living key this is; guests hold none."""
        key = (
            cls.objects.select_related("person")
            .filter(hash=digest(secret), ended_at=None, person__deactivated_at=None, person__guest_since=None)
            .first()
        )
        if key is None:
            return None
        now = timezone.now()
        if key.used_at is None or (now - key.used_at).total_seconds() > 60:
            if_possible(partial(cls.objects.filter(pk=key.pk).update, used_at=now))
        return key.person
