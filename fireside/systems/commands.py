"""What people do about systems and runbooks."""

from __future__ import annotations

from typing import Any

from django.db.models import TextChoices

from fireside.hearth.commands import Ask, Whisper, command
from fireside.hearth.errors import Sorry
from fireside.hearth.kinds import Line
from fireside.hearth.people import Role, Team
from fireside.hearth.rooms import Room
from fireside.systems.kinds import Labels, Long
from fireside.systems.models import Runbook, System


class Helped(TextChoices):
    YES = "yes", "it helped"
    NO = "no", "it did not help this time"


@command(
    "/system",
    example="/system Storefront what: the shop people see team: payments labels: job=storefront",
    title="Add or describe a system",
    where=("team",),
)
def system(
    ask: Ask,
    name: Line,
    what: Line = "",
    team: Team | None = None,
    room: Room | None = None,
    labels: Labels | None = None,
) -> System:
    """Add something you run, or describe it better: what it is for, its team, the room its alerts go to."""
    given = {"what": what, "team": team, "room": room, "matchers": labels}
    described: dict[str, Any] = {key: value for key, value in given.items() if value}
    try:
        known = System.named(name, person=ask.person)
    except Sorry:
        if ask.room is not None and ask.room.team is not None:
            described = {"team": ask.room.team, "room": ask.room, **described}
        return System.add(name, by=ask.person, **described)
    known.describe(by=ask.person, **described)
    return known


@command(
    "/runbook",
    example="/runbook Payments are refused system: shop alert: RefusalsHigh steps: 1. Look at the queue.",
    title="Write a runbook",
    where=("team", "incident"),
)
def runbook(ask: Ask, title: Line, *, system: System | None = None, alert: Line = "", steps: Long) -> Runbook:
    """Write down what to do, step by step. The next alert of that name brings it along."""
    return Runbook.write(title, steps, by=ask.person, system=system, alertname=alert)


@command(
    "/runbook-change",
    example="/runbook-change payments-are-refused steps: 1. Look at the queue. Above 60 it is full.",
    title="Improve a runbook",
)
def runbook_change(ask: Ask, runbook: Runbook, *, title: Line = "", alert: Line = "", steps: Long) -> Whisper:
    """Put better words into a runbook. The earlier ones are kept."""
    runbook.change(by=ask.person, steps=steps, title=title, alertname=alert or None)
    return Whisper(f"Kept. The earlier words of {runbook.title} are on its page too.")


@command("/runbook-reviewed", example="/runbook-reviewed payments-are-refused", title="It still holds")
def runbook_reviewed(ask: Ask, runbook: Runbook) -> Whisper:
    """Say that you have read a runbook through and that it still holds."""
    runbook.review(by=ask.person)
    return Whisper(f"Thank you. {runbook.title} counts as read through today.")


@command(
    "/runbook-helped",
    example="/runbook-helped payments-are-refused helped: yes about: the queue was full again",
    title="Did the runbook help?",
    role=Role.GUEST,
)
def runbook_helped(ask: Ask, runbook: Runbook, helped: Helped = Helped.YES, about: Line = "") -> Whisper:
    """Tell whether a runbook helped, so that the next person knows how far to trust it."""
    runbook.used(by=ask.person, helped=helped == Helped.YES, about=about)
    if helped == Helped.YES:
        return Whisper(f"Good to hear. {runbook.title} now says so.")
    return Whisper(f"Thank you for telling. You could put better words into it: {runbook.get_absolute_url()}")
