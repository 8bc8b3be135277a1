"""Who carries words to Slack: one process at a time, each channel in order, at the pace Slack asks for."""

from __future__ import annotations

import logging
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor

from django.db import DatabaseError, connection
from django.utils import timezone

from fireside.hearth import timeline
from fireside.hearth.slots import locks
from fireside.slack import inbox, outbox
from fireside.slack.calls import Later, Refused, Unsure
from fireside.slack.carrying import carry, waiting
from fireside.slack.channel import Channel
from fireside.slack.installation import Installation, Lost
from fireside.slack.lanes import rested
from fireside.slack.making import is_as_open

THREADS = 8  # channels that are written to at the same time
BREATH = 0.03  # seconds between two looks; what is noted meanwhile is looked at together
TICK = 0.25  # seconds between looks for what another process noted
LOOK = 1.0  # seconds between looks at the inbox
HEALTH = 300.0  # seconds between questions whether a workspace still knows us
BURST, PACE = 3, 1.1  # messages at once, then one in so many seconds, in one channel: a little under Slack's
PROBE = 1.0  # seconds between questions to a workspace whose Slack is away
AWHILE = 5.0  # seconds; what failed for less was one thing and not the whole
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


class Reach:
    """Whether the Slack of a workspace is there; while it is not, one question a second asks, and no more."""

    def __init__(self) -> None:
        self._away: dict[int, tuple[float, float]] = {}  # since when, and when we asked last

    def away(self) -> list[int]:
        """The workspaces whose Slack is not there."""
        return list(self._away)

    def may(self, installation: int, now: float) -> bool:
        """May we ask now? Whoever may, asks: the next one waits for the answer."""
        if installation not in self._away:
            return True
        since, asked = self._away[installation]
        if now - asked < PROBE:
            return False
        self._away[installation] = (since, now)
        return True

    def heard(self, installation: int, now: float, *, there: bool) -> bool:
        """Remember what came of it; tells whether Slack is back after it had been away for a while."""
        since, _ = self._away.pop(installation, (now, now))
        if not there:
            self._away[installation] = (since, now)
        return there and now - since >= AWHILE


class Sender:
    """The thread that looks for what differs, and the threads that bring it to Slack."""

    def __init__(self) -> None:
        self._locks = locks()
        self._kicked, self._ending = threading.Event(), threading.Event()
        self._pace, self._reach = Pace(), Reach()
        self._busy: dict[int, Future[None]] = {}
        self._looked = self._asked = self._began = -HEALTH
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
            self._kicked.wait(TICK)
            self._ending.wait(max(0.0, self._began + BREATH - time.monotonic()))
            self._began = time.monotonic()
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
        for channel in waiting(timezone.now(), self._reach.away()):
            free = channel.pk not in self._busy and self._pace.wait(channel.pk, now) <= 0
            if free and self._reach.may(channel.installation_id, now):
                self._pace.spend(channel.pk, now)
                self._busy[channel.pk] = self._pool.submit(self._carry, channel)

    def _carry(self, channel: Channel) -> None:
        rested()
        try:
            there = carry(channel)
            if self._reach.heard(channel.installation_id, time.monotonic(), there=there):
                channel.installation.wait_no_more()
        except Exception:
            log.exception("%s could not be looked after", channel)
            channel.wait(10, "something went wrong here")
            connection.close()
        finally:
            self._kicked.set()


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
    behind_doors = Channel.open().filter(private=True).exclude(channel_id="")
    for channel in behind_doors.select_related("installation", "room"):
        try:
            is_as_open(channel)
        except (Later, Unsure, Refused, Lost) as trouble:  # whoever carries words there hears of it too
            log.info("How open %s is could not be asked: %s", channel, trouble)
