"""What people see of alerts: what fires, what fired, one group in full, and how to connect a Prometheus."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from fireside.alerts.models import Alert, Delivery, Group, Source
from fireside.hearth.keys import SOON
from fireside.hearth.people import Person
from fireside.hearth.rooms import visible
from fireside.hearth.timeline import Entry
from fireside.systems.models import System
from fireside.web.drawings import Mark
from fireside.web.html import draw
from fireside.web.page import asker, found, guests_too, page
from fireside.web.places import Coming

PAGE = 30
MARKS = 40  # alerts on the day line


@guests_too
@login_required
def alerts(request: HttpRequest) -> HttpResponse:
    """What fires now, and below it what fired, newest first."""
    person, system = asker(request), request.GET.get("system", "")
    words = request.GET.get("words", "").strip()
    groups = _seen_by(person)
    if system:
        groups = groups.filter(system__slug=system)
    if words:
        groups = groups.filter(title__icontains=words)
    over, later = _page(groups.exclude(resolved_at=None), request.GET.get("before", ""))
    return page(
        request, "alerts/alerts.html", at="alerts", topics=["home"],
        firing=groups.filter(resolved_at=None)[:100], over=over, words=words, system=system,
        systems=visible(System.objects.all(), person),
        later=f"?{urlencode({'system': system, 'words': words, 'before': str(later)})}" if later else "",
        narrowed=bool(system or words),
    )  # fmt: skip


@guests_too
@login_required
def group(request: HttpRequest, pk: int) -> HttpResponse:
    """One card in full: what happened, and every alert in it with its labels."""
    shown = found(Group.objects.select_related("room", "system", "message__room"), asker(request), pk=pk)
    order = Alert.objects.filter(group=shown).order_by("-pk")
    some, later = _page(order, request.GET.get("before", ""))
    entries = Entry.objects.filter(story=shown.ref, withdrawn_at=None).order_by("at", "pk")
    return page(
        request, "alerts/group.html", at="alerts", topics=[f"story:{shown.ref}", f"room:{shown.room.slug}"],
        group=shown, card=draw(shown.card(), shown.room.slug, "alert"), alerts=some,
        later=f"?before={later}" if later else "", entries=entries[:200], earlier=shown.earlier(10),
    )  # fmt: skip


@login_required
def sources(request: HttpRequest) -> HttpResponse:
    """How to connect a Prometheus or an Alertmanager, ready to copy."""
    scheme, _, host = settings.PUBLIC_URL.partition("://")
    return page(
        request, "alerts/connect.html", at="alerts", scheme=scheme, host=host, url=settings.PUBLIC_URL,
        sources=Source.objects.filter(ended_at=None), **_troubled(asker(request)),
    )  # fmt: skip


def _troubled(person: Person) -> dict[str, Any]:
    """What was sent and could not be understood, for those who can mend it."""
    if not person.is_keeper:
        return {}
    return {"troubled": Delivery.troubled()[:5], "troubles": Delivery.troubled().count()}


def sources_end(person: Person) -> Iterable[Coming]:
    """On a keeper's home: a token that ends within a week, after which its machine would not be heard."""
    if person.is_keeper:
        now = timezone.now()
        for source in Source.objects.filter(ended_at=None, expires_at__gt=now, expires_at__lte=now + SOON):
            more = "After that its alerts are turned away. Connect your Prometheus gives it a new one."
            words = f"The token of {source.name} ends"
            yield Coming(source.expires_at or now, words, reverse("sources"), more)


def live(person: Person) -> str:
    """ "2 firing" in the rail, or nothing on a calm day."""
    count = visible(Group.objects.filter(resolved_at=None), person).count()
    return f"{count} firing" if count else ""


def home_piece(person: Person) -> tuple[str, dict[str, Any]] | None:
    """What fires and has no incident yet; the others show as what is being worked on."""
    firing = list(_seen_by(person).filter(resolved_at=None, incident="")[:6])
    return ("alerts/parts/firing.html", {"firing": firing}) if firing else None


def system_piece(person: Person, system: System) -> tuple[str, dict[str, Any]] | None:
    lately = list(_seen_by(person).filter(system=system)[:8])
    more = f"{reverse('alerts')}?{urlencode({'system': system.slug})}"
    return "alerts/parts/lately.html", {"lately": lately, "more": more}


def day_marks(person: Person, start: datetime, end: datetime) -> Iterable[Mark]:
    some = visible(Group.objects.filter(opened_at__gte=start, opened_at__lt=end), person)[:MARKS]
    return [Mark(group.opened_at, "alert", _said(group), group.resolved_at) for group in some]


def _said(group: Group) -> str:
    """A word or two on the day line; the alert of an incident is named by its incident."""
    if group.incident:
        return ""
    return group.title[:28] if group.resolved_at is None else "cleared itself"


def _seen_by(person: Person) -> QuerySet[Group]:
    return visible(Group.objects.select_related("room", "system"), person)


def _page(rows: QuerySet[Any], before: str) -> tuple[list[Any], int | None]:
    """One page by key, and the key after which the next one begins."""
    if before.isdecimal() and len(before) < 19:
        rows = rows.filter(pk__lt=int(before))
    some = list(rows[: PAGE + 1])
    return some[:PAGE], (some[PAGE - 1].pk if len(some) > PAGE else None)
