"""Who carries words to Slack: one process at a time, each channel in order, at the pace Slack asks for."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta

from django.db import DatabaseError, connection
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from fireside.hearth import timeline
from fireside.hearth.slots import locks
from fireside.slack import inbox, making, outbox
from fireside.slack.calls import Later, Refused, Unsure
from fireside.slack.channel import Channel
from fireside.slack.installation import Installation, Lost
from fireside.slack.lanes import rested
from fireside.slack.post import Post

THREADS = 8  # channels that are written to at the same time
BREATH = 0.03  # seconds in which what is noted together is looked at together
TICK = 0.25  # seconds between looks for what another process noted
LOOK = 1.0  # seconds between looks at the inbox
HEALTH = 300.0  # seconds between questions whether a workspace still knows us
BURST, PACE = 3, 1.1  # messages at once, then one in so many seconds, in one channel: a little under Slack's
SETTLING = 2.0  # seconds after a lost answer before we look whether it was done
LONGEST = 300.0  # seconds between tries
CLOSED = {
    "channel_not_found": "cannot be found",
    "is_archived": "is archived",
    "is_inactive": "is archived",
    "restricted_action": "lets only some people write",
}
log = logging.getLogger(__name__)


class Pace:
    """How soon the next message may go to a channel."""

    def __init__(self) -> None:
        self._left: dict[int, tuple[float, float]] = {}

    def wait(self, channel: int, now: float) -> float:
        """Seconds until there is room for one more."""
        left, at = self._left.get(channel, (float(BURST), now))
        return max(0.0, (1 - min(float(BURST), left + (now - at) / PACE)) * PACE)

    def spend(self, channel: int, now: float) -> None:
        left, at = self._left.get(channel, (float(BURST), now))
        self._left[channel] = (min(float(BURST), left + (now - at) / PACE) - 1, now)


class Sender:
    """The thread that looks for what differs, and the threads that bring it to Slack."""

    def __init__(self) -> None:
        self._locks = locks()
        self._kicked, self._ending = threading.Event(), threading.Event()
        self._pace = Pace()
        self._busy: dict[int, Future[None]] = {}
        self._looked = self._asked = -HEALTH
        self._pool = ThreadPoolExecutor(THREADS, "slack-send")
        self._thread = threading.Thread(target=self._live, name="slack-sender", daemon=True)

    def begin(self) -> None:
        timeline.listen(self._kicked.set)
        self._thread.start()

    def alive(self) -> bool:
        return self._thread.is_alive()

    def end(self) -> None:
        """Finish what is on its way; the next one takes up the rest."""
        self._ending.set()
        self._kicked.set()
        self._thread.join(2)
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._locks.close()

    def _live(self) -> None:
        while not self._ending.is_set():
            if self._kicked.wait(TICK):
                self._ending.wait(BREATH)
            self._kicked.clear()
            rested()
            try:
                if self._locks.take("slack"):
                    self._round()
            except DatabaseError:
                log.exception("What goes to Slack could not be read, and is looked for again")
                connection.close()
                self._ending.wait(1)
        connection.close()

    def _round(self) -> None:
        now = time.monotonic()
        if now - self._looked >= LOOK:
            self._looked = now
            inbox.sweep()
        if now - self._asked >= HEALTH:
            self._asked = now
            self._pool.submit(_ask_how_it_stands)  # nobody else need wait for Slack's answer
        while outbox.notice():
            pass
        self._busy = {pk: job for pk, job in self._busy.items() if not job.done()}
        for channel in waiting(timezone.now()):
            if channel.pk not in self._busy and self._pace.wait(channel.pk, now) <= 0:
                self._pace.spend(channel.pk, now)
                self._busy[channel.pk] = self._pool.submit(self._carry, channel)

    def _carry(self, channel: Channel) -> None:
        rested()
        try:
            carry(channel)
        except Exception:
            log.exception("%s could not be looked after", channel)
            channel.wait(10, "something went wrong here")
            connection.close()
        finally:
            self._kicked.set()


def waiting(now: datetime) -> Iterator[Channel]:
    """The open channels that have something to do now."""
    posts = Post.objects.filter(channel=OuterRef("pk"), due_at__isnull=False)
    ready = Q(not_before=None) | Q(not_before__lte=now)
    found = Channel.open().filter(ready).filter(Q(due_at__lte=now) | Exists(posts))
    yield from found.select_related("installation", "room").order_by("pk")[:200]


def carry(channel: Channel) -> None:
    """Look after a channel, or bring the next post to it; what goes wrong says when to try again."""
    posts: list[Post] = []
    try:
        if not channel.channel_id or (channel.due_at is not None and channel.due_at <= timezone.now()):
            making.tend(channel)
        elif posts := outbox.due(channel):
            outbox.bring(posts)
        if channel.slowed:
            channel.wait(0, "")
        channel.installation.troubled("")
    except Later as later:
        _wait(channel, posts, later.seconds, later.why)
    except Unsure as unsure:
        _again(channel, posts, str(unsure))
    except Refused as refused:
        _refused(channel, posts, refused)
    except Lost as lost:
        channel.wait(60, str(lost))


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
    _wait(channel, posts, min(SETTLING * 2.0**tries, LONGEST), "Slack does not answer")


def _refused(channel: Channel, posts: list[Post], refused: Refused) -> None:
    if refused.code == "not_in_channel":
        channel.uninvited()
        return
    if why := CLOSED.get(refused.code):
        channel.close(f"{channel} in Slack {why}, so words stay here until that changes.")
        return
    log.error("%s: %s refused", channel, refused)
    if not posts:
        Channel.objects.filter(pk=channel.pk, wish=channel.wish).update(due_at=None)
        Channel.objects.filter(pk=channel.pk).update(trouble=f"Slack says {refused.code}."[:200])
        return
    for post in posts:  # nothing that stands behind it need wait
        post.even()
        post.keep(trouble=refused.code[:200])


def _ask_how_it_stands() -> None:
    rested()
    try:
        health()
    except DatabaseError:
        log.exception("How it stands with Slack could not be written down")
        connection.close()


def health() -> None:
    """Ask each workspace whether it still knows us, and what it lets us do."""
    from fireside.slack.adopting import adopt, look_again

    adopt()
    for installation in Installation.living():
        look_again(installation)


def drain() -> None:
    """Bring everything now, in this thread, without waiting for anybody's pace."""
    while outbox.notice():
        pass
    while channels := list(waiting(timezone.now())):
        for channel in channels:
            carry(channel)
