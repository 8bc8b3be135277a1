"""A room: its words, what is pinned, its files, its people, what it is for; and the list of all rooms."""

from __future__ import annotations

from functools import partial
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.safestring import SafeString
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from fireside.hearth.away import if_possible
from fireside.hearth.commands import book
from fireside.hearth.files import File
from fireside.hearth.leaving_rooms import Load, looks_after
from fireside.hearth.messages import Draft, Message
from fireside.hearth.people import Person
from fireside.hearth.rooms import Room, Seat
from fireside.web import places
from fireside.web.forms import ask
from fireside.web.page import asker, guests_too, page
from fireside.web.saying import form_html
from fireside.web.stretches import PAGE, Stretch, rows, stretch
from fireside.web.views.words import number, say

LISTED = 60  # rooms, people or files on one page
FACES = 12  # people named beside the words


def entered(request: HttpRequest, slug: str) -> Room:
    """The room, for those who may enter it; for anybody else it is not there."""
    return get_object_or_404(Room.enterable_by(asker(request)).select_related("team"), slug=slug)


@guests_too
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def room(request: HttpRequest, slug: str) -> HttpResponse:
    """The words of a room; posting says something in it."""
    here = entered(request, slug)
    if request.method == "POST":
        return say(request, here, lambda notice, words: _words(request, here, notice, words, 422))
    at = number(request.GET.get("at"))
    reply = Message.objects.filter(pk=at, room=here).exclude(thread=None).first() if at else None
    return redirect(reply) if reply is not None else _words(request, here)


def _words(
    request: HttpRequest,
    here: Room,
    notice: SafeString | str = "",
    words: str | None = None,
    status: int = 200,
) -> HttpResponse:
    me = asker(request)
    shown = stretch(
        here.messages.filter(thread=None), at=number(request.GET.get("at")),
        before=number(request.GET.get("before")), after=number(request.GET.get("after")),
    )  # fmt: skip
    seat = Seat.objects.filter(room=here, person=me).first()
    listed = rows(shown.messages, read_to=seat.read_to if seat else None, me=me)
    if seat is not None and not shown.later and seat.read_to < here.last_message:
        if_possible(partial(seat.read, here.last_message))
    draft = Draft.words(me, here.ref) if words is None else words
    return _page(
        request, here, "web/rooms/room.html", tab="messages", status=status, rows=listed, shown=shown,
        notice_html=notice, draft=draft, **_more(here, shown),
    )  # fmt: skip


def _more(here: Room, shown: Stretch) -> dict[str, str]:
    """Where earlier and later words are."""
    url = here.get_absolute_url()
    if not shown.messages:
        return {}
    return {
        "earlier": f"{url}?before={shown.messages[0].pk}" if shown.earlier else "",
        "later": f"{url}?after={shown.messages[-1].pk}" if shown.later else "",
    }


def _page(
    request: HttpRequest, here: Room, template: str, *, tab: str, status: int = 200, **context: object
) -> HttpResponse:
    me = asker(request)
    side = places.pieces(places.room_side, me, here)
    seats = Seat.objects.filter(room=here, person__deactivated_at=None)
    return page(
        request, template, at="rooms", status=status, topics=_topics(here),
        room=here, tab=tab, count=seats.count(), mine=seats.filter(person=me).exists(),
        faces=[seat.person for seat in seats.select_related("person").order_by("pk")[:FACES]],
        looks_after=looks_after(here, me), pins=list(_pinned(here)[:5]),
        head=places.pieces(places.room_head, me, here),
        side=side, tabs=[drawn["tab"] for _, drawn in side if "tab" in drawn], **context,
    )  # fmt: skip


def _topics(here: Room) -> list[str]:
    return [f"room:{here.slug}"] + ([f"story:{here.story}"] if here.story else [])


def _pinned(here: Room) -> QuerySet[Message]:
    return here.messages.exclude(pinned_at=None).order_by("-pinned_at").select_related("author", "room")


@guests_too
@login_required
@require_safe
def pinned(request: HttpRequest, slug: str) -> HttpResponse:
    here = entered(request, slug)
    return _page(request, here, "web/rooms/pinned.html", tab="pinned", rows=rows(list(_pinned(here)[:PAGE])))


@guests_too
@login_required
@require_safe
def files(request: HttpRequest, slug: str) -> HttpResponse:
    here = entered(request, slug)
    before = number(request.GET.get("before"))
    kept = (
        File.objects.filter(Exists(here.messages.filter(pk=OuterRef("message"))))  # most messages have none
        .select_related("message__author", "message__room")
        .order_by("-pk")
    )
    listed = list((kept.filter(pk__lt=before) if before else kept)[: LISTED + 1])
    later = f"?before={listed[LISTED - 1].pk}" if len(listed) > LISTED else ""
    return _page(request, here, "web/rooms/files.html", tab="files", files=listed[:LISTED], earlier=later)


