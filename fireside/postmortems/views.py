"""What people see of what was learned: the morgue, a post-mortem to read, changes, the export."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.auth.decorators import login_required
from django.db.models import F, Q
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from fireside.hearth.people import Person
from fireside.hearth.rooms import visible
from fireside.hearth.workflows import now
from fireside.postmortems import gentle as words
from fireside.postmortems.drawn import counted
from fireside.postmortems.export import markdown
from fireside.postmortems.learned import KINDS
from fireside.postmortems.mitigation import Mitigation
from fireside.postmortems.morgue import Search, anniversaries, being_written
from fireside.postmortems.postmortem import Postmortem
from fireside.postmortems.reading import reading
from fireside.systems.models import System
from fireside.web.page import asker, found, guests_too, page

DONE_LATELY = timedelta(days=30)


@guests_too
@login_required
@require_safe
def morgue(request: HttpRequest) -> HttpResponse:
    person = asker(request)
    search = Search.read(request.GET)
    lines, earlier = search.lines(person)
    first = search.is_blank and search.before is None
    return page(
        request, "postmortems/morgue.html", at="learn", topics=["home"], search=search, lines=lines,
        earlier=earlier, later="?" + search.query() if search.before else "", kinds=KINDS,
        systems=visible(System.objects.all(), person), years_ago=anniversaries(person) if first else [],
        drafts=being_written(person) if first else [],
    )  # fmt: skip


@guests_too
@login_required
@require_safe
def postmortem(request: HttpRequest, number: int) -> HttpResponse:
    person = asker(request)
    record = one(person, number)
    return page(
        request, "postmortems/postmortem.html", at="learn", topics=[f"story:{record.ref}"],
        **reading(record, person),
    )  # fmt: skip


def one(person: Person, number: int) -> Postmortem:
    """The post-mortem of that number; for who may not enter its room there is none."""
    return found(Postmortem.seen_by(person), person, room="incident__room", incident__number=number)


@guests_too
@login_required
@require_safe
def export(request: HttpRequest, number: int) -> HttpResponse:
    """The whole post-mortem as Markdown, with what this reader may see."""
    record = one(asker(request), number)
    answer = HttpResponse(markdown(record), content_type="text/markdown; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="post-mortem-{number}.md"'
    return answer


@guests_too
@login_required
@require_safe
def changes(request: HttpRequest) -> HttpResponse:
    """What is still to be changed: mine first, then what waits for somebody, then everyone's."""
    person = asker(request)
    open_ones = list(Mitigation.open_ones(person).order_by(F("due").asc(nulls_last=True), "pk")[:200])
    lately = Mitigation.seen_by(person).filter(Q(done_at__gte=now() - DONE_LATELY)).order_by("-done_at")[:20]
    waiting = [m for m in open_ones if m.owner is None or not m.owner.is_active]
    return page(
        request, "postmortems/changes.html", at="learn", topics=["home"],
        mine=[m for m in open_ones if m.owner == person], waiting=waiting,
        others=[m for m in open_ones if m.owner != person and m not in waiting], lately=lately,
        yours=counted(sum(m.owner == person for m in open_ones), "change", "changes"),
        today=timezone.localdate(),
    )  # fmt: skip


@guests_too
@login_required
@require_safe
def why(request: HttpRequest) -> HttpResponse:
    return page(request, "postmortems/why.html", at="learn")


@guests_too
@require_safe
@cache_control(public=True, max_age=3600)
def gentle(request: HttpRequest) -> HttpResponse:
    """The phrases, for the browser to look up by itself; nothing comes back here."""
    return JsonResponse(words.as_data(), safe=False)
