"""How long what machines told us is kept, and what of it goes with a room."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from fireside.alerts.models import Delivery, Group
from fireside.hearth import keeping, leaving_rooms, namesakes
from fireside.hearth.batches import batches
from fireside.hearth.forgetting import forget_messages
from fireside.hearth.keeping import Kept
from fireside.hearth.rooms import Room
from fireside.hearth.search import Doc
from fireside.hearth.timeline import Entry


def take() -> None:
    """Take our place among what is kept."""
    keeping.keepable(Kept(
        "deliveries", "What machines sent us, word for word", "deliveries", _deliveries, _forget_deliveries,
        days=30, help="What became of it (alerts, cards, incidents) is kept apart.",
    ))  # fmt: skip
    keeping.keepable(Kept(
        "alerts", "Alerts that are over and led to no incident", "alerts", _over, _forget, shortest=7,
        help="With their cards in rooms.",
    ))  # fmt: skip
    leaving_rooms.emptied.append(_leave)
    namesakes.sentences.add("group.taken")


def _deliveries(before: datetime, most: int) -> list[int]:
    handled = Delivery.objects.filter(at__lt=before, handled_at__isnull=False)
    return list(handled.order_by("at").values_list("pk", flat=True)[:most])


def _forget_deliveries(numbers: list[int]) -> int:
    return int(Delivery.objects.filter(pk__in=numbers).delete()[0])


def _over(before: datetime, most: int) -> list[int]:
    over = Group.objects.filter(resolved_at__lt=before, incident="", incidents=None)
    return list(over.order_by("pk").values_list("pk", flat=True)[:most])


def _forget(numbers: list[int]) -> int:
    """These alerts with their cards and all that was noted about them."""
    with transaction.atomic():
        groups = Group.objects.filter(pk__in=numbers)
        forget_messages(list(groups.filter(message__isnull=False).values_list("message", flat=True)))
        Entry.objects.filter(about__in=[f"group:{number}" for number in numbers]).delete()
        Doc.objects.filter(kind="group", ref__in=numbers).delete()
        groups.delete()
    return len(numbers)


def _leave(room: Room) -> None:
    """The room's alerts go with it. What still fires comes back when it is told again, in #alerts."""
    theirs = Group.objects.filter(room=room).order_by("pk").values_list("pk", flat=True)
    batches(lambda most: list(theirs[:most]), _forget)
