"""Webhooks: addresses of other programs that hear of entries, and each sending with what came of it."""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import ClassVar

from django.db import models, transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from fireside.hearth import audit, outside
from fireside.hearth.errors import NotYours, Sorry
from fireside.hearth.order import in_turn
from fireside.hearth.people import Person, Team
from fireside.hearth.rooms import Room
from fireside.hearth.seal import seal, unseal
from fireside.hearth.timeline import Entry, note

# Seconds before each new attempt: about a day in all. After the last a sending is given up.
WAITS = (5, 30, 120, 600, 1800, 3600, 7200, 14_400, 21_600, 36_000)
DAYS = 3  # of nothing but failures, after which a webhook stops
SHOWN = timedelta(days=14)  # for so long a home tells of one that stopped
TEST = "webhook.test"
USE = "webhooks"  # what their secrets are sealed for
KIND = re.compile(r"[a-z]+\.(?:\*|[a-z_-]+)")

audit.know(
    webhook_made="made a webhook",
    webhook_ended="ended a webhook",
    webhook_rotated="gave a webhook a new secret",
)

# What can be heard of, and how it reads. A later stage adds its own with `offer`.
kinds: dict[str, str] = {
    "message.said": "words were said in a room", "message.edited": "words were changed",
    "message.deleted": "words were deleted", "room.made": "a room was made", "room.joined": "somebody joined",
}  # fmt: skip
# Whose a room is: the team it belongs to, and what later stages know.
teams: list[Callable[[Room], Iterable[int | None]]] = [lambda room: [room.team_id]]


def offer(**said: str) -> None:
    """More that can be heard of: `offer(incident_opened="an incident began")` for "incident.opened"."""
    kinds.update({verb.replace("_", ".", 1): words for verb, words in said.items()})


def read_address(words: str) -> str:
    """An address that could be called, as it was written; Sorry when there is none."""
    try:
        outside.look(words)
    except outside.Forbidden as forbidden:
        raise Sorry(forbidden.words, field="address") from None
    return words


def read_kinds(words: str) -> list[str]:
    """ "incident.opened postmortem.*" as a list; Sorry when nothing here is ever called so."""
    wishes = list(dict.fromkeys(words.replace(",", " ").lower().split()))
    families = {kind.partition(".")[0] for kind in kinds}
    for wish in wishes:
        known = wish in kinds or (wish.endswith(".*") and wish[:-2] in families)
        if not (KIND.fullmatch(wish) and known):
            every = ", ".join(sorted(kinds))
            raise Sorry(f"Nothing here is called {wish}. There are: {every}; incident.* is all of a kind.",
                        field="kinds")  # fmt: skip
    return wishes


