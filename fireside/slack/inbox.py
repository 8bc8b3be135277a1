"""What Slack brings: written down with its key before Slack is answered, then handled once.

What an arrival changes and the mark that it was handled are one transaction, so that a retry, a copy, a
replay or a crash in the middle changes nothing. Arrivals of one channel are handled in their order.
"""

from __future__ import annotations

import hashlib
import json
import logging
from datetime import timedelta
from typing import Any, ClassVar

from django.db import DataError, IntegrityError, connection, models, transaction
from django.db.models import F, Q
from django.utils import timezone

from fireside.hearth import errand, traces
from fireside.slack.calls import Refused
from fireside.slack.installation import Installation
from fireside.slack.lanes import Lanes

CLAIM = timedelta(seconds=30)  # after which whoever began is taken for dead
STALE = timedelta(seconds=5)  # what was not begun for so long has been forgotten by its process
TRIES = 12  # over some twenty minutes
GIVE_UP = timedelta(days=30)
NAME = 60  # characters of what Slack calls a thing; more than that is known by its hash
KEEP = timedelta(days=7)  # keys of what was handled; Slack repeats for an hour, and signs for five minutes

# What comes of a body that is not as Slack makes them: something is not there, or is something else.
UNREADABLE = (AttributeError, LookupError, TypeError, ValueError, OverflowError, RecursionError, DataError)

log = logging.getLogger(__name__)


