"""The threads of the inbox: one that writes down for all who wait, and some that handle what came."""

from __future__ import annotations

import logging
import queue
import threading
import zlib
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

from django.db import DatabaseError, close_old_connections, connection, transaction
from django.utils import timezone

if TYPE_CHECKING:
    from fireside.slack.inbox import Arrival

LANES = 16  # threads, which mostly wait for Slack; a channel always uses the same one
MOST = 256  # arrivals in one commit
PATIENCE = 2.5  # seconds after which Slack had better send it again

log = logging.getLogger(__name__)


class Lanes:
    """Handles what arrives in this process; several channels at a time, one thing at a time in each."""

    def __init__(self) -> None:
        self.writer = Writer(self)
        self._threads = [ThreadPoolExecutor(1, f"slack-lane-{n}") for n in range(LANES)]
        self._inside: set[int] = set()
        self._turn = threading.Lock()

    def put(self, pk: int, lane: str, *, claimed: bool = False) -> None:
        with self._turn:
            if pk in self._inside:
                return
            self._inside.add(pk)
        self._threads[zlib.crc32(lane.encode()) % LANES].submit(self._handle, pk, claimed)

    def _handle(self, pk: int, claimed: bool) -> None:
        from fireside.slack.inbox import handle

        rested()
        try:
            handle(pk, claimed=claimed)
        except DatabaseError:  # whoever sweeps takes it up again
            log.exception("An arrival could not be read")
            connection.close()
        finally:
            with self._turn:
                self._inside.discard(pk)

    def stop(self) -> None:
        self.writer.stop()
        for thread in self._threads:
            thread.shutdown(wait=True, cancel_futures=True)


class Writer:
    """One thread that writes what arrives: many requests share one commit, and each waits for it."""

    def __init__(self, lanes: Lanes) -> None:
        self._lanes = lanes
        self._queue: queue.SimpleQueue[tuple[Arrival, Future[None]] | int | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="slack-inbox", daemon=True)
        self._thread.start()

    def write(self, arrival: Arrival) -> None:
        """Returns when it is on the disk; raises when that failed or takes too long.

        What took too long and was not begun is not written later: whoever asked was told to ask again.
        """
        done: Future[None] = Future()
        self._queue.put((arrival, done))
        try:
            done.result(PATIENCE)
        except TimeoutError:
            done.cancel()
            raise

    def forget(self, pk: int) -> None:
        """The answer of this arrival has been told; after a crash it might be told once more."""
        self._queue.put(pk)

    def stop(self) -> None:
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (first := self._queue.get()) is not None:
            some = [first]
            while len(some) < MOST and not self._queue.empty():
                if (one := self._queue.get()) is None:
                    self._queue.put(None)
                    break
                some.append(one)
            self._write(
                [one for one in some if isinstance(one, tuple)], [n for n in some if isinstance(n, int)]
            )
        connection.close()

    def _write(self, came: list[tuple[Arrival, Future[None]]], told: list[int]) -> None:
        from fireside.slack.inbox import Arrival

        rested()
        came = [(arrival, done) for arrival, done in came if done.set_running_or_notify_cancel()]
        now = timezone.now()  # by this moment we know ours from copies that were there before
        for arrival, _ in came:
            arrival.claimed_at = now
        try:
            with transaction.atomic():
                Arrival.objects.filter(pk__in=told).update(answer=None)
                Arrival.objects.bulk_create([arrival for arrival, _ in came], ignore_conflicts=True)
                keys = [arrival.key for arrival, _ in came]
                mine = list(
                    Arrival.objects.filter(key__in=keys, claimed_at=now).order_by("pk").only("pk", "lane")
                )
        except (DatabaseError, TypeError, ValueError) as error:  # this thread outlives whatever came
            log.warning("What came from Slack could not be written down: %s", error)
            connection.close()
            for _, done in came:
                done.set_exception(error)
            return
        for _, done in came:
            done.set_result(None)
        for arrival in mine:
            self._lanes.put(arrival.pk, arrival.lane, claimed=True)


def rested() -> None:
    """A connection that may have died of age is opened anew; one to a file does not age."""
    if connection.vendor != "sqlite":
        close_old_connections()
