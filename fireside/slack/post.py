"""One message as it stands in one channel: what Slack shows, and whether there is something to bring there.

There is no queue of things to do. A post that is `due_at` may differ from its message, and whoever sends
looks at both and makes them equal. So ten changes cost one call, and a crash costs nothing.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.utils import timezone

from fireside.hearth.messages import Message
from fireside.slack.channel import Channel

TS = 24  # characters of Slack's "1700000000.000100": a name, never a number
MOMENT = re.compile(r"\d{1,11}\.\d{1,9}")


class Post(models.Model):
    """A message in a channel, said there (`theirs`) or carried there by us."""

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="posts")
    message = models.ForeignKey(Message, null=True, on_delete=models.SET_NULL, related_name="posts")
    ts = models.CharField(max_length=TS, blank=True, default="")
    within = models.ForeignKey("self", null=True, blank=True, on_delete=models.CASCADE, related_name="folded")
    theirs = models.BooleanField(default=False)
    # what Slack shows
    drawn = models.CharField(max_length=64, blank=True, default="")  # a hash of what was sent last
    pinned = models.BooleanField(default=False)
    ours = models.JSONField(default=list, blank=True)  # reactions given by our bot
    reacted = models.JSONField(
        default=dict, blank=True
    )  # reaction -> user id -> since when, "-" when taken back
    edited = models.CharField(max_length=TS, blank=True, default="")  # when it was last changed in Slack
    files = models.JSONField(default=list, blank=True)  # ids of our files that were brought there
    picture = models.CharField(max_length=24, blank=True, default="")  # Slack's id of the chart
    coming = models.CharField(max_length=24, blank=True, default="")  # of one that is not shown yet
    pictured = models.CharField(max_length=64, blank=True, default="")  # what the newest shows
    pictured_at = models.DateTimeField(null=True, blank=True)
    # what there is to do
    due_at = models.DateTimeField(null=True, blank=True)
    wish = models.PositiveIntegerField(default=0)  # grows with each change, so that none is missed meanwhile
    asked_at = models.DateTimeField(null=True, blank=True)  # Slack was asked to post it; no answer is known
    tries = models.PositiveSmallIntegerField(default=0)
    gone_at = models.DateTimeField(null=True, blank=True)  # no longer there in Slack
    trouble = models.CharField(max_length=200, blank=True, default="")  # why it stays away, as Slack says

    class Meta:
        ordering: ClassVar = ["pk"]
        constraints: ClassVar = [
            models.UniqueConstraint("channel", "message", name="one_post_a_message"),
            models.UniqueConstraint(
                "channel", "ts", name="one_message_a_post", condition=~Q(ts="") & Q(within=None)
            ),
        ]
        indexes: ClassVar = [
            models.Index("channel", "ts", name="post_place"),
            models.Index("channel", "id", name="post_due", condition=Q(due_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.message} in {self.channel}"

    @property
    def mark(self) -> str:
        """By this we know our own post again."""
        return f"post-{self.pk}"

    @classmethod
    def said(cls, channel: Channel, ts: str) -> Post | None:
        """What stands at this time in the channel; of several things folded into one the first."""
        found = cls.objects.select_related("message__room", "message__author").filter(channel=channel, ts=ts)
        return found.filter(within=None).first()

    def touch(self, after: timedelta = timedelta()) -> None:
        """There may be something to bring to Slack, now or after a while."""
        Post.objects.filter(pk=self.pk).update(due_at=timezone.now() + after, wish=F("wish") + 1)

    def keep(self, **fields: object) -> None:
        """Remember what Slack shows, at once and alone."""
        for name, value in fields.items():
            setattr(self, name, value)
        if fields:
            Post.objects.filter(pk=self.pk).update(**fields)

    def even(self) -> None:
        """Slack shows what we have, unless something changed while we were at it."""
        due = Case(When(wish=self.wish, then=Value(None)), default=F("due_at"))
        Post.objects.filter(pk=self.pk).update(due_at=due, tries=0, trouble="")


def moment(ts: str) -> datetime:
    """When something was said, by the name Slack gives it; ValueError when it is no such name."""
    if not MOMENT.fullmatch(ts):
        raise ValueError(f"{ts[:TS]!r} is not a time of Slack's")
    return datetime.fromtimestamp(float(ts), UTC)
