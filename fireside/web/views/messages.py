"""One message: its own address, its thread, what it was before, and what can be done with it."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.safestring import SafeString
from django.views.decorators.http import require_http_methods

from fireside.hearth.commands import book
from fireside.hearth.messages import Draft, Message
from fireside.web.forms import ask
from fireside.web.html import article
from fireside.web.page import asker, found, guests_too, page
from fireside.web.reading import SIGNS
from fireside.web.saying import form_html
from fireside.web.stretches import rows, stretch
from fireside.web.views.words import number, say


@guests_too
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def message(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """The message and its thread; posting replies to it. A reply is shown in its thread."""
    messages = Message.objects.select_related("room", "author", "thread__room")
    one = found(messages, asker(request), room__slug=slug, pk=pk)
    if one.thread is not None:
        return redirect(f"{one.thread.get_absolute_url()}?at={one.pk}#m{one.pk}")
    if request.method == "POST":
        again = lambda notice, words: _thread(request, one, notice, words, 422)  # noqa: E731
        return say(request, one.room, again, thread=one)
    return _thread(request, one)


def _thread(
    request: HttpRequest,
    one: Message,
    notice: SafeString | str = "",
    words: str | None = None,
    status: int = 200,
) -> HttpResponse:
    me = asker(request)
    said = Message.objects.filter(thread=one)
    shown = stretch(
        said, at=number(request.GET.get("at")), before=number(request.GET.get("before")),
        after=number(request.GET.get("after")),
    )  # fmt: skip
    url = one.get_absolute_url()
    mine = one.author_id == me.pk and not one.deleted_at
    edit = form_html(
        request, ask(book.find("edit"), {"message": str(one.pk), "text": one.text}), one.room, url
    )
    return page(
        request, "web/rooms/message.html", at="rooms", status=status, topics=[f"room:{one.room.slug}"],
        room=one.room, message=one, article=article(one), rows=rows(shown.messages), shown=shown,
        earlier=f"{url}?before={shown.messages[0].pk}" if shown.earlier and shown.messages else "",
        later=f"{url}?after={shown.messages[-1].pk}" if shown.later and shown.messages else "",
        versions=list(one.versions.order_by("-pk")[:50]), claps=SIGNS, mine=mine,
        may_delete=mine or (me.is_keeper and not one.deleted_at), editing=mine and "edit" in request.GET,
        edit_form=edit if mine else "", notice_html=notice,
        draft=Draft.words(me, one.ref) if words is None else words,
    )  # fmt: skip
