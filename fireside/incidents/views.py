"""What people see of incidents: the list, one incident's page, its decisions, its timeline to take along."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from fireside.hearth.rooms import may_see
from fireside.incidents import coach
from fireside.incidents.export import as_markdown
from fireside.incidents.finding import Wish, found_by, systems_of
from fireside.incidents.models import Attempt, Call, Decision, Incident, Severity
from fireside.incidents.telling import coming_to, lines_of, people_of, stages_of
from fireside.web.page import asker, found, guests_too, page

ON_PAGE = 20
LINES = 12
EARLIER = 30
ALL_LINES = 500
DECISIONS = 200


@guests_too
@login_required
def incidents(request: HttpRequest) -> HttpResponse:
    """Open ones first, then those that are over, newest first, a page at a time by number."""
    person = asker(request)
    wish = Wish.read(request.GET, person)
    known = found_by(wish, person)
    open_now = [] if wish.state == "closed" or wish.before else list(known.filter(closed_at=None)[:100])
    past: list[Incident] = []
    if wish.state != "open":
        past = list(wish.page_of(known.filter(closed_at__isnull=False))[: ON_PAGE + 1])
    more = past[ON_PAGE - 1].number if len(past) > ON_PAGE else None
    return page(
        request, "incidents/incidents.html", at="incidents", topics=["home"],
        status=422 if wish.wrong else 200,
        open=open_now, past=past[:ON_PAGE], wish=wish, earlier=wish.address(before=more) if more else "",
        severities=Severity.choices, systems=systems_of(person),
    )  # fmt: skip


@guests_too
@login_required
def incident(request: HttpRequest, number: int) -> HttpResponse:
    """One incident, live: how far it is, who does what, what was decided, asked and told."""
    one = found(_whole(), asker(request), number=number)
    attempts = list(one.attempts.select_related("by", "ended_by", "decision"))
    decisions = list(one.decisions.select_related("by", "back_by").order_by("-number")[:DECISIONS])
    questions = list(one.questions.select_related("by", "answered_by").order_by("number"))
    comings = list(one.comings.select_related("by"))
    last = one.updates.select_related("by").order_by("-pk").first()
    before = request.GET.get("before", "")
    most = ALL_LINES if request.GET.get("lines") == "all" else EARLIER if before else LINES
    lines, earlier = lines_of(one, asker(request), before=before, most=most)
    return page(
        request, "incidents/incident.html", at="incidents",
        topics=[f"story:{one.ref}", f"room:{one.room.slug}"],
        incident=one, stages=stages_of(one), people=people_of(one, attempts, last, comings),
        doing=[a for a in attempts if a.kind == Attempt.Kind.DOING],
        done=newest_first(attempts, Attempt.Kind.DONE),
        theories=[a for a in attempts if a.kind == Attempt.Kind.THEORY],
        ruled_out=newest_first(attempts, Attempt.Kind.RULED_OUT),
        decisions=decisions, newest=decisions[:1], folded=decisions[1:], questions=questions,
        could_ask=coach.waiting(one, [question.text for question in questions]), last=last,
        calls=coming_to(_calls(one), comings), freely=[c for c in comings if c.call_id is None],
        lines=lines, earlier=earlier, before=before, whole=most == ALL_LINES,
        late=bool(one.next_due_at and one.next_due_at < timezone.now()),
        system=_system(one, request),
    )  # fmt: skip


@guests_too
@login_required
def register(request: HttpRequest, number: int) -> HttpResponse:
    """Every decision of an incident, first to last, with its reason and its way back."""
    one = found(_whole(), asker(request), number=number)
    decisions: QuerySet[Decision] = one.decisions.select_related("by", "back_by").order_by("number")
    return page(
        request, "incidents/register.html", at="incidents", topics=[f"story:{one.ref}"], incident=one,
        decisions=decisions,
    )  # fmt: skip


@guests_too
@login_required
def timeline(request: HttpRequest, number: int) -> HttpResponse:
    """The whole timeline as Markdown, in the reader's time and in UTC."""
    one = found(_whole(), asker(request), number=number)
    return HttpResponse(
        as_markdown(one, asker(request)),
        content_type="text/markdown; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="inc-{one.number}-timeline.md"'},
    )


def newest_first(attempts: list[Attempt], kind: str) -> list[Attempt]:
    return sorted((a for a in attempts if a.kind == kind), key=lambda a: a.moment, reverse=True)


def _whole() -> QuerySet[Incident]:
    return Incident.objects.select_related("room", "lead", "opened_by", "system__room", "group__room")


def _calls(one: Incident) -> list[Call]:
    return list(one.calls.select_related("by").order_by("-pk")[:5])


def _system(one: Incident, request: HttpRequest) -> bool:
    """Whether the reader may also see the system it is about."""
    return one.system is not None and may_see(one.system.room, asker(request))
