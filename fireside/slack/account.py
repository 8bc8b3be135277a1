"""Who somebody of Slack is here: matched by id, then by e-mail, else a person without a log-in."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any, ClassVar

from django.db import models, transaction
from django.utils import timezone

from fireside.hearth.people import Person, zones
from fireside.slack.calls import PATIENCE, Later, Refused, Unsure, call
from fireside.slack.installation import Installation, Lost
from fireside.slack.marks import clean

USER = re.compile(r"[A-Z0-9]{1,24}")
FRESH = timedelta(days=1)  # after which a name and a zone are read again


class Account(models.Model):
    """One user of one workspace, and the person they are."""

    installation = models.ForeignKey(Installation, on_delete=models.CASCADE, related_name="accounts")
    user_id = models.CharField(max_length=24)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="slack_accounts")
    name = models.CharField(max_length=80, blank=True, default="")
    email = models.CharField(max_length=254, blank=True, default="", db_default="")  # as Slack has proved it
    guest = models.BooleanField(default=False)  # Slack says so, or does not say who they are
    read_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint("installation", "user_id", name="one_account_each")]
        indexes: ClassVar = [models.Index(fields=["email"], name="slack_account_email")]

    def __str__(self) -> str:
        return f"{self.person} in {self.installation}"

    @property
    def unread(self) -> bool:
        """Is it long ago, or never, that Slack told us about them?"""
        return timezone.now() - self.read_at >= FRESH

    @property
    def silent(self) -> bool:
        """Somebody of another organisation, or not known yet: they are heard, and may ask for nothing."""
        return self.guest and not self.person.is_guest

    @classmethod
    def known(cls, installation: Installation, user_id: str) -> Account | None:
        found = cls.objects.select_related("person").filter(installation=installation, user_id=user_id)
        return found.first()

    @classmethod
    def meet(cls, installation: Installation, user_id: str, *, patience: int = PATIENCE) -> Account:
        """The account of this user, made when we first meet them.

        Whom Slack does not tell us about speaks under their id, and is a stranger until it does.
        ValueError when it is the id of nobody.
        """
        known = cls.known(installation, user_id)
        if known is not None and not known.unread:
            return known
        try:
            profile = call(installation, "users_info", user=user_id, patience=patience)["user"]
        except (Later, Unsure, Refused, Lost):
            return known or cls._unread(installation, user_id)
        return cls.learn(installation, profile)

    @classmethod
    def named(cls, installation: Installation, user_id: str) -> Account | None:
        """The account of a user whom somebody names; None when Slack knows nobody of this id."""
        known = cls.known(installation, user_id)
        if known is not None or not USER.fullmatch(user_id):
            return known
        try:
            return cls.learn(installation, call(installation, "users_info", user=user_id)["user"])
        except Refused:
            return None
        except (Later, Unsure, Lost):
            return cls._unread(installation, user_id)

    @classmethod
    def _unread(cls, installation: Installation, user_id: str) -> Account:
        profile = {"id": user_id, "name": user_id.lower(), "is_stranger": True}
        account = cls.learn(installation, profile)
        account.read_at -= FRESH  # so that Slack is asked again when they next act
        account.save(update_fields=["read_at"])
        return account

    @classmethod
    def learn(cls, installation: Installation, profile: dict[str, Any]) -> Account:
        """Keep what Slack says of a user (users.info's `user`, user_change's too)."""
        told = _Told(profile)
        with transaction.atomic():
            Installation.objects.select_for_update().get(
                pk=installation.pk
            )  # two words of a stranger at once
            known = cls.known(installation, told.user_id)
            if known is None:
                person = _person(installation, told)
                known = cls(installation=installation, user_id=told.user_id, person=person)
            known.person = (
                known.person if known.person.email else _by_email(installation, told) or known.person
            )
            if not known.person.email:
                _follow(known.person, told, back=known.ended_at is not None and not told.gone)
            known.name, known.guest, known.read_at = told.name, told.guest, timezone.now()
            known.email = told.email[:254].lower()
            known.ended_at = (known.ended_at or timezone.now()) if told.gone else None
            known.save()
        return known

    @classmethod
    def person_with(cls, email: str) -> Person | None:
        """Who has this proved e-mail in Slack, and so far no way to sign in here."""
        known = cls.objects.filter(
            email=email.lower(), ended_at=None, person__email=None, person__gone_at=None
        )
        found = known.select_related("person").order_by("pk").first()
        return found.person if found else None

    @classmethod
    def ids_of(cls, installation: Installation, people: Any) -> dict[int, str]:
        """The user ids of these people in this workspace, by their number here."""
        living = cls.objects.filter(installation=installation, person__in=people, ended_at=None)
        return dict(living.order_by("-pk").values_list("person_id", "user_id"))


class _Told:
    """What we read of a profile; whatever is missing or odd is simply not known."""

    def __init__(self, given: dict[str, Any]) -> None:
        profile = given.get("profile") if isinstance(given.get("profile"), dict) else {}
        assert isinstance(profile, dict)
        self.user_id = str(given.get("id", ""))
        if not USER.fullmatch(self.user_id):
            raise ValueError(f"{self.user_id[:24]!r} is not the id of a user")
        names = (
            profile.get("real_name"),
            given.get("real_name"),
            profile.get("display_name"),
            given.get("name"),
        )
        spoken = (" ".join(clean(str(name)).split())[:80] for name in names if name)
        self.name = next(filter(None, spoken), self.user_id)
        self.handle = clean(str(profile.get("display_name") or given.get("name") or self.name))
        self.zone = str(given.get("tz") or "")
        self.let_in = any(bool(given.get(sign)) for sign in ("is_restricted", "is_ultra_restricted"))
        self.guest = self.let_in or bool(given.get("is_stranger"))
        self.gone = bool(given.get("deleted"))
        sure = given.get("is_email_confirmed", True) and not self.guest
        self.email = clean(str(profile.get("email") or "")) if sure else ""


def _person(installation: Installation, told: _Told) -> Person:
    zone = told.zone if told.zone in zones() else "UTC"
    since = timezone.now() if told.let_in else None
    return _by_email(installation, told) or Person.welcome(
        told.name, handle=told.handle, zone=zone, guest_since=since
    )


def _by_email(installation: Installation, told: _Told) -> Person | None:
    """Who signs in here with this address, also when they came later than their words in Slack."""
    if not told.email:
        return None
    taken = Account.objects.filter(installation=installation).exclude(user_id=told.user_id)
    return Person.objects.filter(email__iexact=told.email).exclude(pk__in=taken.values("person")).first()


def _follow(person: Person, told: _Told, *, back: bool) -> None:
    """Somebody known only from Slack has the name and zone they have there, is a guest while they are, and
    leaves and comes with it.
    """
    person.name = told.name
    person.zone = told.zone if told.zone in zones() else person.zone
    person.guest_since = (person.guest_since or timezone.now()) if told.let_in else None
    if told.gone or back:  # what a keeper ended here stays ended
        person.deactivated_at = (person.deactivated_at or timezone.now()) if told.gone else None
    person.save(update_fields=["name", "zone", "guest_since", "deactivated_at"])