class Arrival(models.Model):
    """One thing Slack told us. Its body is forgotten as soon as it is handled."""

    key = models.CharField(max_length=120, unique=True)
    installation = models.ForeignKey(Installation, on_delete=models.CASCADE, related_name="arrivals")
    kind = models.CharField(max_length=20)  # what Slack calls it, or "told": a form that was filled
    lane = models.CharField(max_length=24, blank=True, default="")
    body = models.JSONField(default=dict)
    at = models.DateTimeField(default=timezone.now)
    claimed_at = models.DateTimeField(null=True, blank=True)
    not_before = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    handled_at = models.DateTimeField(null=True, blank=True)
    answer = models.JSONField(null=True, blank=True)  # what the asker is still to be told
    trouble = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        ordering: ClassVar = ["pk"]
        indexes: ClassVar = [
            models.Index("id", name="arrival_waits", condition=Q(handled_at=None)),
            models.Index("id", name="arrival_untold", condition=Q(answer__isnull=False)),
            models.Index("handled_at", name="arrival_handled"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"

    def done(self, answer: dict[str, Any] | None = None) -> None:
        """It has had its effect; call in the transaction of it, which ends when others were first."""
        self.handled_at, self.answer = timezone.now(), answer
        still = Arrival.objects.filter(pk=self.pk, handled_at=None)
        if not still.update(handled_at=self.handled_at, body={}, answer=answer):
            raise Done

    def told(self) -> None:
        """The asker has been answered, or cannot be any more."""
        if _running is not None:
            _running.writer.forget(self.pk)
        else:
            Arrival.objects.filter(pk=self.pk).update(answer=None)

    def later(self, seconds: float, why: str) -> None:
        Arrival.objects.filter(pk=self.pk).update(
            claimed_at=None, not_before=timezone.now() + timedelta(seconds=seconds), tries=F("tries") + 1,
            trouble=why[:200],
        )  # fmt: skip

    def aside(self, why: str) -> None:
        """It has no effect however often it is tried; as a newer release may know better, it stays."""
        Arrival.objects.filter(pk=self.pk).update(claimed_at=None, tries=TRIES, trouble=why[:200])


class Done(Exception):
    """Somebody else had the same effect a moment ago; ours is taken back."""


def key_of(kind: str, body: dict[str, Any]) -> str:
    """What is the same in every copy of it."""
    name = str(body.get("event_id") or body.get("trigger_id") or "")
    if not 0 < len(name) <= NAME:
        name = hashlib.sha256((name or json.dumps(body, sort_keys=True)).encode()).hexdigest()
    return f"{kind}:{name}"


def keep(installation: Installation, kind: str, body: dict[str, Any], lane: str) -> None:
    """Write it down, once; it is on the disk when this returns, and handled soon after."""
    arrival = Arrival(key=key_of(kind, body), installation=installation, kind=kind, lane=lane[:24], body=body)
    if _running is not None and not connection.in_atomic_block:
        _running.writer.write(arrival)
        return
    try:
        with transaction.atomic():
            arrival.save()
    except IntegrityError:
        return  # a copy
    transaction.on_commit(lambda: _put(arrival))


def _put(arrival: Arrival) -> None:
    if _running is not None:
        _running.put(arrival.pk, arrival.lane)


def wait_after(tries: int) -> float:
    """Seconds before the next try."""
    return float(2 ** min(tries + 1, 8))


# -- handling ----------------------------------------------------------------------------------------------


def handle(pk: int, *, claimed: bool = False) -> None:
    """Handle one arrival, if it waits and nobody else is at it."""
    free = Q(claimed_at=None) | Q(claimed_at__lt=timezone.now() - CLAIM)
    waits = Q(handled_at=None) | Q(answer__isnull=False)
    if not claimed and not Arrival.objects.filter(free, waits, pk=pk).update(claimed_at=timezone.now()):
        return
    arrival = Arrival.objects.select_related("installation").get(pk=pk)
    with errand.run("delivery", arrival.key), traces.span("delivery", kind=arrival.kind):
        _handle(arrival)


def _handle(arrival: Arrival) -> None:
    from fireside.slack.handling import Defer, answer, work

    try:
        if arrival.handled_at is None:
            work(arrival)
        if arrival.answer is not None:
            answer(arrival)
    except Done:
        log.info("%s had been handled already", arrival)
    except Defer as defer:
        arrival.later(defer.seconds, defer.why)
    except (*UNREADABLE, Refused) as error:  # it reads no better the next time, and a no stays a no
        log.exception("%s is set aside", arrival)
        arrival.aside(f"{type(error).__name__}: {error}")
    except Exception as error:
        log.exception("%s could not be handled", arrival)
        arrival.later(wait_after(arrival.tries), f"{type(error).__name__}: {error}")


def waiting(*, age: timedelta = timedelta()) -> models.QuerySet[Arrival]:
    """What nobody handles: forgotten by a process that died, or put off.

    Two looks with an index each, because a week of what was handled lies beside it.
    """
    now = timezone.now()
    free = Arrival.objects.filter(Q(claimed_at=None) | Q(claimed_at__lt=now - CLAIM), tries__lt=TRIES)
    ready = free.filter(Q(not_before=None) | Q(not_before__lte=now), at__lte=now - age).order_by()
    return ready.filter(handled_at=None).union(ready.filter(answer__isnull=False)).order_by("id")


def sweep() -> None:
    """Take up what another process left; asked every second by whoever sends."""
    for arrival in waiting(age=STALE)[:100]:
        if _running is not None:
            _running.put(arrival.pk, arrival.lane)
        else:
            handle(arrival.pk)


def drain() -> None:
    """Handle here all that waits, in order."""
    while some := list(waiting()[:100]):
        for arrival in some:
            handle(arrival.pk)


def forget() -> None:
    """Keys that no copy can come for any more, and what could not be handled in a month."""
    now = timezone.now()
    Arrival.objects.filter(Q(handled_at__lt=now - KEEP) | Q(at__lt=now - GIVE_UP)).delete()


_running: Lanes | None = None


def start() -> None:
    """Handle what arrives in this process from now on; what was set aside is tried once more."""
    global _running
    Arrival.objects.filter(handled_at=None, tries__gte=TRIES).update(tries=TRIES - 1, not_before=None)
    _running = _running or Lanes()


def runs() -> bool:
    """Is what arrives handled in this process by its own threads?"""
    return _running is not None


def stop() -> None:
    """End what is being handled; the rest is taken up by the next process."""
    global _running
    running, _running = _running, None
    if running is not None:
        running.stop()
