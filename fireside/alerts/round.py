"""One pass over what came in: alerts fire and end, find their group, and each group's card is drawn once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, TypeAlias

from fireside.alerts.cards import lasted
from fireside.alerts.known import Known, meet, same, write, written
from fireside.alerts.models import FLAP, Delivery, Group
from fireside.alerts.wire import Seen
from fireside.hearth.people import Person
from fireside.hearth.rooms import Room
from fireside.systems.models import Owners, System

Key: TypeAlias = "tuple[int, str]"
Place: TypeAlias = "tuple[int, int | None]"  # a room, and a system or none

CROWD = 10  # open cards of one system (or of none) in one room; what follows shares a card
CROWDED = timedelta(minutes=5)
LATE = timedelta(minutes=5)  # a copy of an old delivery may come this long after the end
HOUR = timedelta(hours=1)
ANNOTATED = ("runbook_url", "runbook", "runbook_url_internal")
RUNBOOKS, KEYS = 5, 10  # of one group
UNCLAIMED = "alerts"
MANY = "*"  # stands for the names of all alerts that came in a crowd


class Came(NamedTuple):
    """A delivery as it waits in the inbox."""

    pk: int
    source_id: int
    form: str
    at: datetime
    sha256: str
    body: bytes


class Round:
    """The work of one pass; `tell` deliveries in order, then `finish` once, all in one transaction."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        systems = System.objects.select_related("room")
        self._owners = Owners(systems)
        self._known: dict[Key, Known] = {}
        self._changed: dict[tuple[int, str, int], Known] = {}
        self._places: dict[Place, dict[str, Group]] = {}
        self._fresh: dict[Place, int] = {}  # cards that opened there lately
        self._groups: dict[int, Group] = {}
        self._touched: dict[int, Touch] = {}
        self._unclaimed: Room | None = None

    def tell(self, told: Sequence[tuple[Came, Sequence[Seen]]]) -> None:
        """The alerts of these deliveries, in the order they were written."""
        self._meet(told)
        for came, alerts in told:
            for seen in alerts:
                known = self._known.get((came.source_id, seen.fingerprint))
                if seen.firing:
                    self._fires(came, seen, known)
                elif known is not None and known.resolved_at is None:
                    self.over(known, min(seen.ends or came.at, came.at), came.at)

    def over(self, alert: Known, at: datetime, told_at: datetime | None = None) -> None:
        """This alert no longer fires."""
        group = self._group(alert.group_id)
        alert.resolved_at, alert.last_at = at, told_at or self.now
        group.firing = max(group.firing - 1, 0)
        self._touch(group).ended = alert.resolved_at
        self._keep(alert)

    def finish(self) -> None:
        """Write the alerts, then settle and draw the groups they belong to."""
        write(self._changed.values())
        for touch in self._touched.values():
            touch.settle(self.now)

    def _meet(self, told: Sequence[tuple[Came, Sequence[Seen]]]) -> None:
        strangers: dict[int, dict[str, None]] = {}
        for came, alerts in told:
            strangers.setdefault(came.source_id, {}).update(
                dict.fromkeys(seen.fingerprint for seen in alerts)
            )
        for source, fingerprints in strangers.items():
            for known in meet(source, list(fingerprints), self.now - HOUR):
                self._known[source, known.fingerprint] = known

    def _fires(self, came: Came, seen: Seen, known: Known | None) -> None:
        if known is None or known.resolved_at is not None:
            if known is None or not self._is_late(came, seen, known):
                self._fires_anew(came, seen, known)
            return
        labels, notes = written(seen.labels), written(seen.annotations)
        other_notes = bool(seen.annotations) and not same(known.annotations, notes)
        if other_notes or _lasts(known, seen, came.at) or not same(known.labels, labels):
            known.labels, known.ends_at = labels, seen.ends
            known.annotations = notes if seen.annotations else known.annotations
            self._keep(known)
        group = self._group(known.group_id)
        if _learn(group, seen):
            self._touch(group)

    def _fires_anew(self, came: Came, seen: Seen, known: Known | None) -> None:
        group = self._place(seen)
        notes = known.annotations if known is not None and not seen.annotations else written(seen.annotations)
        if known is None or known.group_id != group.pk:
            group.total += 1
        alert = self._known[came.source_id, seen.fingerprint] = Known(
            came.source_id, seen.fingerprint, group.pk, written(seen.labels), notes,
            seen.starts or came.at, seen.ends, None, came.at,
        )  # fmt: skip
        touch = self._touch(group)
        _learn(group, seen)
        if touch.new:
            group.opened_at = min(group.opened_at, alert.starts_at)
        group.firing += 1
        touch.more += 1
        self._keep(alert)

    def _is_late(self, came: Came, seen: Seen, known: Known) -> bool:
        """A copy of what we heard before the end; a sender that says the same again later is believed."""
        if seen.starts is None or seen.starts > known.starts_at or came.at - known.last_at > LATE:
            return False
        return Delivery.objects.filter(source=came.source_id, sha256=came.sha256, pk__lt=came.pk).exists()

    def _place(self, seen: Seen) -> Group:
        """The group this alert belongs to now: the open one, one that was over a moment ago, or a new one."""
        system = self._owners.of(seen.labels)
        room = system.room if system and system.room and system.room.archived_at is None else self._home()
        place = (room.pk, system.pk if system else None)
        groups = self._around(place)
        name = seen.labels.get("alertname", "")[:200]
        if name not in groups and self._fresh[place] >= CROWD:
            name = MANY
        if name not in groups:
            groups[name] = self._open(room, system, name, seen)
            self._fresh[place] += 1
        return groups[name]

    def _around(self, place: Place) -> dict[str, Group]:
        """The groups of a system in a room that an alert could still join, the newest of each name."""
        if place not in self._places:
            room, system = place
            recent = Group.objects.filter(room=room, system=system).exclude(resolved_at__lt=self.now - FLAP)
            found = recent.select_related("room", "system", "message__room").select_for_update(of=("self",))
            groups = {g.alertname: self._groups.setdefault(g.pk, g) for g in found.order_by("pk")}
            since = self.now - CROWDED
            self._fresh[place] = sum(g.traced_at > since and g.resolved_at is None for g in groups.values())
            self._places[place] = groups
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

    def _keep(self, alert: Known) -> None:
        self._changed[alert.source_id, alert.fingerprint, alert.group_id] = alert

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


def _lasts(known: Known, seen: Seen, at: datetime) -> bool:
    """Is its end another one? One that moves along is written again when a quarter of the time is gone."""
    if known.ends_at is None or seen.ends is None or seen.ends < known.ends_at:
        return known.ends_at != seen.ends
    return seen.ends - known.ends_at > (seen.ends - at) / 4


def _learn(group: Group, seen: Seen) -> bool:
    """Keep what this alert tells about the group; a silence erases nothing. Tells whether it was news."""
    notes, news = seen.annotations, group.truncated != seen.truncated
    group.truncated = seen.truncated
    if not group.impact and (impact := notes.get("impact") or notes.get("customer_impact")):
        group.impact, news = impact, True
    if not group.says and (says := notes.get("description") or notes.get("message")):
        group.says, news = says, True
    url = next((url for name in ANNOTATED if (url := notes.get(name, "").strip())), "")
    if url and url not in group.runbook_urls and len(group.runbook_urls) < RUNBOOKS:
        group.runbook_urls, news = [*group.runbook_urls, url], True
    if seen.group_key and seen.group_key not in group.group_keys and len(group.group_keys) < KEYS:
        group.group_keys, news = [*group.group_keys, seen.group_key], True
    return news


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
