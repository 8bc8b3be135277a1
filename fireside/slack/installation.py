"""A workspace that let us in: its tokens, what we may do there, and whether it goes well."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from django.conf import settings
from django.db import models, transaction
from django.utils import timezone

from fireside.hearth import audit
from fireside.hearth.seal import Unsealable, seal, unseal
from fireside.hearth.timeline import Cursor, Entry, note
from fireside.slack.scopes import wanted

audit.know(
    slack_installed="connected a workspace of Slack", slack_ended="lost a workspace of Slack",
    slack_changed="changed what Slack is for", slack_linked="made {it} and a channel of Slack one",
    slack_unlinked="took {it} and a channel of Slack apart",
)  # fmt: skip

SOON = timedelta(hours=2)  # a token that ends within this is exchanged before it is used
CURSOR = "slack"  # how far those have come who carry words to Slack
STATE_FOR = timedelta(minutes=10)


class Lost(Exception):
    """There is no token with which to speak to this workspace."""


class Installation(models.Model):
    """One workspace, or with an empty `team_id` one whole Grid organisation."""

    enterprise_id = models.CharField(max_length=24, blank=True, default="")
    team_id = models.CharField(max_length=24, blank=True, default="")
    name = models.CharField(max_length=120, blank=True, default="")
    url = models.CharField(max_length=200, blank=True, default="")
    app_id = models.CharField(max_length=24, blank=True, default="")
    bot_id = models.CharField(max_length=24, blank=True, default="")
    bot_user_id = models.CharField(max_length=24, blank=True, default="")
    scopes = models.TextField(blank=True, default="")  # as granted, divided by commas
    token = models.TextField(blank=True, default="")  # sealed; empty when it stands in the environment
    refresh = models.TextField(blank=True, default="")  # sealed
    expires_at = models.DateTimeField(null=True, blank=True)
    installed_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)
    trouble = models.CharField(
        max_length=200, blank=True, default=""
    )  # why it does not go well, as Slack says
    trouble_at = models.DateTimeField(null=True, blank=True)
    deaf = models.CharField(max_length=200, blank=True, default="")  # why nothing comes in by socket
    makes_channels = models.BooleanField(default=True)  # for incidents

    class Meta:
        ordering: ClassVar = ["pk"]
        constraints: ClassVar = [
            models.UniqueConstraint("enterprise_id", "team_id", name="one_installation_each")
        ]

    def __str__(self) -> str:
        return self.name or self.team_id or self.enterprise_id

    @property
    def is_org(self) -> bool:
        return not self.team_id

    @property
    def granted(self) -> set[str]:
        return {scope for scope in self.scopes.split(",") if scope}

    @property
    def missing(self) -> list[str]:
        """The scopes we would use here and were not granted."""
        return sorted(set(wanted()) - self.granted)

    def may(self, scope: str) -> bool:
        return scope in self.granted

    # -- finding -----------------------------------------------------------------------------------------

    @classmethod
    def living(cls) -> models.QuerySet[Installation]:
        return cls.objects.filter(ended_at=None)

    @classmethod
    def of(cls, team_id: str, enterprise_id: str = "") -> Installation | None:
        """The living installation that answers for this workspace: its own, else its organisation's."""
        own = cls.living().filter(team_id=team_id).first() if team_id else None
        if own is None and enterprise_id:
            own = cls.living().filter(enterprise_id=enterprise_id, team_id="").first()
        return own

    # -- coming and going --------------------------------------------------------------------------------

    @classmethod
    def install(
        cls, *, team_id: str, enterprise_id: str, token: str, refresh: str = "",
        expires_at: datetime | None = None, **more: str,
    ) -> Installation:  # fmt: skip
        """Keep what a workspace gave us; whoever installs again gets the new token and loses no link."""
        with transaction.atomic():
            found, new = cls.objects.update_or_create(
                enterprise_id=enterprise_id, team_id=team_id,
                defaults={
                    **more, "token": seal(token), "refresh": seal(refresh), "expires_at": expires_at,
                    "ended_at": None, "trouble": "", "trouble_at": None,
                },
            )  # fmt: skip
            newest = Entry.objects.aggregate(last=models.Max("pk"))["last"] or 0
            Cursor.objects.get_or_create(name=CURSOR, defaults={"entry": newest})  # what comes from now on
            if new:
                note("slack.installed", f"{found} is connected", about=f"slack:{found.pk}")
        return found

    def end(self, why: str) -> None:
        """The workspace took us out: forget the tokens, keep what was said. It happens once."""
        with transaction.atomic():
            gone = Installation.objects.filter(pk=self.pk, ended_at=None)
            if gone.update(
                ended_at=timezone.now(), token="", refresh="", trouble=why[:200], trouble_at=timezone.now()
            ):
                note("slack.ended", f"{self} is no longer connected", about=f"slack:{self.pk}")

    def troubled(self, why: str) -> None:
        """Remember why it does not go well; "" when it does."""
        if why != self.trouble:
            self.trouble, self.trouble_at = why, timezone.now() if why else None
            Installation.objects.filter(pk=self.pk).update(trouble=why[:200], trouble_at=self.trouble_at)

    def wait_no_more(self) -> None:
        """Slack is back: what waits for it goes out at once."""
        self.channels.filter(slowed__startswith="Slack ").update(not_before=None, slowed="")

    def fresh(self) -> bool:
        """Is the token good for a while?"""
        return self.expires_at is None or self.expires_at > timezone.now() + SOON

    def secret(self) -> str:
        """The bot token; Lost when there is none that could be read."""
        if not self.token:
            if self.ended_at is None and (given := settings.SLACK["BOT_TOKEN"]):
                return str(given)
            raise Lost(f"{self} is no longer connected.")
        try:
            return unseal(self.token)
        except Unsealable:
            self.troubled("SECRET_KEY has changed, so the kept token cannot be read: install Fireside again")
            raise Lost(f"The token of {self} cannot be read.") from None


class State(models.Model):
    """A question we asked a browser to bring back from Slack, so that nobody else's answer is taken."""

    word = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return "an installation under way"

    @classmethod
    def take(cls, word: str) -> bool:
        """Was it asked a moment ago? Each counts once."""
        cls.objects.filter(made_at__lt=timezone.now() - STATE_FOR).delete()
        return bool(cls.objects.filter(word=word).delete()[0])
