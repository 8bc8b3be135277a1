"""Carrying one thing to one channel, and what follows when that goes wrong."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from fireside.slack import making, outbox, together
from fireside.slack.calls import Away, Later, Refused, Unsure
from fireside.slack.channel import Channel
from fireside.slack.installation import Lost
from fireside.slack.post import Post

SETTLING = 2.0  # seconds after a lost answer before we look whether it was done
LONGEST = 300.0  # seconds between tries, while the rest of Slack answers
MANY = 10  # tries after which the wait no longer grows
CLOSED = {
    "channel_not_found": "cannot be found",
    "is_archived": "is archived",
    "is_inactive": "is archived",
    "restricted_action": "lets only some people write",
}
log = logging.getLogger(__name__)


def waiting(now: datetime, away: Iterable[int] = ()) -> Iterator[Channel]:
    """The open channels that have something to do now; those of a workspace that is away, before their time.

    Whoever asks whether it is back need not wait for one channel's turn.
    """
    posts = Post.objects.filter(channel=OuterRef("pk"), due_at__lte=now)
    ready = Q(not_before=None) | Q(not_before__lte=now) | Q(installation__in=list(away))
    found = Channel.open().filter(ready).filter(Q(due_at__lte=now) | Exists(posts))
    yield from found.select_related("installation", "room").order_by("pk")[:200]


def carry(channel: Channel) -> bool:
    """Look after a channel, or bring the next post to it; tells whether Slack was there to be asked."""
    posts: list[Post] = []
    try:
        if not channel.channel_id or (channel.due_at is not None and channel.due_at <= timezone.now()):
            making.tend(channel)
        elif posts := together.due(channel):
            outbox.bring(posts)
        if channel.slowed:
            channel.wait(0, "")
        channel.installation.troubled("")
    except Later as later:
        _wait(channel, posts, later.seconds, later.why)
        return not isinstance(later, Away)
    except Unsure as unsure:
        _again(channel, posts, str(unsure))
        return False
    except Refused as refused:
        _refused(channel, posts, refused)
    except Lost as lost:
        channel.wait(60, str(lost))
    return True


def _wait(channel: Channel, posts: list[Post], seconds: float, why: str) -> None:
    """Words wait in their order; the topic and the like wait by themselves and hold up no words."""
    if posts or not channel.channel_id:
        channel.wait(seconds, why)
    else:
        later = timezone.now() + timedelta(seconds=seconds)
        Channel.objects.filter(pk=channel.pk).update(due_at=later)


def _again(channel: Channel, posts: list[Post], why: str) -> None:
    """Nobody knows whether it was done: what stands behind it waits until we do."""
    log.info("An answer of Slack was lost (%s): %s", channel, why)
    tries = posts[0].tries if posts else channel.tries
    if posts:
        Post.objects.filter(pk=posts[0].pk).update(tries=tries + 1)
    else:
        Channel.objects.filter(pk=channel.pk).update(tries=tries + 1)
    _wait(channel, posts, min(SETTLING * 2.0 ** min(tries, MANY), LONGEST), "Slack does not answer")


def _refused(channel: Channel, posts: list[Post], refused: Refused) -> None:
    if refused.code == "not_in_channel":
        channel.uninvited()
        return
    if why := CLOSED.get(refused.code):
        channel.close(f"{channel} in Slack {why}, so words stay here until that changes.")
        return
    if refused.code == "invalid_blocks" and posts and posts[0].picture:  # Slack is not ready to show it
        posts[0].keep(picture="")
        return
    log.error("%s: %s refused", channel, refused)
    if not posts:
        Channel.objects.filter(pk=channel.pk, wish=channel.wish).update(due_at=None)
        Channel.objects.filter(pk=channel.pk).update(trouble=f"Slack says {refused.code}."[:200])
        return
    for post in posts:  # nothing that stands behind it need wait
        post.even()
        post.keep(trouble=refused.code[:200])


def drain() -> None:
    """Bring everything now, in this thread, without waiting for anybody's pace."""
    while outbox.notice():
        pass
    while channels := list(waiting(timezone.now())):
        for channel in channels:
            carry(channel)
