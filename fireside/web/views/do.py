"""The generic door: every command has its form and can be done from any page."""

from __future__ import annotations

import zlib

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_http_methods

from fireside.hearth.commands import Ask, Command, Sorry, book, perform
from fireside.hearth.messages import Draft
from fireside.hearth.people import Person
from fireside.hearth.rooms import Room
from fireside.web.forms import AskForm, ask
from fireside.web.page import asker, guests_too, page
from fireside.web.saying import answer, by_script, form_html, given_to, one_time, slip, wrong_html


@guests_too
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def do(request: HttpRequest, verb: str) -> HttpResponse:
    """Show the form of a command, or do it."""
    try:
        command = book.find(verb)
    except Sorry:
        raise Http404 from None
    me = asker(request)
    room = _room(request, me)
    given = given_to(command, request)
    if request.method != "POST":
        if me.is_guest and command.role > me.role:
            raise Http404
        return _form(request, ask(command, given), room)
    try:
        outcome = perform(
            Ask(me, room, "web", key=_key(request, command, given), slip=slip(request)), verb, given
        )
    except Sorry as sorry:
        form = ask(command, given, sorry)
        if by_script(request):
            return HttpResponse(wrong_html(request, sorry, form, room), status=422)
        return _form(request, form, room, status=422)
    if room is not None and Draft.words(me, room.ref).startswith(f"/{verb}"):
        Draft.keep(me, room.ref, "")
    return answer(request, outcome, room, room.get_absolute_url() if room else "/")


def _room(request: HttpRequest, me: Person) -> Room | None:
    slug = (request.POST.get("room") or request.GET.get("room", "")).replace("\0", "")
    return get_object_or_404(Room.enterable_by(me), slug=slug.lstrip("#")) if slug else None


def _key(request: HttpRequest, command: Command, given: dict[str, str]) -> str:
    """Buttons of one page share its key, so the key of an ask is also what it asks."""
    key = one_time(request)
    return f"{key}:{command.verb}:{zlib.crc32(repr(sorted(given.items())).encode()):x}" if key else ""


def _form(request: HttpRequest, form: AskForm, room: Room | None, status: int = 200) -> HttpResponse:
    return page(
        request, "web/do.html", at="do", status=status, command=form.command, room=room,
        form_html=form_html(request, form, room),
    )  # fmt: skip
