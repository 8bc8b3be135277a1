"""Where post-mortems stand on other pages: the rail, home, a system's page, and the card of an alert."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any, TypeAlias

from django.db.models import Count, Exists, F, OuterRef, Q
from django.urls import reverse
from django.utils import timezone

from fireside.alerts import cards
from fireside.alerts.models import Group
from fireside.hearth.cards import Link, Text, text
from fireside.hearth.people import Person
from fireside.hearth.rooms import Room, visible
from fireside.postmortems.drawn import counted
from fireside.postmortems.mitigation import Mitigation
from fireside.postmortems.postmortem import Asked, Postmortem, Reader
from fireside.postmortems.tellings import Telling
from fireside.systems.models import System
from fireside.web.places import Coming, Nav, Piece, coming, home_main, home_side, nav, room_side, system_main

Drawn: TypeAlias = tuple[str, dict[str, Any]] | None
ASKED = timedelta(days=30)  # somebody who was there is reminded of their telling for this long
NUDGE = timedelta(days=7)  # an owner reads the reminder for this long
FEW = 4


def take() -> None:
    """Put our pieces into their places."""
    nav.append(Nav("Learn", "/learn/", "book-open", "learn", 50))
    home_main.append(Piece(30, yours_to_tell))
    home_side.append(Piece(20, celebrating))
    coming.append(coming_up)
    room_side.append(Piece(20, of_this_room))
    system_main.append(Piece(60, learned_here))
    cards.more.append(last_learned)


def yours_to_tell(person: Person) -> Drawn:
    """Tellings this person was asked for and has neither shared nor let be; for their eyes alone."""
    waiting, to_read = _not_told(person), _not_read(person)
    if not waiting and not to_read:
        return None
    return "postmortems/parts/yours.html", {"waiting": waiting, "to_read": to_read}


def _not_told(person: Person) -> list[Postmortem]:
    """Most days nobody is asked for anything, which a small question finds out."""
    lately = Asked.objects.filter(person=person, at__gte=timezone.now() - ASKED)
    if not lately.exists():
        return []
    over = Telling.objects.filter(
        Q(shared_at__isnull=False) | Q(let_be_at__isnull=False), postmortem=OuterRef("pk"), person=person
    )
    asked = Postmortem.seen_by(person).filter(pk__in=lately.values("postmortem"))
    return list(asked.exclude(Exists(over)).order_by("-pk")[:FEW])


def _not_read(person: Person) -> list[Reader]:
    given = Reader.objects.filter(person=person, read_at=None)
    if not given.exists():
        return []
    seen = visible(given, person, "postmortem__incident__room")
    return list(seen.select_related("postmortem__incident", "asked_by").order_by("-pk")[:FEW])


def celebrating(person: Person) -> Drawn:
    """What was published lately, with its applause."""
    known = Postmortem.seen_by(person).filter(published_at__gte=timezone.now() - ASKED)
    newest = list(known.order_by("-published_at").values_list("pk", flat=True)[:FEW])
    counted_up = (
        Postmortem.objects.select_related("incident")
        .filter(pk__in=newest)
        .annotate(
            clapping=Count("applause", distinct=True),
            things=Count("factors", distinct=True),
            changes=Count("mitigations", distinct=True),
        )
    )
    found = list(counted_up.order_by("-published_at"))
    return ("postmortems/parts/celebrating.html", {"celebrated": found}) if found else None


def coming_up(person: Person) -> Iterable[Coming]:
    """The changes this person offered, and those whose effect they will be asked about soon."""
    known = visible(Mitigation.objects.filter(owner=person), person, "postmortem__incident__room")
    mine = known.filter(done_at=None, let_go_at=None).order_by(F("due").asc(nulls_last=True), "pk")
    if found := list(mine[: FEW + 1]):
        total = mine.count() if len(found) > FEW else len(found)
        words = counted(total, "change from a post-mortem is yours", "changes from post-mortems are yours")
        more = " ".join(_waiting(change) for change in found[:FEW])
        yield Coming(_morning(found[0].due), words.capitalize(), reverse("changes"), more)
    soon = timezone.localdate() + NUDGE
    asked = known.filter(done_at__isnull=False, effect="", effect_on__lte=soon).select_related("postmortem")
    for change in asked.order_by("effect_on")[:FEW]:
        url = f"{change.postmortem.get_absolute_url()}#{change.anchor}"
        yield Coming(_morning(change.effect_on), "Did it help the next person?", url, f"“{change.what}”")


def _waiting(change: Mitigation) -> str:
    """One change with its day; the newest reminder is said once, and only here."""
    words = f"“{change.what}”, {change.due:%-d %B}." if change.due else f"“{change.what}”."
    nudged = change.nudged_at is not None and change.nudged_at >= timezone.now() - NUDGE
    return (
        f"{words} Is it in place, does it want more time, or could it go? Any is fine." if nudged else words
    )


def _morning(day: date | None) -> datetime:
    """When that day begins here; what has no day comes last."""
    day = day or timezone.localdate() + timedelta(days=365)
    return timezone.make_aware(datetime.combine(day, time()))


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
