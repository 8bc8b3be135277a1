"""Where post-mortems stand on other pages: the rail, home, a system's page, and the card of an alert."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, TypeAlias

from django.db.models import Count, Exists, OuterRef, Q
from django.utils import timezone

from fireside.alerts import cards
from fireside.alerts.models import Group
from fireside.hearth.cards import Link, Text, text
from fireside.hearth.people import Person
from fireside.hearth.rooms import Room
from fireside.postmortems.drawn import counted
from fireside.postmortems.mitigation import Mitigation
from fireside.postmortems.postmortem import Postmortem, Reader
from fireside.postmortems.tellings import Telling
from fireside.systems.models import System
from fireside.web.places import Nav, Piece, home_main, home_side, nav, room_side, system_main

Drawn: TypeAlias = tuple[str, dict[str, Any]] | None
ASKED = timedelta(days=30)  # somebody who was there is reminded of their telling for this long
NUDGE = timedelta(days=7)  # an owner reads the reminder for this long
FEW = 4


def take() -> None:
    """Put our pieces into their places."""
    nav.append(Nav("Learn", "/learn/", "book-open", "learn", 50))
    home_main.append(Piece(30, yours_to_tell))
    home_side.append(Piece(20, celebrating))
    home_side.append(Piece(30, coming_up))
    room_side.append(Piece(20, of_this_room))
    system_main.append(Piece(60, learned_here))
    cards.more.append(last_learned)


def yours_to_tell(person: Person) -> Drawn:
    """Tellings this person was asked for and has neither shared nor let be; for their eyes alone."""
    since = timezone.now() - ASKED
    over = Telling.objects.filter(
        Q(shared_at__isnull=False) | Q(let_be_at__isnull=False), postmortem=OuterRef("pk"), person=person
    )
    asked = Postmortem.seen_by(person).filter(asked__person=person, asked__at__gte=since)
    waiting = list(asked.exclude(Exists(over)).order_by("-pk")[:FEW])
    to_read = list(
        Reader.objects.filter(person=person, read_at=None, postmortem__in=Postmortem.seen_by(person))
        .select_related("postmortem__incident", "asked_by")
        .order_by("-pk")[:FEW]
    )
    if not waiting and not to_read:
        return None
    return "postmortems/parts/yours.html", {"waiting": waiting, "to_read": to_read}


def celebrating(person: Person) -> Drawn:
    """What was published lately, with its applause."""
    known = Postmortem.seen_by(person).filter(published_at__gte=timezone.now() - ASKED)
    counted_up = known.annotate(
        clapping=Count("applause", distinct=True),
        things=Count("factors", distinct=True),
        changes=Count("mitigations", distinct=True),
    )
    found = list(counted_up.order_by("-published_at")[:FEW])
    return ("postmortems/parts/celebrating.html", {"celebrated": found}) if found else None


def coming_up(person: Person) -> Drawn:
    """The changes this person offered; the newest reminder among them is said once, and only here."""
    mine = Mitigation.open_ones(person).filter(owner=person).order_by("due", "pk")
    found = list(mine[: FEW + 1])
    if not found:
        return None
    total = mine.count() if len(found) > FEW else len(found)
    recent = timezone.now() - NUDGE
    words = counted(total, "change from a post-mortem is yours", "changes from post-mortems are yours")
    context = {"mine": found[:FEW], "nudge_since": recent, "yours": words.capitalize()}
    return "postmortems/parts/coming.html", context


def of_this_room(person: Person, room: Room) -> Drawn:
    """The way from an incident's room to what was learned in it."""
    if room.purpose != Room.Purpose.INCIDENT:
        return None
    found = Postmortem.seen_by(person).filter(incident__room=room).first()
    return ("postmortems/parts/of_room.html", {"postmortem": found}) if found else None


def learned_here(person: Person, system: System) -> Drawn:
    """The post-mortems of this system."""
    known = Postmortem.seen_by(person).filter(incident__system=system, published_at__isnull=False)
    found = list(known.order_by("-published_at")[:FEW])
    return ("postmortems/parts/of_system.html", {"learned": found, "system": system}) if found else None


def last_learned(group: Group) -> dict[str, Text]:
    """The newest post-mortem of trouble with the same name on the same system, for the alert's card."""
    if not group.alertname:
        return {}
    known = Postmortem.objects.select_related("incident").filter(
        Q(incident__room__private=False) | Q(incident__room=group.room),
        incident__group__alertname=group.alertname,
        incident__group__system=group.system_id,
        published_at__isnull=False,
    )
    newest = known.order_by("-published_at").first()
    if newest is None:
        return {}
    return {"What we learned last time": text("{it}", it=Link(newest.title, newest.get_absolute_url()))}
