"""What programs may read of incidents and of the decisions made in them."""

from __future__ import annotations

from datetime import datetime

import msgspec
from django.db.models import Q

from fireside.hearth import webhooks
from fireside.hearth.rooms import Room
from fireside.incidents.models import Decision, Incident
from fireside.systems.models import System
from fireside.web.api.records import readable


class IncidentShape(msgspec.Struct):
    """Trouble with a room of its own; `state` is the furthest stage, in words."""

    id: int
    name: str
    title: str
    summary: str
    severity: str
    state: str
    room: str
    system: str | None
    lead: str | None
    noticed_at: datetime
    eased_at: datetime | None
    normal_at: datetime | None
    closed_at: datetime | None
    url: str


class DecisionShape(msgspec.Struct):
    """A choice made while it was hot."""

    id: int
    name: str
    incident: str
    what: str
    because: str
    undo: str
    by: str | None
    at: datetime
    back_at: datetime | None
    url: str


def incident_shape(incident: Incident) -> IncidentShape:
    return IncidentShape(
        id=incident.pk, name=incident.name, title=incident.title, summary=incident.summary,
        severity=incident.severity, state=incident.state, room=incident.room.slug,
        system=incident.system.slug if incident.system and _open(incident.system) else None,
        lead=incident.lead.handle if incident.lead else None, noticed_at=incident.noticed_at,
        eased_at=incident.eased_at, normal_at=incident.normal_at, closed_at=incident.closed_at,
        url=incident.get_absolute_url(),
    )  # fmt: skip


def _open(system: System) -> bool:
    """A system that lives in a private room is not named to those who may only see the incident."""
    return system.room is None or not system.room.private


def decision_shape(decision: Decision) -> DecisionShape:
    return DecisionShape(
        id=decision.pk, name=decision.name, incident=decision.incident.name, what=decision.what,
        because=decision.because, undo=decision.undo, by=decision.by.handle if decision.by else None,
        at=decision.at, back_at=decision.back_at, url=decision.get_absolute_url(),
    )  # fmt: skip


def _of_system(words: str) -> Q:
    return Q(system__slug=words) & (Q(system__room=None) | Q(system__room__private=False))


def _numbered(words: str) -> Q:
    """ "INC-12" or "12"; anything else finds nothing."""
    number = words.upper().removeprefix("INC-")
    plain = number.isascii() and number.isdecimal() and len(number) < 10
    return Q(incident__number=int(number)) if plain else Q(pk=0)


readable(
    "incidents", lambda: Incident.objects.select_related("room", "system__room", "lead"), incident_shape,
    help="What was in trouble, and how far putting it right has come.",
    filters={"system": _of_system, "room": lambda words: Q(room__slug=words)},
)  # fmt: skip
readable(
    "decisions", lambda: Decision.objects.select_related("incident__room", "by"), decision_shape,
    room="incident__room", help="Choices made in incidents, with the reason and the way back.",
    filters={"incident": _numbered},
)  # fmt: skip

webhooks.offer(
    incident_opened="an incident began", incident_led="somebody leads", incident_graded="how bad it is",
    incident_eased="it hurts less", incident_normal="customers are fine", incident_closed="it was closed",
    incident_reopened="it goes on", update_told="an update was told", decision_made="something was decided",
    call_made="somebody calls for help",
)  # fmt: skip


def _owners(room: Room) -> list[int | None]:
    """The team whose system an incident's room is about."""
    incident = Incident.objects.filter(room=room).select_related("system", "group__room").first()
    if incident is None:
        return []
    return [
        incident.system.team_id if incident.system else None,
        incident.group.room.team_id if incident.group else None,
    ]


webhooks.teams.append(_owners)
