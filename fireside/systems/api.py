"""What programs may read of systems and runbooks."""

from __future__ import annotations

from datetime import datetime

import msgspec
from django.db.models import Q

from fireside.hearth import webhooks
from fireside.systems.models import Runbook, System
from fireside.web.api.records import readable


class SystemShape(msgspec.Struct):
    """Something we run; `matchers` are sets of labels, each of which leads its alerts here."""

    id: int
    slug: str
    name: str
    what: str
    team: str | None
    room: str | None
    matchers: list[dict[str, str]]
    url: str


class RunbookShape(msgspec.Struct):
    """How to mend something; `body` is markdown, its list items are the steps."""

    id: int
    slug: str
    title: str
    system: str | None
    alertname: str
    body: str
    draft: bool
    written_from: str
    written_at: datetime
    url: str


def system_shape(system: System) -> SystemShape:
    return SystemShape(
        id=system.pk, slug=system.slug, name=system.name, what=system.what,
        team=system.team.slug if system.team else None, room=system.room.slug if system.room else None,
        matchers=system.matchers, url=system.get_absolute_url(),
    )  # fmt: skip


def runbook_shape(runbook: Runbook) -> RunbookShape:
    return RunbookShape(
        id=runbook.pk, slug=runbook.slug, title=runbook.title,
        system=runbook.system.slug if runbook.system else None, alertname=runbook.alertname,
        body=runbook.body, draft=runbook.is_draft, written_from=runbook.written_from,
        written_at=runbook.written_at, url=runbook.get_absolute_url(),
    )  # fmt: skip


readable(
    "systems", lambda: System.objects.select_related("team", "room"), system_shape,
    help="What we run, and who looks after it.",
    filters={"slug": lambda words: Q(slug=words), "team": lambda words: Q(team__slug=words)},
)  # fmt: skip
readable(
    "runbooks", lambda: Runbook.objects.select_related("system"), runbook_shape, room="system__room",
    help="How to mend it.",
    filters={"system": lambda words: Q(system__slug=words), "alertname": lambda words: Q(alertname=words)},
)  # fmt: skip

webhooks.offer(
    system_added="a system was added", runbook_written="a runbook was written",
    runbook_changed="a runbook was changed",
)  # fmt: skip
