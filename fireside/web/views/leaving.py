"""What is mine to take along, and the way out: going, and coming back while there is time."""

from __future__ import annotations

from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from fireside.hearth import audit, leaving_people, yours
from fireside.hearth.commands import Ask, Sorry, perform
from fireside.web.html import draw
from fireside.web.page import asker, guests_too, page, see_other


@guests_too
@login_required
@require_POST
def mine(request: HttpRequest) -> FileResponse:
    """Everything that is mine, as one file."""
    me = asker(request)
    audit.write("person.exported", by=me, about=f"person:{me.pk}")
    name = f"fireside-{me.handle}-{timezone.localdate().isoformat()}.zip"
    return FileResponse(yours.packed(me), as_attachment=True, filename=name)


@guests_too
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def go(request: HttpRequest) -> HttpResponse:
    """What happens when I go; posting my own handle does it."""
    me = asker(request)
    if request.method != "POST":
        return _go(request)
    typed, words = request.POST.get("typed", ""), request.POST.get("words", "stay")
    if typed.strip().lstrip("@").lower() != me.handle:
        return _go(request, f"Write your handle, {me.handle}, to say that you mean it.", words)
    try:
        outcome = perform(Ask(me, door="web"), "delete-person", {"person": me.handle, "words": words})
    except Sorry as sorry:
        return _go(request, sorry.words, words)
    logout(request)
    card = outcome.whisper.card if outcome.whisper else None
    return render(request, "web/welcome/gone.html", {"card_html": draw(card) if card else ""})


def _go(request: HttpRequest, wrong: str = "", words: str = "stay") -> HttpResponse:
    status = 422 if wrong else 200
    return page(request, "web/settings/go.html", at="me", status=status, wrong=wrong, words=words,
                grace=leaving_people.GRACE.days)  # fmt: skip


@guests_too
@require_http_methods(["GET", "HEAD", "POST"])
def come_back(request: HttpRequest, token: str) -> HttpResponse:
    """Whoever holds their own way back stays after all, and signs in as before."""
    person = leaving_people.who_comes_back(token)
    if person is None:
        return render(request, "web/welcome/too_late.html", status=404)
    if request.method == "POST":
        leaving_people.stay(person, by=person)
        return see_other(reverse("account_login"))
    return render(request, "web/welcome/back.html", {"person": person})
