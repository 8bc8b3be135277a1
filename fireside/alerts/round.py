"""One pass over what came in: alerts fire and end, find their group, and each group's card is drawn once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TypeAlias

from django.db import connection
from django.db.models import Q

from fireside.alerts.cards import lasted
from fireside.alerts.models import FLAP, Alert, Delivery, Group
from fireside.alerts.wire import Seen
from fireside.hearth.people import Person
from fireside.hearth.rooms import Room
from fireside.systems.models import Owners, System

Key: TypeAlias = "tuple[int, str]"

AT_ONCE = 500  # alerts looked up or written together
CROWD = 10  # open cards of one system (or of none) in one room; what follows shares a card
CROWDED = timedelta(minutes=5)
LATE = timedelta(minutes=5)  # a copy of an old delivery may come this long after the end
HOUR = timedelta(hours=1)
ANNOTATED = ("runbook_url", "runbook", "runbook_url_internal")
UNCLAIMED = "alerts"
FOUND = ("source_id", "fingerprint", "group_id")
TOLD = ("labels", "annotations", "starts_at", "ends_at", "resolved_at", "last_at")
UPSERT = (
    f"INSERT INTO alerts_alert ({', '.join(FOUND + TOLD)}) "  # noqa: S608 -- our own names
    f"VALUES ({', '.join(['%s'] * len(FOUND + TOLD))}) ON CONFLICT ({', '.join(FOUND)}) "
    f"DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in TOLD)}"
)
MANY = "*"  # stands for the names of all alerts that came in a crowd


class Round:
    """The work of one pass; `tell` deliveries in order, then `finish` once, all in one transaction."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        systems = System.objects.select_related("room")
        self._owners = Owners(systems)
        self._known: dict[Key, Alert] = {}
        self._changed: dict[Key, Alert] = {}
        self._places: dict[tuple[int, int | None], dict[str, Group]] = {}
        self._groups: dict[int, Group] = {}
        self._touched: dict[int, Touch] = {}
        self._unclaimed: Room | None = None

    def tell(self, delivery: Delivery, seen: Sequence[Seen]) -> None:
        """The alerts of one delivery, in the order they were written."""
        self._meet(delivery.source_id, [alert.fingerprint for alert in seen])
        for alert in seen:
            known = self._known.get((delivery.source_id, alert.fingerprint))
            if alert.firing:
                self._fires(delivery, alert, known)
            elif known is not None and known.resolved_at is None:
                self.over(known, min(alert.ends or delivery.at, delivery.at), delivery.at)

    def over(self, alert: Alert, at: datetime, told_at: datetime | None = None) -> None:
        """This alert no longer fires."""
        group = self._group(alert.group_id)
        alert.resolved_at, alert.last_at = at, told_at or self.now
        group.firing = max(group.firing - 1, 0)
        self._touch(group).ended = alert.resolved_at
        self._keep(alert)

    def finish(self) -> None:
        """Write the alerts, then settle and draw the groups they belong to."""
        _write(list(self._changed.values()))
        for touch in self._touched.values():
            touch.settle(self.now)

    def _meet(self, source: int, fingerprints: list[str]) -> None:
        strangers = [print_ for print_ in dict.fromkeys(fingerprints) if (source, print_) not in self._known]
        for start in range(0, len(strangers), AT_ONCE):
            some = strangers[start : start + AT_ONCE]
            lately = Q(group__resolved_at=None) | Q(group__resolved_at__gte=self.now - HOUR)
            lately |= Q(last_at__gte=self.now - HOUR)
            for alert in Alert.objects.filter(lately, source=source, fingerprint__in=some).order_by("pk"):
                self._known[source, alert.fingerprint] = alert

    def _fires(self, delivery: Delivery, seen: Seen, known: Alert | None) -> None:
        if known is None or known.resolved_at is not None:
            if known is not None and self._is_late(delivery, seen, known):
                return
            self._fires_anew(delivery, seen, known)
            return
        if (known.labels, known.ends_at) != (seen.labels, seen.ends) or seen.annotations != known.annotations:
            known.labels, known.ends_at = seen.labels, seen.ends
            known.annotations = seen.annotations or known.annotations
            self._keep(known)
        group = self._group(known.group_id)
        if _learn(group, seen):
            self._touch(group)

    def _fires_anew(self, delivery: Delivery, seen: Seen, known: Alert | None) -> None:
        group = self._place(seen)
        alert = known
        if alert is None or alert.group_id != group.pk:
            alert = Alert(source_id=delivery.source_id, fingerprint=seen.fingerprint, group=group)
            group.total += 1
        alert.labels, alert.annotations = seen.labels, seen.annotations or alert.annotations
        alert.starts_at = seen.starts or delivery.at
        alert.ends_at, alert.resolved_at, alert.last_at = seen.ends, None, delivery.at
        touch = self._touch(group)
        _learn(group, seen)
        if touch.new:
            group.opened_at = min(group.opened_at, alert.starts_at)
        group.firing += 1
        touch.more += 1
        self._known[delivery.source_id, seen.fingerprint] = alert
        self._keep(alert)

    def _is_late(self, delivery: Delivery, seen: Seen, known: Alert) -> bool:
        """A copy of what we heard before the end; a sender that says the same again later is believed."""
        if seen.starts is None or seen.starts > known.starts_at or delivery.at - known.last_at > LATE:
            return False
        same = Delivery.objects.filter(source=delivery.source_id, sha256=delivery.sha256, pk__lt=delivery.pk)
        return same.exists()

    def _place(self, seen: Seen) -> Group:
        """The group this alert belongs to now: the open one, one that was over a moment ago, or a new one."""
        system = self._owners.of(seen.labels)
        room = system.room if system and system.room and system.room.archived_at is None else self._home()
        groups = self._around(room, system)
        name = seen.labels.get("alertname", "")[:200]
        if name not in groups:
            fresh = sum(g.traced_at > self.now - CROWDED and g.resolved_at is None for g in groups.values())
            name = MANY if fresh >= CROWD else name
        if name not in groups:
            groups[name] = self._open(room, system, name, seen)
        return groups[name]

    def _around(self, room: Room, system: System | None) -> dict[str, Group]:
        """The groups of this system in this room that an alert could still join, the newest of each name."""
        place = (room.pk, system.pk if system else None)
        if place not in self._places:
            recent = Group.objects.filter(room=room, system=system).exclude(resolved_at__lt=self.now - FLAP)
            found = recent.select_related("room", "system", "message__room").select_for_update(of=("self",))
            self._places[place] = {
                g.alertname: self._groups.setdefault(g.pk, g) for g in found.order_by("pk")
            }
        return self._places[place]

    def _open(self, room: Room, system: System | None, name: str, seen: Seen) -> Group:
        title = "Many things fire at once" if name == MANY else _title(seen, name)
        group = Group.objects.create(
            room=room, system=system, alertname=name, title=title, opened_at=self.now, traced_at=self.now
        )
        self._groups[group.pk] = group
        self._touched[group.pk] = Touch(group, new=True)
        return group

    def _group(self, pk: int) -> Group:
        if pk not in self._groups:
            found = Group.objects.select_related("room", "system", "message__room")
            self._groups[pk] = found.select_for_update(of=("self",)).get(pk=pk)
        return self._groups[pk]

    def _touch(self, group: Group) -> Touch:
        return self._touched.setdefault(group.pk, Touch(group))

    def _keep(self, alert: Alert) -> None:
        self._changed[alert.source_id, alert.fingerprint] = alert

    def _home(self) -> Room:
        """Where alerts go that no system claims."""
        if self._unclaimed is None:
            self._unclaimed = Room.objects.filter(slug=UNCLAIMED).first() or _make_home()
        return self._unclaimed


