"""Who is here: the directory, a person, the teams."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.db.models import Prefetch, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone

from fireside.hearth.messages import Message
from fireside.hearth.people import Person, Team
from fireside.hearth.rooms import visible
from fireside.web.page import asker, guests_too, page

PAGE = 40
RECENT = 10
TEAM_PAGE = 200  # people shown on one team's page


@guests_too
@login_required
def people(request: HttpRequest) -> HttpResponse:
    """Everybody by name; `q` looks in names, handles and what people say about themselves."""
    query = request.GET.get("q", "").strip().replace("\0", "")
    after = request.GET.get("after", "")
    found = list(beginning_after(_like(query, asker(request)), after)[: PAGE + 1])
    more = found[PAGE - 1].pk if len(found) > PAGE else None
    return page(
        request,
        "web/people/people.html",
        at="people",
        people=found[:PAGE],
        query=query,
        more=more,
        begun=bool(after),
    )


@guests_too
@login_required
def person(request: HttpRequest, handle: str) -> HttpResponse:
    """One person: where they are in their day, their teams, and what they said where the reader may be."""
    me = asker(request)
    known = Person.known_to(me).prefetch_related("teams")
    someone = get_object_or_404(known, handle=handle, gone_at=None)
    said = visible(Message.objects.filter(author=someone, deleted_at=None, card__isnull=True), me).exclude(
        text=""
    )
    return page(
        request, "web/people/person.html", at="me" if someone == me else "people", person=someone,
        local=timezone.now().astimezone(someone.tz),
        said=said.select_related("room").order_by("-pk")[:RECENT],
    )  # fmt: skip


@login_required
def teams(request: HttpRequest) -> HttpResponse:
    everybody = Prefetch("members", Person.objects.filter(deactivated_at=None))
    return page(request, "web/people/teams.html", at="people", teams=Team.objects.prefetch_related(everybody))


@login_required
def team(request: HttpRequest, slug: str) -> HttpResponse:
    me = asker(request)
    found = get_object_or_404(Team.objects.select_related("room"), slug=slug)
    members = list(found.members.filter(deactivated_at=None)[:TEAM_PAGE])
    room = found.room if found.room is not None and found.room.may_enter(me) else None
    return page(
        request,
        "web/people/team.html",
        at="people",
        team=found,
        members=members,
        room=room,
        mine=me in members,
    )


def _like(query: str, me: Person) -> QuerySet[Person]:
    active = Person.known_to(me).filter(deactivated_at=None).prefetch_related("teams")
    wish = query.lstrip("@")
    return active.filter(Q(name__icontains=wish) | Q(handle__icontains=wish) | Q(about__icontains=wish))


def beginning_after(people: QuerySet[Person], after: str) -> QuerySet[Person]:
    """Those who come after the last one of the page before; the database compares, so its own order holds."""
    last = (
        Person.objects.filter(pk=after).first()
        if after.isascii() and after.isdecimal() and len(after) < 15
        else None
    )
    if last is None:
        return people
    return people.filter(Q(name__gt=last.name) | Q(name=last.name, pk__gt=last.pk))
