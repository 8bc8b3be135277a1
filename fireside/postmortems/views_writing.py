"""Where a post-mortem is written together, and where one person writes their own telling alone."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from fireside.hearth.commands import Ask, perform
from fireside.hearth.errors import NotYours, Sorry
from fireside.hearth.messages import Draft
from fireside.hearth.people import Person
from fireside.hearth.slips import Slipped, weighed
from fireside.postmortems.gentle import hints
from fireside.postmortems.learned import KINDS, SHORT
from fireside.postmortems.postmortem import Postmortem
from fireside.postmortems.publishing import missing
from fireside.postmortems.reading import reading
from fireside.postmortems.sections import Clash, Section, clean
from fireside.postmortems.tellings import Telling
from fireside.postmortems.views import one
from fireside.postmortems.weaving import facts
from fireside.web.page import asker, guests_too, page, see_other
from fireside.web.saying import slip

SOON = timedelta(days=1)
EARLIEST = 2000


@login_required
@require_safe
def writing(request: HttpRequest, number: int) -> HttpResponse:
    person = asker(request)
    record = one(person, number)
    if not record.is_draft:
        return redirect(record)
    return page(
        request, "postmortems/writing.html", at="learn", topics=[f"story:{record.ref}"],
        **(known := reading(record, person)), fields=fields(record, person, known["sections"]), kinds=KINDS,
        wanting=missing(record), short=SHORT,
    )  # fmt: skip


def fields(record: Postmortem, person: Person, known: dict[str, Section]) -> list[dict[str, Any]]:
    """Each section as it is written: its words, the writer's own kept words, gentle thoughts on both."""
    places = [section.place for section in known.values()]
    kept = dict(Draft.objects.filter(person=person, place__in=places).values_list("place", "text"))
    return [
        {"section": section, "help": Section.HELP[section.kind], "kept": kept.get(section.place, ""),
         "hints": hints(section.words, most=3)}
        for section in known.values()
    ]  # fmt: skip


@login_required
@require_POST
def save(request: HttpRequest, number: int, kind: str) -> HttpResponse:
    """Save one section; when somebody else wrote meanwhile, show both and let the writer choose."""
    person = asker(request)
    record = one(person, number)
    section = _section(record, kind)
    words = clean(request.POST.get("words", ""))
    given = {
        "section": kind,
        "words": words,
        "revision": request.POST.get("revision", "0"),
        "postmortem": str(number),
    }
    try:
        perform(Ask(person, slip=slip(request)), "write", given)
    except NotYours as gone:
        raise Http404 from gone
    except Sorry as sorry:
        Draft.keep(person, section.place, words)
        return _unsaved(request, record, sorry, section, words)
    Draft.keep(person, section.place, "")
    if request.headers.get("HX-Request"):
        return render(request, "postmortems/parts/saved.html", {"section": _section(record, kind)})
    return see_other(f"{record.writing_url}#section-{kind}")


def _unsaved(
    request: HttpRequest, record: Postmortem, sorry: Sorry, section: Section, words: str
) -> HttpResponse:
    now = sorry.section if isinstance(sorry, Clash) else section
    context: dict[str, Any] = {
        "postmortem": record, "section": now, "mine": words,
        "sorry": sorry.words, "clash": isinstance(sorry, Clash),
        "slipped": isinstance(sorry, Slipped), "hints": hints(words, most=3),
    }  # fmt: skip
    if request.headers.get("HX-Request"):
        return render(request, "postmortems/parts/clash.html", context, status=422)
    return page(request, "postmortems/clash.html", at="learn", status=422, **context)


def _section(record: Postmortem, kind: str) -> Section:
    if kind not in Section.Kind.values:
        raise Http404
    known = Section.objects.filter(postmortem=record, kind=kind).first()
    return known or Section(postmortem=record, kind=kind)


@login_required
@require_safe
def history(request: HttpRequest, number: int, kind: str) -> HttpResponse:
    record = one(asker(request), number)
    section = _section(record, kind)
    wordings = section.wordings.select_related("by")[:100] if section.pk else []
    return page(
        request, "postmortems/history.html", at="learn", postmortem=record, section=section, wordings=wordings
    )


@guests_too
@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def telling(request: HttpRequest, number: int) -> HttpResponse:
    """The asker's own telling, and nobody else's: there is no address that leads to another person's."""
    person = asker(request)
    record = one(person, number)
    mine = Telling.mine(record, person)
    if request.method != "POST":
        return _own_page(request, record, mine)
    try:
        _tell(request, mine)
    except Sorry as sorry:
        return _own_page(request, record, mine, sorry=sorry, given=request.POST.dict(), status=422)
    return see_other(record.telling_url)


def _tell(request: HttpRequest, mine: Telling) -> None:
    """Keep a moment; its words go from this form to its author's rows and nowhere else."""
    at = _moment(request.POST.get("at", ""))
    words = {name: request.POST.get(name, "") for name in ("saw", "knew", "thought")}
    words = weighed(words, slip(request))
    pk = request.POST.get("moment", "")
    if pk.isdecimal() and len(pk) < 19:
        mine.change(int(pk), at, **words)
    else:
        mine.add(at, **words)


def _moment(words: str) -> datetime:
    try:
        at = timezone.make_aware(datetime.fromisoformat(words))
    except (ValueError, OverflowError):
        raise Sorry("When was it? A day and a time, as near as you remember.", field="at") from None
    if at.year < EARLIEST or at > timezone.now() + SOON:
        raise Sorry("That moment is still to come, or long ago. When was it?", field="at")
    return at


def _own_page(
    request: HttpRequest, record: Postmortem, mine: Telling, *, sorry: Sorry | None = None, status: int = 200,
    given: dict[str, str] | None = None,
) -> HttpResponse:  # fmt: skip
    moments = list(mine.moments.all()) if mine.pk else []
    return page(
        request, "postmortems/telling.html", at="learn", status=status, postmortem=record, telling=mine,
        moments=moments, sorry=sorry, slipped=isinstance(sorry, Slipped), given=given or {},
        facts=facts(record)[:300],
        hints=hints("\n".join("\n".join(moment.lines) for moment in moments), most=3),
        begin_at=timezone.localtime(moments[-1].at if moments else record.incident.noticed_at),
        can_change=record.is_draft or mine.shared_at is None,
    )  # fmt: skip