class Touch:
    """A group that something happened to in this pass, and what its card has to say about it."""

    def __init__(self, group: Group, *, new: bool = False) -> None:
        self.group = group
        self.new = new
        self.was_over = group.resolved_at is not None
        self.more = 0
        self.ended: datetime | None = None

    def settle(self, now: datetime) -> None:
        group = self.group
        over = group.firing == 0
        group.resolved_at = (self.ended or group.resolved_at or now) if over else None
        _count(group, now)
        trace = self._trace(over, now)
        group.save()
        if trace is None:
            return
        group.redraw(trace=trace)

    def _trace(self, over: bool, now: datetime) -> str | None:
        """The line under the card; None when the card may wait for its turn."""
        group = self.group
        if self.new:
            group.note("fired", f"{group.title} is firing", by=None, at=group.opened_at)
            group.redraw()
        elif self.was_over and not over:
            group.grown, group.traced_at = 0, now
            group.note("reopened", f"{group.title} is firing again", by=None)
            return "Firing again"
        if over and not self.was_over:
            group.grown, group.stale = 0, False
            words = f"Back to normal after {lasted(group.opened_at, group.resolved_at or now)}"
            group.note("resolved", f"{group.title} is back to normal", by=None, at=group.resolved_at)
            return words
        group.stale = group.stale or not self.new
        group.grown += 0 if self.new or over else self.more
        return None


