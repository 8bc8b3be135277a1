"""What happens unasked about what is connected: its keeper hears of it first, a room is asked once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from fireside.hearth import workflows
from fireside.hearth.cards import Text, text
from fireside.hearth.order import in_turn
from fireside.hearth.people import Person
from fireside.hearth.rooms import Room, house_room
from fireside.hearth.timeline import Entry
from fireside.hearth.workflows import every, when
from fireside.keys import cards, ours
from fireside.keys.meanings import explain
from fireside.keys.models import UNUSED, Holder
from fireside.web.places import Coming

ROOM, ABOUT = "keys", "What is connected to our rooms, and who looks after it."
WEEK = timedelta(days=7)  # that its keeper has before the room is asked
AT_HOME = 3


@every(minutes=10)
def meet_what_is_let_in() -> None:
    """Keep the register in step with what Fireside itself lets in: Slack, sources of alerts."""
    ours.meet()


@when(("source.made", "source.ended", "slack.installed", "slack.ended"))
def meet_at_once(entry: Entry) -> None:
    """The same as soon as something is let in or ended."""
    ours.meet()


@when("holder.grew")
def tell_what_grew(entry: Entry) -> None:
    """Tell its room that something may do more than before, in plain words."""
    holder = _of(entry)
    if holder is None:
        return
    gained = explain(entry.data.get("gained", []), holder.place)
    if (room := _room(holder)) is not None:
        card = cards.grown(holder, gained, entry.data.get("lost", []))
        room.say(card=card, key=f"keys:grew:{entry.pk}")


@when("person.deactivated")
def ask_who_keeps_it(entry: Entry) -> None:
    """When somebody leaves, ask the rooms who keeps what they kept."""
    number = entry.about.removeprefix("person:")
    if number.isdecimal():
        ask_rooms(Holder.objects.filter(keeper=int(number)))


@every(at="09:30", days="mon-fri")
def ask_about_what_is_connected() -> None:
    """Ask rooms, once about each, to look at what is due for a week, unused, or kept by nobody."""
    ask_rooms(Holder.objects.all())


def ask_rooms(holders: QuerySet[Holder]) -> None:
    """Each room hears of all its own in one message, and of each thing once."""
    today = timezone.localdate(workflows.now())
    awake = Q(quiet_until=None) | Q(quiet_until__lte=today)
    with transaction.atomic():
        in_turn()  # who asks at the same time sees what was asked
        asked: dict[Room, list[tuple[Holder, str, Text]]] = defaultdict(list)
        for holder in holders.filter(awake, ended_at=None).select_related("room", "keeper"):
            news = next((one for one in _reasons(holder, today) if one[0] not in holder.told), None)
            if news and (room := _room(holder)) is not None:
                asked[room].append((holder, *news))
        for room, found in asked.items():
            room.say(card=cards.asks([(holder, why) for holder, _, why in found]))
            for holder, sign, _ in found:
                holder.told = [*holder.told, sign]
                holder.save(update_fields=["told"])


def _reasons(holder: Holder, today: date) -> Iterator[tuple[str, Text]]:
    """What a room would be asked, the most pressing first; the sign stands for what it was asked about."""
    alone = holder.kept_by is None
    waited = timedelta() if alone else WEEK
    if holder.keeper is not None and alone:
        yield f"left:{holder.keeper_id}", text("is kept by nobody now. Who would look after it?")
    if holder.used_at is not None and holder.unused(today - waited):
        yield f"unused:{holder.used_at.date()}", text("was not used for three months. Is it still needed?")
    if holder.review_by <= today - waited:
        yield f"review:{holder.review_by}", text("is due for a look at what it may do.")


def _room(holder: Holder) -> Room | None:
    """Its own room, else that of the house; what belongs behind a door that is shut is told nowhere."""
    if holder.room is None or (holder.room.archived_at and not holder.room.private):
        return house_room(ROOM, ABOUT)
    return None if holder.room.archived_at else holder.room


def _of(entry: Entry) -> Holder | None:
    number = entry.about.removeprefix("holder:")
    return Holder.objects.select_related("room").filter(pk=int(number), ended_at=None).first()


def waiting(person: Person) -> Iterator[Coming]:
    """What this person keeps and could look at, on their own page, a week before any room is asked."""
    today = timezone.localdate(workflows.now())
    due = Q(review_by__lte=today) | Q(used_at__lte=workflows.now() - UNUSED) | Q(grew_at__isnull=False)
    awake = Q(quiet_until=None) | Q(quiet_until__lte=today)
    mine = Holder.seen_by(person).filter(due & awake, keeper=person, ended_at=None)
    for holder in mine.order_by("review_by")[:AT_HOME]:
        yield Coming(
            workflows.now(), f"Look at {holder.name}", holder.get_absolute_url(), _why(holder, today)
        )


def _why(holder: Holder, today: date) -> str:
    if holder.grew_at:
        return "It may do more than before."
    if holder.unused(today):
        return "It was not used for three months."
    return "It is time to look at what it may do."
