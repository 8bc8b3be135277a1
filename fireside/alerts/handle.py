"""What becomes of a delivery: the inbox is emptied in order, by whoever comes first, one pass at a time."""

from __future__ import annotations

import logging
import threading
import time
from datetime import datetime, timedelta

from django.db import DatabaseError, DataError, IntegrityError, close_old_connections, connection, transaction
from django.db.models import Q
from django.utils import timezone

from fireside.alerts import wire
from fireside.alerts.known import Known
from fireside.alerts.models import Alert, Delivery, Group, Source
from fireside.alerts.round import Came, Round
from fireside.hearth import gauges

log = logging.getLogger(__name__)

BYTES = 2 * 1024 * 1024  # of bodies in one pass
MOST = 1000  # deliveries in one pass
GATHER = 0.05  # seconds between two passes; the first one after a calm is at once
REST = 3  # times as long as a pass took, while more comes in
CALM = timedelta(seconds=0.3)  # between two drawings of one card, unless it changes colour
FOLD = timedelta(minutes=1)  # between two lines that say "more are firing"
TURN = 0x414C5254  # one pass at a time, on PostgreSQL too, where several processes may look


def take() -> int:
    """Handle what waits, one pass; returns how many deliveries that were."""
    try:
        return _pass(MOST)
    except (DataError, IntegrityError, ValueError):
        log.exception("A pass over the alerts failed; they are taken one by one")
    try:
        return _pass(1)
    except (DataError, IntegrityError, ValueError) as error:
        return _set_aside(error)


def take_all() -> int:
    """Handle everything that waits."""
    total = 0
    while taken := take():
        total += taken
    return total


def expire() -> None:
    """What was told through the API with an end, and not told again, is over."""
    now = timezone.now()
    with transaction.atomic():
        _turn()
        round_ = Round(now)
        for alert in Alert.objects.filter(resolved_at=None, ends_at__lte=now).order_by("pk")[:1000]:
            round_.over(Known.of(alert), alert.ends_at or now)
        round_.finish()


def let_go(source: Source) -> None:
    """A source that is no longer listened to cannot say that all is well; its alerts are over."""
    now = timezone.now()
    with transaction.atomic():
        _turn()
        round_ = Round(now)
        for alert in Alert.objects.filter(source=source, resolved_at=None).order_by("pk"):
            round_.over(Known.of(alert), now)
        round_.finish()


def catch_up(now: datetime | None = None) -> None:
    """Draw the cards that had to wait, and say under them how much more is firing."""
    now = now or timezone.now()
    behind = Q(stale=True, drawn_at__lte=now - CALM) | Q(grown__gt=0, traced_at__lte=now - FOLD)
    with transaction.atomic():
        _turn()
        cards = Group.objects.select_related("room", "system", "message__room")
        for group in cards.filter(behind).select_for_update(of=("self",)):
            if group.grown and group.traced_at <= now - FOLD and group.resolved_at is None:
                words = f"{group.grown:,} more firing, {group.firing:,} now"
                group.note("grew", words, by=None, firing=group.firing)
                group.grown, group.traced_at = 0, now
                group.save(update_fields=["grown", "traced_at"])
                group.redraw(trace=words)
            else:
                group.redraw()


def behind() -> bool:
    """Is there a card that waits for its turn?"""
    return Group.objects.filter(Q(stale=True) | Q(grown__gt=0)).exists()


class Handler:
    """A thread that takes what comes in at once; the engine's minute is the net under it."""

    def __init__(self) -> None:
        self._kicked = threading.Event()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="alerts-handler", daemon=True)
        self._thread.start()

    def kick(self) -> None:
        """Something has come in."""
        self._kicked.set()

    def stop(self) -> None:
        self._ending.set()
        self._kicked.set()
        self._thread.join()

    def _run(self) -> None:
        wait: float | None = None
        while not self._ending.is_set():
            self._kicked.wait(wait)
            self._kicked.clear()
            wait = self._look()
        connection.close()

    def _look(self) -> float | None:
        """Do what there is to do; returns the seconds after which to look again, None for "when kicked"."""
        close_old_connections()
        try:
            self._take()
            return CALM.total_seconds() if behind() else None
        except DatabaseError:
            log.exception("The alerts wait until the database answers again")
            connection.close()
            return 5.0

    def _take(self) -> None:
        """Empty the inbox. While more comes in, most of the time is left to those who write into it, and
        enough of it gathers for the next pass that what a pass costs by itself is shared by many."""
        taken = 1
        while taken and not self._ending.is_set():
            began = time.monotonic()
            taken = take()
            catch_up()
            if self._kicked.is_set():
                self._ending.wait(max(GATHER, REST * (time.monotonic() - began)))
                self._kicked.clear()


def _pass(most: int) -> int:
    now = timezone.now()
    with transaction.atomic():
        _turn()
        waiting = _waiting(most)
        if not waiting:
            return 0
        round_ = Round(now)
        round_.tell([(came, seen) for came in waiting if (seen := _read(came)) is not None])
        round_.finish()
        Delivery.objects.filter(pk__in=[came.pk for came in waiting]).update(handled_at=now)
    gauges.handled(came.at for came in waiting)
    return len(waiting)


def _read(came: Came) -> list[wire.Seen] | None:
    """What it says; when that cannot be understood, the trouble is noted and there is nothing."""
    try:
        return wire.read(came.form, came.body, came.at)
    except wire.Unreadable as unreadable:
        Delivery.objects.filter(pk=came.pk).update(trouble=str(unreadable)[:300])
        return None


def _waiting(most: int) -> list[Came]:
    """The oldest deliveries, as many as fit into one pass, at least one."""
    line = Delivery.objects.filter(handled_at=None).order_by("pk")
    total = 0
    chosen: list[int] = []
    for pk, size in line.values_list("pk", "size")[:most]:
        total += size
        if chosen and total > BYTES:
            break
        chosen.append(pk)
    rows = Delivery.objects.filter(pk__in=chosen).order_by("pk").values_list(*Came._fields)
    return [Came._make((*row[:-1], bytes(row[-1]))) for row in rows]  # PostgreSQL lends its bytes


def _set_aside(error: Exception) -> int:
    """What cannot be handled must not hold up the others; it stays in the inbox with its trouble."""
    log.error("A delivery is set aside: %s", error)
    with transaction.atomic():
        first = Delivery.objects.filter(handled_at=None).order_by("pk").values_list("pk", flat=True)[:1]
        return Delivery.objects.filter(pk__in=list(first)).update(
            handled_at=timezone.now(), trouble=f"{type(error).__name__}: {error}"[:300]
        )


def _turn() -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [TURN])
