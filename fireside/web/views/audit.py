"""The audit trail, for keepers: to read, to look for something, to take along."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from fireside.hearth import audit, trail
from fireside.hearth.days import midnight
from fireside.web.page import asker, page
from fireside.web.views.settings import for_keepers
from fireside.web.views.words import number

PAGE = 50


@for_keepers
@require_safe
def shown(request: HttpRequest) -> HttpResponse:
    """Newest first; each page begins below the last number of the one before."""
    asked = _asked(request.GET)
    found = _chosen(asked)
    before = number(request.GET.get("before"))
    lines = list((found.filter(number__lt=before) if before else found)[: PAGE + 1])
    older = ""
    if len(lines) > PAGE:
        older = f"?{urlencode({**asked, 'before': lines[PAGE - 1].number})}"
    return page(
        request, "web/settings/audit.html", at="me", part="audit",
        lines=trail.read(lines[:PAGE], asker(request)), older=older, asked=asked, any=any(asked.values()),
        acts=sorted((verb, words.replace("{it}", "…")) for verb, words in audit.acts.items()),
    )  # fmt: skip


@for_keepers
@require_POST
def export(request: HttpRequest) -> HttpResponseBase:
    """The lines that were asked for, as a file; that somebody took it is in the trail too."""
    form = request.POST.get("form", "csv")
    if form not in trail.FORMS:
        raise Http404
    write, kind = trail.FORMS[form]
    audit.write("audit.exported", by=asker(request), form=form)
    answer = StreamingHttpResponse(
        write(_chosen(_asked(request.POST))), content_type=f"{kind}; charset=utf-8"
    )
    name = f"fireside-audit-{timezone.localdate().isoformat()}.{form}"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _asked(given: Any) -> dict[str, str]:
    return {
        name: given.get(name, "").strip().replace("\0", "")[:80]
        for name in ("verb", "person", "since", "until")
    }


def _chosen(asked: dict[str, str]) -> Any:
    return trail.chosen(
        verb=asked["verb"], person=asked["person"], since=midnight(asked["since"]),
        until=midnight(asked["until"], after=1),
    )  # fmt: skip
