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
from fireside.alerts.models import Alert, Delivery, Group, Source
from fireside.alerts.round import Round
from fireside.hearth import gauges

log = logging.getLogger(__name__)

BYTES = 1024 * 1024  # of bodies in one pass
MOST = 1000  # deliveries in one pass
MANY = 20  # deliveries in one pass that mean more is coming
CALM = timedelta(seconds=1)  # between two drawings of one card, unless it changes colour
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
            round_.over(alert, alert.ends_at or now)
        round_.finish()


def let_go(source: Source) -> None:
    """A source that is no longer listened to cannot say that all is well; its alerts are over."""
    now = timezone.now()
    with transaction.atomic():
        _turn()
        round_ = Round(now)
        for alert in Alert.objects.filter(source=source, resolved_at=None).order_by("pk"):
            round_.over(alert, now)
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
        """Empty the inbox. In a storm half of the time is left to those who write into it."""
        taken = 1
        while taken and not self._ending.is_set():
            began = time.monotonic()
            taken = take()
            catch_up()
            if taken > MANY:
                self._ending.wait(time.monotonic() - began)


def _pass(most: int) -> int:
    now = timezone.now()
    with transaction.atomic():
        _turn()
        waiting = _waiting(most)
        if not waiting:
            return 0
        round_ = Round(now)
        for delivery in waiting:
            try:
                seen = wire.read(delivery.form, bytes(delivery.body), delivery.at)
            except wire.Unreadable as unreadable:
                Delivery.objects.filter(pk=delivery.pk).update(trouble=str(unreadable)[:300])
            else:
                round_.tell(delivery, seen)
        round_.finish()
        Delivery.objects.filter(pk__in=[delivery.pk for delivery in waiting]).update(handled_at=now)
    gauges.handled(delivery.at for delivery in waiting)
    return len(waiting)


def _waiting(most: int) -> list[Delivery]:
    """The oldest deliveries, as many as fit into one pass, at least one."""
    line = Delivery.objects.filter(handled_at=None).order_by("pk")
    total = 0
    chosen: list[int] = []
    for pk, size in line.values_list("pk", "size")[:most]:
        total += size
        if chosen and total > BYTES:
            break
        chosen.append(pk)
    return list(line.filter(pk__in=chosen))


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
