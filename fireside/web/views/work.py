"""What the house could not do by itself, what waits for its time, and what comes again and again."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from fireside.hearth import jobs, workflows
from fireside.hearth.people import Person
from fireside.hearth.timeline import Entry
from fireside.web.page import page
from fireside.web.places import Coming
from fireside.web.views.settings import for_keepers

ASKED = ("job.retried", "job.let_go")
MOST = 100  # jobs on the page


@for_keepers
@require_safe
def work(request: HttpRequest) -> HttpResponse:
    now, asked = timezone.now(), _asked()
    comes = sorted(
        (thing.rule.next(now), thing.name, why(thing.name)) for thing in workflows.book.recurring.values()
    )
    return page(
        request, "web/settings/jobs.html", at="me", part="jobs", most=MOST, comes=comes,
        aside=[(job, why(job.name), job.key in asked) for job in jobs.set_aside(MOST)],
        waiting=[(kind, why(kind.name)) for kind in jobs.waiting()],
    )  # fmt: skip


def waits_for(person: Person) -> Iterator[Coming]:
    """On a keeper's home, one line for all that was set aside, for as long as it is."""
    if person.is_keeper and (aside := jobs.set_aside(MOST)):
        count = len({job.name for job in aside})
        words = ngettext("One kind of work was set aside", "%(count)d kinds of work were set aside", count)
        yield Coming(
            aside[-1].at, words % {"count": count}, reverse("settings-jobs"),
            "It failed several times. You could let it run again.",
        )  # fmt: skip


def why(name: str) -> str:
    """What a workflow is for, in its own words."""
    thing = workflows.book.reactions.get(name) or workflows.book.recurring.get(name)
    return (inspect.getdoc(thing.do) or "").partition("\n")[0] if thing else ""


def _asked() -> set[str]:
    """The jobs a keeper has asked something for already; a worker will hear of it."""
    newest = Entry.objects.filter(verb__in=ASKED).order_by("-pk")[:MOST]
    return {entry.data["job"] for entry in newest}