class Webhook(models.Model):
    """An address that hears of some kinds of entries: of one room, of a team, or of all open rooms."""

    name = models.CharField(max_length=80)
    address = models.CharField(max_length=outside.LONGEST)
    kinds = models.JSONField(default=list)
    room = models.ForeignKey(Room, null=True, blank=True, on_delete=models.CASCADE, related_name="webhooks")
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.CASCADE, related_name="webhooks")
    secret = models.TextField()  # sealed
    old_secret = models.TextField(blank=True, default="")  # sealed
    old_until = models.DateTimeField(null=True, blank=True)
    made_by = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="webhooks")
    made_at = models.DateTimeField(default=timezone.now)
    used_at = models.DateTimeField(null=True, blank=True)  # when it was last told something
    failing_since = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_why = models.CharField(max_length=200, blank=True, default="")  # empty when somebody ended it
    heard_to = models.BigIntegerField(default=0)  # the last entry it has looked at

    class Meta:
        ordering: ClassVar = ["-pk"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(room=None) | Q(team=None), name="a_room_or_a_team")
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def ref(self) -> str:
        return f"webhook:{self.pk}"

    @property
    def where(self) -> str:
        return str(self.room or self.team or "all open rooms")

    def get_absolute_url(self) -> str:
        return reverse("settings-webhook", args=[self.pk])

    @classmethod
    def seen_by(cls, person: Person) -> models.QuerySet[Webhook]:
        """One's own; for keepers everybody's, but for those of rooms they may not enter."""
        all_of_them = cls.objects.select_related("made_by", "room", "team")
        if not person.is_keeper:
            return all_of_them.filter(made_by=person)
        open_to_me = Q(room=None) | Q(room__in=Room.enterable_by(person))
        return all_of_them.filter(Q(made_by=person) | open_to_me)

    @classmethod
    def named(cls, words: str, *, person: Person) -> Webhook:
        number = words.strip().removeprefix("webhook:")
        plain = number.isascii() and number.isdecimal() and len(number) < 19
        found = cls.seen_by(person).filter(pk=int(number), ended_at=None).first() if plain else None
        if found is None:
            raise NotYours(f"There is no webhook {words}. /webhooks lists them with their numbers.")
        return found

    # -- made, changed, ended ------------------------------------------------------------------------------

    @classmethod
    def make(
        cls,
        address: str,
        heard: list[str],
        *,
        by: Person,
        room: Room | None = None,
        team: Team | None = None,
        name: str = "",
    ) -> tuple[Webhook, str]:
        """A webhook and its secret, which is never shown again; Sorry when this person may not have it."""
        if room and team:
            raise Sorry("Of a room or of a team: which do you mean?", field="team")
        host = str(outside.look(read_address(address)).hostname)
        secret = _minted()
        hook = cls(
            name=(name.strip() or host)[:80], address=address, kinds=heard, room=room, team=team,
            secret=seal(secret, USE), made_by=by,
        )  # fmt: skip
        if why := hook.trouble():
            raise Sorry(why)
        with transaction.atomic():
            in_turn()
            hook.save()
            hook._tell(f"{by.name} lets {host} hear of what happens here: {', '.join(heard)}.")
            words = f"made a webhook: {host} hears of {hook.where}"
            made = note("webhook.made", words, by=by, room=room, about=hook.ref)
            hook.heard_to = made.pk
            hook.save(update_fields=["heard_to"])
        return hook, secret

    def trouble(self) -> str:
        """Why it may not hear anything: whoever made it would not hear it any more; "" when all is well."""
        who = self.made_by
        if not who.is_active:
            return f"{who.name}, who made it, is no longer here."
        if self.room is not None:
            return "" if self.room.may_enter(who) else f"{who.name}, who made it, has no seat in {self.room}."
        if self.team is not None:
            in_it = who.is_keeper or self.team in who.teams.all()
            return "" if in_it else f"{who.name}, who made it, is not in {self.team}."
        keeps = "Only a keeper can let somebody hear of all open rooms; name a room or a team."
        return "" if who.is_keeper else keeps

    def rotate(self, overlap: timedelta, *, by: Person) -> str:
        """A new secret; for the overlap each sending is signed with both."""
        secret = _minted()
        with transaction.atomic():
            in_turn()
            self.refresh_from_db(from_queryset=Webhook.objects.select_for_update())
            self.old_secret, self.old_until = (
                (self.secret, timezone.now() + overlap) if overlap else ("", None)
            )
            self.secret = seal(secret, USE)
            self.save(update_fields=["secret", "old_secret", "old_until"])
            note(
                "webhook.rotated",
                f"gave the webhook {self.name} a new secret",
                by=by,
                room=self.room,
                about=self.ref,
            )
        return secret

    def end(self, *, by: Person | None = None, why: str = "") -> None:
        """From now on it hears nothing; `why` is what its maker and the keepers are told."""
        with transaction.atomic():
            in_turn()
            ended = Webhook.objects.filter(pk=self.pk, ended_at=None)
            if ended.update(ended_at=timezone.now(), ended_why=why[:200], secret="", old_secret=""):
                self._tell(f"The webhook {self.name} hears nothing more from here. {why}".strip())
                self.sendings.filter(due_at__isnull=False).update(due_at=None, trouble="The webhook ended.")
                words = f"the webhook {self.name} stopped: {why}" if why else f"ended the webhook {self.name}"
                note("webhook.ended", words, by=by, room=self.room, about=self.ref)

    def _tell(self, words: str) -> None:
        """Whoever is in the room it listens to knows of it."""
        if self.room is not None:
            self.room.say(words)

    # -- what it hears -------------------------------------------------------------------------------------

    def hears(self, entry: Entry) -> bool:
        """Is this one of its kinds, where it listens? A private room is heard only by one of that room."""
        if not {entry.verb, f"{entry.verb.partition('.')[0]}.*"} & {*self.kinds}:
            return False
        if self.room_id is not None:
            return entry.room_id == self.room_id
        if entry.room is None:
            return self.team_id is None
        if entry.room.private:
            return False
        return self.team_id is None or any(self.team_id in of(entry.room) for of in teams)

    def secrets(self) -> list[str]:
        """The secrets to sign with, the newest first; Unsealable when the house's key is another one now."""
        both = self.old_until is not None and self.old_until > timezone.now()
        return [unseal(one, USE) for one in (self.secret, self.old_secret if both else "") if one]

    def test(self) -> Sending:
        return self.sendings.create(verb=TEST, due_at=timezone.now())

    def again(self, since: timedelta | None, sending: int | None = None) -> int:
        """Send again what was sent lately, or one; the same id tells a receiver what it has already."""
        chosen = self.sendings.filter(pk=sending) if sending else self.sendings.all()
        if since is not None:
            chosen = chosen.filter(made_at__gte=timezone.now() - since)
        return chosen.update(due_at=timezone.now(), attempts=0, trouble="")


class Sending(models.Model):
    """One entry for one webhook: when it is due, how often it was tried, and what was answered last."""

    hook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="sendings", db_index=False)
    mark = models.CharField(max_length=43, unique=True, default=secrets.token_urlsafe)
    entry = models.BigIntegerField(null=True, blank=True)  # empty: a test
    verb = models.CharField(max_length=60)
    made_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField(null=True, blank=True)  # empty: nothing more to do
    attempts = models.PositiveSmallIntegerField(default=0)
    tried_at = models.DateTimeField(null=True, blank=True)
    took = models.PositiveIntegerField(null=True, blank=True)  # milliseconds of the last attempt
    status = models.PositiveSmallIntegerField(null=True, blank=True)  # what was answered last
    trouble = models.CharField(max_length=200, blank=True, default="")
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint("hook", "entry", name="one_sending_each")]
        indexes: ClassVar = [
            models.Index("hook", "id", name="sending_hook"),
            models.Index("due_at", name="sending_due", condition=Q(due_at__isnull=False)),
            models.Index("made_at", name="sending_old"),
        ]

    def __str__(self) -> str:
        return f"{self.verb} to {self.hook}"

    @property
    def key(self) -> str:
        """The `webhook-id`: the same at every attempt."""
        return f"msg_{self.mark}"


def stopped(person: Person) -> models.QuerySet[Webhook]:
    """Those that stopped by themselves lately, for whoever made them and for keepers."""
    lately = timezone.now() - SHOWN
    return Webhook.seen_by(person).filter(ended_at__gte=lately).exclude(ended_why="")


def _minted() -> str:
    return f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"
