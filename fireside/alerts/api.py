"""What programs may read of alerts: one group for each card."""

from __future__ import annotations

from datetime import datetime

import msgspec
from django.db.models import Q

from fireside.alerts.models import Group
from fireside.hearth import webhooks
from fireside.web.api.records import readable


class GroupShape(msgspec.Struct):
    """Alerts of one name from one system, from first firing to back to normal."""

    id: int
    title: str
    alertname: str
    system: str | None
    room: str
    firing: int
    total: int
    opened_at: datetime
    resolved_at: datetime | None
    incident: str
    url: str


def group_shape(group: Group) -> GroupShape:
    return GroupShape(
        id=group.pk, title=group.title, alertname=group.alertname,
        system=group.system.slug if group.system else None, room=group.room.slug, firing=group.firing,
        total=group.total, opened_at=group.opened_at, resolved_at=group.resolved_at, incident=group.incident,
        url=group.get_absolute_url(),
    )  # fmt: skip


readable(
    "alerts", lambda: Group.objects.select_related("system", "room"), group_shape,
    help="What machines told us, card by card.",
    filters={"system": lambda words: Q(system__slug=words), "alertname": lambda words: Q(alertname=words)},
)  # fmt: skip

webhooks.offer(
    group_fired="alerts of one name fire", group_grew="more of them fire", group_taken="somebody is on it",
    group_resolved="they are back to normal", group_reopened="they fire again",
)  # fmt: skip