def _write(alerts: Sequence[Alert]) -> None:
    """All of them with one statement; a thousand at a time, the models' own way took ten times as long."""
    moment = connection.ops.adapt_datetimefield_value
    rows = [
        (
            alert.source_id, alert.fingerprint, alert.group_id, json.dumps(alert.labels),
            json.dumps(alert.annotations), moment(alert.starts_at), moment(alert.ends_at),
            moment(alert.resolved_at), moment(alert.last_at),
        )
        for alert in alerts
    ]  # fmt: skip
    with connection.cursor() as cursor:
        cursor.executemany(UPSERT, rows)


def _learn(group: Group, seen: Seen) -> bool:
    """Keep what this alert tells about the group; a silence erases nothing. Tells whether it was news."""
    before = (group.impact, group.says, len(group.runbook_urls), len(group.group_keys), group.truncated)
    notes = seen.annotations
    group.impact = group.impact or notes.get("impact", "") or notes.get("customer_impact", "")
    group.says = group.says or notes.get("description", "") or notes.get("message", "")
    urls = [notes[name].strip() for name in ANNOTATED if notes.get(name, "").strip()][:1]
    group.runbook_urls = list(dict.fromkeys([*group.runbook_urls, *urls]))[:5]
    keys = [seen.group_key] if seen.group_key else []
    group.group_keys = list(dict.fromkeys([*group.group_keys, *keys]))[:10]
    group.truncated = seen.truncated
    return before != (
        group.impact,
        group.says,
        len(group.runbook_urls),
        len(group.group_keys),
        group.truncated,
    )


def _title(seen: Seen, name: str) -> str:
    words = seen.annotations.get("summary", "") or seen.annotations.get("title", "") or name
    words = " ".join(words.split()) or "An alert without a name"
    return words if len(words) <= 200 else words[:199] + "…"


def _count(group: Group, now: datetime) -> None:
    """One number a minute, an hour long, for the line on the card."""
    minute, oldest = now.strftime("%Y-%m-%dT%H:%M"), (now - HOUR).strftime("%Y-%m-%dT%H:%M")
    kept = [point for point in group.counts if oldest <= point[0] < minute]
    group.counts = [*kept, [minute, group.firing]]


def _make_home() -> Room:
    room = Room.make(UNCLAIMED, by=None, about="Alerts that no system claims yet.")
    for keeper in Person.objects.filter(keeper_since__isnull=False, deactivated_at=None):
        room.seat(keeper)
    return room