@guests_too
@login_required
@require_safe
def people(request: HttpRequest, slug: str) -> HttpResponse:
    here = entered(request, slug)
    after = number(request.GET.get("after")) or 0
    seats = Seat.objects.filter(room=here, person__deactivated_at=None, pk__gt=after).select_related("person")
    listed = list(seats.order_by("pk")[: LISTED + 1])
    more = f"?after={listed[LISTED - 1].pk}" if len(listed) > LISTED else ""
    bring = form_html(request, ask(book.find("bring"), {}), here, request.path)
    guest = form_html(request, ask(book.find("guest-link"), {"rooms": str(here)}), here, request.path)
    return _page(
        request,
        here,
        "web/rooms/people.html",
        tab="people",
        seats=listed[:LISTED],
        later=more,
        bring_form=bring,
        guest_form=guest,
    )


@guests_too
@login_required
@require_safe
def about(request: HttpRequest, slug: str) -> HttpResponse:
    here = entered(request, slug)
    form = form_html(request, ask(book.find("about"), {"words": here.about}), here, request.path)
    rests = here.archived_at is not None and here.goes_at is None
    return _page(
        request, here, "web/rooms/about.html", tab="about", about_form=form,
        load=Load.of(here) if rests else "",
    )  # fmt: skip


@guests_too
@login_required
@require_POST
def read(request: HttpRequest, slug: str) -> HttpResponse:
    """This person has seen the words up to here (all of them, when no message is named)."""
    here = entered(request, slug)
    upto = min(number(request.POST.get("message")) or here.last_message, here.last_message)
    for seat in Seat.objects.filter(room=here, person=asker(request)):
        seat.read(upto)
    return HttpResponse(status=204)


@guests_too
@login_required
@require_safe
def palette(request: HttpRequest, slug: str) -> HttpResponse:
    """Every command with what it takes, those that fit this room first."""
    here = entered(request, slug)
    wish = request.GET.get("q", "").lstrip("/")
    offered = [
        {
            "verb": command.verb, "title": command.title, "help": command.help, "hint": command.hint,
            "example": command.example, "params": [
                {
                    "name": param.name.replace("_", "-"), "label": param.label, "required": param.required,
                    "hint": param.kind.hint, "choices": [label for _, label in param.kind.choices],
                }
                for param in command.params
            ],
        }
        for command in book.offered(here, asker(request)) if command.verb.startswith(wish)
    ]  # fmt: skip
    return JsonResponse(offered, safe=False)


@guests_too
@login_required
@require_safe
def rooms(request: HttpRequest) -> HttpResponse:
    """Every room this person could enter, by name; `q` looks in names and purposes."""
    me = asker(request)
    query = request.GET.get("q", "").strip().replace("\0", "")
    after = request.GET.get("after", "").replace("\0", "")
    wish = query.lstrip("#")
    seen = Room.enterable_by(me).filter(archived_at=None, slug__gt=after)
    seen = seen.filter(Q(slug__icontains=wish) | Q(about__icontains=wish)) if wish else seen
    mine = Exists(Seat.objects.filter(room=OuterRef("pk"), person=me))
    active = Seat.objects.filter(room=OuterRef("pk"), person__deactivated_at=None).order_by().values("room")
    counted = Coalesce(Subquery(active.annotate(n=Count("pk")).values("n")), 0)  # of those on this page only
    listed = list(seen.annotate(count=counted, mine=mine).order_by("slug")[: LISTED + 1])
    more = f"?{urlencode({'q': query, 'after': listed[LISTED - 1].slug})}" if len(listed) > LISTED else ""
    make = form_html(request, ask(book.find("room"), {}), None, request.path)
    return page(
        request,
        "web/rooms/rooms.html",
        at="rooms",
        rooms=listed[:LISTED],
        query=query,
        later=more,
        make_form=make,
    )


@guests_too
@login_required
@require_safe
def suggest(request: HttpRequest) -> HttpResponse:
    """People whose name or handle begins with what is typed after an @."""
    wish = request.GET.get("q", "").strip().lstrip("@").replace("\0", "")
    like = Q(handle__istartswith=wish) | Q(name__istartswith=wish) | Q(name__icontains=f" {wish}")
    close = Person.known_to(asker(request)).filter(like, deactivated_at=None)[:8]
    return JsonResponse(
        [{"handle": p.handle, "name": p.name, "initials": p.initials, "hue": p.hue} for p in close],
        safe=False,
    )
