"""What people see of systems and runbooks."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.template.loader import render_to_string

from fireside.hearth.rooms import visible
from fireside.systems.models import Runbook, System, written
from fireside.web.html import markdown
from fireside.web.page import asker, found, guests_too, page
from fireside.web.places import pieces, system_main


@guests_too
@login_required
def systems(request: HttpRequest) -> HttpResponse:
    """What we run, and who looks after it; below it the runbooks that belong to no system."""
    person = asker(request)
    all_ = System.objects.select_related("team", "room").annotate(books=Count("runbooks"))
    return page(
        request, "systems/systems.html", at="systems", topics=[], systems=visible(all_, person),
        loose=Runbook.objects.filter(system=None),
    )  # fmt: skip


@guests_too
@login_required
def system(request: HttpRequest, slug: str) -> HttpResponse:
    """One system: who looks after it, how to mend it, what happened the last times."""
    person = asker(request)
    shown = found(System.objects.select_related("team", "room"), person, slug=slug)
    around = {"me": person, "csrf_token": get_token(request)}
    return page(
        request, "systems/system.html", at="systems", topics=[f"story:{shown.ref}"], system=shown,
        runbooks=shown.runbooks.annotate(times=Count("uses")), labels=written(shown.matchers),
        pieces=[render_to_string(name, part | around) for name, part in pieces(system_main, person, shown)],
    )  # fmt: skip


@guests_too
@login_required
def runbook(request: HttpRequest, slug: str) -> HttpResponse:
    """One runbook to go by: its words, whether it helped, and what it said before."""
    books = Runbook.objects.select_related("system", "written_by", "reviewed_by")
    shown = found(books, asker(request), room="system__room", slug=slug)
    return page(
        request, "systems/runbook.html", at="systems", topics=[f"story:{shown.ref}"], runbook=shown,
        words=markdown(shown.body),
        uses=shown.uses.select_related("by")[:10], helped=shown.uses.filter(helped=True).count(),
        fell_short=shown.uses.filter(helped=False).count(), versions=shown.versions.select_related("by")[:20],
    )  # fmt: skip
