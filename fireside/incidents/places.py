"""Where incidents show in other pages: the rail, home, the day line, their rooms and their systems."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.dateformat import format as written
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from fireside.alerts.cards import more
from fireside.alerts.models import Group
from fireside.hearth.cards import Card, Link, Text, text
from fireside.hearth.people import Person
from fireside.hearth.rooms import Room
from fireside.incidents.drawn import headline
from fireside.incidents.models import Attempt, Incident, Update
from fireside.systems.models import System
from fireside.web.drawings import Mark, spark
from fireside.web.places import (
    Coming,
    Nav,
    Piece,
    asked_once,
    coming,
    day_marks,
    greetings,
    home_cards,
    home_main,
    nav,
    room_head,
    system_main,
)

AT_HOME = 5
MARKED = 50  # on a day's line, of each kind
OF_A_SYSTEM = 8
LATEST = 200  # attempts and updates that are looked through for the last words
Drawn = tuple[str, dict[str, Any]] | None


@asked_once
def open_now(person: Person) -> list[Incident]:
    """The open incidents this person may see, newest first, as far as a page shows them."""
    known = Incident.seen_by(person).filter(closed_at=None)
    return list(known.select_related("lead", "room", "group")[:MARKED])


def hot(person: Person) -> list[Incident]:
    """Those of them that still hurt."""
    return [incident for incident in open_now(person) if incident.normal_at is None]


def live(person: Person) -> str:
    """ "1 live" beside the word in the rail."""
    count = Incident.seen_by(person).filter(closed_at=None, normal_at=None).count()
    return _("%(count)d live") % {"count": count} if count else ""


def being_worked_on(person: Person) -> Drawn:
    """The open incidents on the home page, each with who is at it; three queries however many there are."""
    incidents = open_now(person)[:AT_HOME]
    if not incidents:
        return None
    told: dict[int, Update] = {}
    for update in Update.objects.filter(incident__in=incidents).order_by("-pk")[:LATEST]:
        told.setdefault(update.incident_id, update)
    attempts = Attempt.objects.filter(incident__in=incidents, by__isnull=False).select_related("by")
    tried: dict[int, list[Attempt]] = {}
    for attempt in attempts.order_by("-pk")[:LATEST]:
        tried.setdefault(attempt.incident_id, []).append(attempt)
    lines = [_line(one, told.get(one.pk), tried.get(one.pk, [])) for one in incidents]
    return "incidents/on_home.html", {"lines": lines}


def as_cards(person: Person) -> Iterable[Card]:
    """The same incidents as cards."""
    return [headline(incident) for incident in open_now(person)[:AT_HOME]]


def _line(incident: Incident, told: Update | None, tried: list[Attempt]) -> dict[str, Any]:
    """How it stands in the last words about it, whose hands are on it, and its alert as a line."""
    doing = next((attempt.what for attempt in tried if attempt.kind == Attempt.Kind.DOING), "")
    hands = {attempt.by.pk: attempt.by for attempt in tried if attempt.by and attempt.by != incident.lead}
    counts = [float(count) for _, count in incident.group.counts] if incident.group else []
    return {
        "incident": incident, "told": told, "hands": list(hands.values())[:4],
        "doing": doing,
        "chart": spark(counts, "Alerts firing, over the last hour") if len(counts) > 1 else "",
        "now": int(counts[-1]) if counts else 0,
    }  # fmt: skip


def in_its_room(person: Person, room: Room) -> Drawn:
    """A compact head on top of an incident's room, with the way to its page."""
    if not room.story.startswith("incident:"):
        return None
    incident = Incident.objects.filter(room=room).select_related("lead").first()
    return ("incidents/on_room.html", {"incident": incident}) if incident else None


def of_a_system(person: Person, system: System) -> Drawn:
    """The last incidents of a system, on its page."""
    incidents = list(Incident.seen_by(person).filter(system=system).select_related("lead")[:OF_A_SYSTEM])
    return ("incidents/on_system.html", {"incidents": incidents, "system": system}) if incidents else None


def on_the_day(person: Person, since: datetime, until: datetime) -> Iterable[Mark]:
    """Each incident of the day as a stretch of heat, from noticed to back to normal."""
    over = Incident.seen_by(person).filter(noticed_at__lt=until, normal_at__gte=since)
    for incident in (*hot(person), *over[:MARKED]):
        if incident.noticed_at < until:
            yield Mark(incident.noticed_at, "incident", incident.name, incident.normal_at)


def updates_due(person: Person) -> Iterable[Coming]:
    """The updates that people were promised by this person, or by nobody in an incident they lead."""
    waiting = Incident.seen_by(person).filter(closed_at=None, next_due_at__isnull=False, lead=person)
    for incident in waiting.order_by("next_due_at")[:AT_HOME]:
        if incident.next_due_at:
            at = written(timezone.localtime(incident.next_due_at), "G:i")
            more = _("People were told that it comes at %(at)s.") % {"at": at}
            words = _("An update about %(name)s") % {"name": incident.name}
            yield Coming(incident.next_due_at, words, incident.get_absolute_url(), more)


def greeting(person: Person) -> str:
    """A sentence under the greeting, calm and true."""
    led = [incident.lead for incident in hot(person)]
    if not led:
        return ""
    words = ngettext("One incident is being worked on", "%(count)d incidents are being worked on", len(led))
    words %= {"count": len(led)}
    if all(led):
        return (
            _("%(words)s, and it is in good hands.") % {"words": words}
            if len(led) == 1
            else f"{words}, all in good hands."
        )
    return _("%(words)s, and somebody to lead would help.") % {"words": words}


def on_an_alert(group: Group) -> dict[str, Text]:
    """The way from an alert's card to its incident."""
    ref = group.incident.removeprefix("incident:")
    incident = Incident.objects.filter(pk=int(ref), private=False).first() if ref.isdecimal() else None
    if incident is None:
        return {}
    return {"Incident": text("{incident}", incident=Link(str(incident), incident.get_absolute_url()))}


nav.append(Nav(str(gettext_lazy("Incidents")), "/incidents/", "siren", "incidents", 20, live))
home_main.append(Piece(10, being_worked_on))
home_cards.append(as_cards)
room_head.append(Piece(10, in_its_room))
system_main.append(Piece(40, of_a_system))
day_marks.append(on_the_day)
coming.append(updates_due)
greetings.append(greeting)
more.append(on_an_alert)
