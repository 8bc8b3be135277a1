"""A channel that is one with a room: what is said in one is said in the other."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import ClassVar

from django.db import models, transaction
from django.db.models import F, Max, Q
from django.db.models.functions import Coalesce
from django.utils import timezone

from fireside.hearth.errors import Sorry
from fireside.hearth.people import Person
from fireside.hearth.rooms import Room
from fireside.hearth.timeline import Entry, note
from fireside.slack.installation import Installation

NAME = 80  # characters of a channel's name
CLAIM = timedelta(seconds=60)
INVITED = 60.0  # seconds between looks whether somebody has let us in


class Channel(models.Model):
    """One channel of one workspace and its room; without a `channel_id` it is still to be made."""

    installation = models.ForeignKey(Installation, on_delete=models.CASCADE, related_name="channels")
    team_id = models.CharField(max_length=24, blank=True, default="")
    channel_id = models.CharField(max_length=24, blank=True, default="")
    name = models.CharField(max_length=NAME, blank=True, default="")
    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="channels")
    private = models.BooleanField(default=False)
    made = models.BooleanField(default=False)  # by us, so that we look after its topic and its people
    linked_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    linked_at = models.DateTimeField(default=timezone.now)
    since = models.BigIntegerField(default=0)  # entries before this one stay where they were
    closed_at = models.DateTimeField(null=True, blank=True)  # archived, or not there for us any more
    apart = models.BooleanField(default=False)  # closed for good: it is not as open as its room any more
    trouble = models.CharField(max_length=200, blank=True, default="")
    moved = models.JSONField(default=dict, blank=True)  # user id -> when they came, "-" when they left
    # what Slack shows of it, and when we want to look after it again
    topic = models.CharField(max_length=250, blank=True, default="")
    bookmarks = models.JSONField(default=dict, blank=True)  # address -> id
    invited = models.JSONField(default=list, blank=True)  # user ids
    due_at = models.DateTimeField(null=True, blank=True)
    wish = models.PositiveIntegerField(default=0)
    not_before = models.DateTimeField(null=True, blank=True)
    slowed = models.CharField(max_length=80, blank=True, default="")  # why it waits, in words
    tries = models.PositiveSmallIntegerField(default=0)
    claimed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                "installation", "channel_id", name="one_link_a_channel", condition=~Q(channel_id="")
            ),
            models.UniqueConstraint("installation", "room", name="one_channel_a_room"),
        ]
        indexes: ClassVar = [
            models.Index("channel_id", name="channel_heard"),
            models.Index("due_at", name="channel_due", condition=Q(due_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"#{self.name or self.room.slug}"

    @property
    def url(self) -> str:
        """Where a browser or the app opens it."""
        return f"https://slack.com/app_redirect?channel={self.channel_id}&team={self.team_id}"

    @classmethod
    def open(cls) -> models.QuerySet[Channel]:
        """Those through which words go."""
        return cls.objects.filter(closed_at=None, installation__ended_at=None)

    @classmethod
    def heard(cls, installation: Installation, channel_id: str) -> Channel | None:
        """The link of this channel, if there is one."""
        found = cls.objects.select_related("room", "installation")
        return found.filter(installation=installation, channel_id=channel_id).first() if channel_id else None

    # -- linking -----------------------------------------------------------------------------------------

    @classmethod
    def link(
        cls, installation: Installation, room: Room, *, by: Person | None, channel_id: str = "",
        name: str = "", team_id: str = "", private: bool = False,
    ) -> Channel:  # fmt: skip
        """Make a room and a channel one, from now on; without a channel one is made.

        Sorry when either has another half already, or when one of them is private and the other is not:
        what is said behind a door stays behind it.
        """
        if private != room.private:
            raise Sorry(
                f"{room} is {_kind(room.private)} and this channel is {_kind(private)}. "
                "Words would be heard by people they were not meant for, so these two stay apart."
            )
        with transaction.atomic():
            Installation.objects.select_for_update().get(pk=installation.pk)
            if channel_id and (known := cls.heard(installation, channel_id)):
                if known.room_id == room.pk:
                    return known
                raise Sorry(
                    f"This channel is one with the room {known.room.slug}. /unlink-channel takes them apart."
                )
            if known := cls.objects.filter(installation=installation, room=room).first():
                raise Sorry(f"The room {room.slug} has a channel already. /unlink-channel takes them apart.")
            made = cls.objects.create(
                installation=installation, team_id=team_id or installation.team_id, channel_id=channel_id,
                name=(name or channel_name(room))[:NAME], room=room, private=private, made=not channel_id,
                linked_by=by, since=Entry.objects.aggregate(last=Max("pk"))["last"] or 0,
                due_at=timezone.now(),
            )  # fmt: skip
            note("slack.linked", f"{made} in Slack and {room} are one", by=by, room=room, about=room.ref)
        return made

    def unlink(self, *, by: Person) -> None:
        """From now on words stay where they are said; what was said remains on both sides."""
        with transaction.atomic():
            note("slack.unlinked", f"took {self} in Slack and {self.room} apart", by=by, room=self.room,
                 about=self.room.ref)  # fmt: skip
            self.delete()

    # -- looking after it --------------------------------------------------------------------------------

    def touch(self) -> None:
        """There is something to look after; what waits for its turn goes on waiting."""
        due = Coalesce(F("due_at"), timezone.now())
        Channel.objects.filter(pk=self.pk).update(due_at=due, wish=F("wish") + 1)

    def claim(self) -> bool:
        """May we make it? One process at a time; who dies while at it loses the claim after a minute."""
        free = Q(claimed_at=None) | Q(claimed_at__lt=timezone.now() - CLAIM)
        mine = Channel.objects.filter(free, pk=self.pk, channel_id="")
        return bool(mine.update(claimed_at=timezone.now()))

    def wait(self, seconds: float, why: str) -> None:
        """Nothing more for so long."""
        self.not_before = timezone.now() + timedelta(seconds=seconds)
        self.slowed = why[:80]
        Channel.objects.filter(pk=self.pk).update(not_before=self.not_before, slowed=self.slowed)

    @property
    def closing(self) -> str:
        """How the key of a message begins that says that this channel is closed."""
        return f"slack:closed:{self.pk}:"

    def uninvited(self) -> None:
        """Nobody has let us in yet: what waits goes out as soon as somebody does."""
        words = f"Say /invite @Fireside in {self} in Slack, so that words come through."
        Channel.objects.filter(pk=self.pk).update(trouble=words)
        self.wait(INVITED, "nobody has let us in yet")

    def close(self, why: str, *, apart: bool = False) -> None:
        """It is archived or gone: what waits keeps waiting, and the keepers of the room hear of it once."""
        with transaction.atomic():
            still = Channel.objects.filter(pk=self.pk, closed_at=None)
            if not still.update(closed_at=timezone.now(), trouble=why[:200], apart=apart):
                return
            keepers = Person.objects.filter(seats__room=self.room, seats__keeper=True, deactivated_at=None)
            names = " ".join(f"@{person.handle}" for person in keepers[:5])
            words = f"{names} {why}".strip()
            self.room.say(words, key=f"{self.closing}{timezone.now():%Y%m%d%H%M%S}")

    def come_apart(self) -> None:
        """One became private, or open, without the other: close for good."""
        self.close(
            f"{self} in Slack is not as open as this room any more, so they are apart now. "
            "/unlink-channel here, and this room could get another.",
            apart=True,
        )

    def reopen(self) -> None:
        """It is there again: what waited goes out. What came apart stays so until somebody links it anew."""
        mine = Channel.objects.filter(pk=self.pk, apart=False)
        if mine.update(closed_at=None, trouble="", not_before=None, slowed=""):
            self.touch()


def channel_name(room: Room, turn: int = 0) -> str:
    """A name Slack takes: "inc-12-customers-cannot-pay"; a later turn gets a number, as when it is taken."""
    about = re.sub(r"[^a-z0-9]+", "-", room.about.lower()) if room.purpose == Room.Purpose.INCIDENT else ""
    end = f"-{turn + 1}" if turn else ""
    return f"{room.slug}-{about}".strip("-")[: NAME - len(end)].strip("-") + end


def _kind(private: bool) -> str:
    return "private" if private else "open to everybody"
