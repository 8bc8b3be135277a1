"""What people see of what is connected: the list, one in full, the check-list before, a list brought in."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_safe

from fireside.hearth.commands import Ask
from fireside.hearth.errors import Sorry
from fireside.hearth.kinds import read_day
from fireside.hearth.people import Person
from fireside.hearth.rooms import Room
from fireside.hearth.timeline import Entry
from fireside.keys import importing, ours, programs, saying
from fireside.keys.kinds import LISTED, PASTED, read_list
from fireside.keys.meanings import explain
from fireside.keys.models import LOOK_AGAIN, Holder
from fireside.keys.pasted import holds_secret, read_scopes
from fireside.web.keyring import lists
from fireside.web.page import asker, found, page
from fireside.web.views.settings import for_keepers

PAGE, MOST, HISTORY = 40, 2000, 100
FILTERS = {
    "": _("All"), "review": _("Due for a look"), "unkept": _("Kept by nobody"),
    "unused": _("Unused for 90 days"), "grew": _("May do more than before"),
    "ended": _("No longer connected"),
}  # fmt: skip
TOLD = ("name", "what_for", "scopes", "may", "keeper", "less", "look_again", "take_away", "vendor", "room")


@login_required
@require_safe
def keys(request: HttpRequest) -> HttpResponse:
    """What holds the keys to our rooms: our own app first, then what reaches furthest."""
    me, show = asker(request), request.GET.get("show", "")
    wish = request.GET.get("room", "").lstrip("#").replace("\0", "")
    room = Room.enterable_by(me).filter(slug=wish).first()
    rows = Holder.seen_by(me).filter(ended_at__isnull=show != "ended")[:MOST]
    today = timezone.localdate()
    listed = [one for one in ours.in_order(rows) if _fits(one, show, today)]
    here: list[saying.Connected] = []
    if room is not None:
        here, _others = saying.reaching(room)
        listed = [
            one
            for one in listed
            if one.room_id is None and one.get_absolute_url() not in {c.url for c in here}
        ]
    start = _number(request.GET.get("from", ""))
    return page(
        request, "keys/keys.html", at="keys", show=show if show in FILTERS else "", filters=FILTERS.items(),
        room=room, here=here,
        rows=[(one, saying.in_short(one), _signs(one, today)) for one in listed[start:][:PAGE]],
        later=start + PAGE if len(listed) > start + PAGE else 0, programs=programs.held(me), today=today,
    )  # fmt: skip


def _fits(one: Holder, show: str, today: date) -> bool:
    return {
        "review": one.review_by <= today, "unkept": one.kept_by is None, "unused": one.unused(today),
        "grew": one.grew_at is not None,
    }.get(show, True)  # fmt: skip


def _signs(one: Holder, today: date) -> list[str]:
    """What somebody could look at, in a word or two each."""
    signs = {
        _("may do more than before"): one.grew_at is not None, _("kept by nobody"): one.kept_by is None,
        _("due for a look"): one.review_by <= today, _("unused for 90 days"): one.unused(today),
    }  # fmt: skip
    return [str(sign) for sign, is_so in signs.items() if is_so and one.ended_at is None]


def _number(words: str) -> int:
    return int(words) if words.isascii() and words.isdecimal() and len(words) < 6 else 0


@login_required
@require_safe
def holder(request: HttpRequest, pk: int) -> HttpResponse:
    """One of them in full: what it may do, who keeps it, and what became of it."""
    me = asker(request)
    shown = ours.freshly([found(Holder.seen_by(me), me, pk=pk)])[0]
    entries = (
        Entry.objects.filter(story=shown.ref, withdrawn_at=None).select_related("by").order_by("-at", "-pk")
    )
    history = [(one, *(explain(one.data.get(part, []), shown.place) for part in ("gained", "lost")))
               for one in entries[:HISTORY]]  # fmt: skip
    return page(
        request, "keys/holder.html", at="keys", topics=[f"story:{shown.ref}"], holder=shown,
        meanings=shown.meanings(), gained=set(shown.gained), signs=_signs(shown, timezone.localdate()),
        history=history, in_short=saying.in_short(shown), next_look=timezone.localdate() + LOOK_AGAIN,
    )  # fmt: skip


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def before(request: HttpRequest) -> HttpResponse:
    """The check-list before something is connected, with what was pasted in plain words; writes nothing."""
    asked = request.POST if request.method == "POST" else request.GET
    given = {name: asked.get(name, "").replace("\0", "")[:PASTED] for name in TOLD}
    wrong, meanings = "", []
    if given["scopes"].strip():
        try:
            meanings = explain(read_scopes(given["scopes"]))
        except Sorry as sorry:
            wrong = sorry.words
            given["scopes"] = "" if holds_secret(given["scopes"]) else given["scopes"]
    return page(
        request, "keys/connect.html", at="keys", status=422 if wrong else 200, given=given, meanings=meanings,
        much=sum(one.much for one in meanings), wrong=wrong, kinds=Holder.Kind.choices,
        kind=asked.get("kind", Holder.Kind.APP), look_again=_day(given["look_again"], asker(request)),
        people=Person.objects.filter(deactivated_at=None, email__isnull=False)[:200],
    )  # fmt: skip


def _day(words: str, person: Person) -> str:
    """The chosen day as a date field takes it, else in three months."""
    try:
        return read_day(words, Ask(person)).isoformat()
    except Sorry:
        return (timezone.localdate() + LOOK_AGAIN).isoformat()


@for_keepers
@never_cache
@sensitive_post_parameters("token", "csv")
@sensitive_variables("token", "words")
@require_http_methods(["GET", "HEAD", "POST"])
def bring(request: HttpRequest) -> HttpResponse:
    """See what a list would bring before it is brought in: a file, words, or Slack's own answer to a token.

    A token is used for this one question. It is not kept, not written down, and not shown again.
    """
    shown: dict[str, Any] = {"wrong": "", "plan": None, "csv": ""}
    if request.method == "POST":
        try:
            words = _list(request)
            shown |= {"plan": importing.plan(words), "csv": words}
        except Sorry as sorry:
            shown["wrong"] = sorry.words
    return page(
        request, "keys/import.html", at="keys", status=422 if shown["wrong"] else 200,
        can_ask="slack" in lists, **shown,
    )  # fmt: skip


def _list(request: HttpRequest) -> str:
    """The list as CSV, however it came."""
    if token := request.POST.get("token", "").strip():
        return importing.written(lists["slack"](token) if "slack" in lists else [])
    if (file := request.FILES.get("file")) is not None:
        if (file.size or 0) > LISTED:
            raise Sorry(f"This file is larger than {LISTED:,} bytes. You could bring it in in parts.")
        try:
            return bytes(file.read()).decode("utf-8-sig")
        except UnicodeDecodeError:
            raise Sorry("This file is no text in UTF-8. Saved as CSV UTF-8 it can be read.") from None
    if words := request.POST.get("csv", "").strip():
        return read_list(words)
    raise Sorry("There is no list in this yet: a file, pasted lines, or a token to ask Slack with.")
