"""What we keep and for how long, for keepers: to see what would go before it goes."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from fireside.hearth import keeping
from fireside.hearth.commands import Ask
from fireside.hearth.errors import Sorry
from fireside.hearth.keeping import Kept, said
from fireside.hearth.verbs_forgetting import counted, read_kept, read_length
from fireside.web.page import asker, page
from fireside.web.views.settings import for_keepers

LENGTHS = (1, 7, 14, 30, 90, 180, 365, 730, 1095, None)


@for_keepers
@require_safe
def shown(request: HttpRequest) -> HttpResponse:
    """Every kind with its length; with `what` one of them to choose for, with `length` what would go then."""
    what, length = (request.GET.get(name, "").strip().replace("\0", "") for name in ("what", "length"))
    try:
        asked = _asked(request, what, length) if what else {}
        status = 200
    except Sorry as sorry:
        asked, status = {"wrong": sorry.words}, 422
    kinds = [(one, said(one.length)) for one in keeping.chosen()]
    return page(request, "web/settings/keeping.html", at="me", status=status, kinds=kinds, wish=what, **asked)


def _asked(request: HttpRequest, what: str, length: str) -> dict[str, Any]:
    kept = read_kept(what, Ask(asker(request)))
    name = what if what.startswith("#") else kept.name
    found: dict[str, Any] = {"kept": kept, "name": name, "lengths": _lengths(kept), "now": said(kept.length)}
    if length:
        days = read_length(length)
        goes = "" if days is None else counted(kept, days)
        found |= {"length": said(days), "goes": goes, "nothing": days is None or goes.startswith("no ")}
    return found


def _lengths(kept: Kept) -> list[tuple[str, bool]]:
    """What could be chosen, and whether it is what was chosen."""
    fits = [
        days for days in LENGTHS
        if (days is None and kept.longest is None)
        or (days is not None and kept.shortest <= days <= (kept.longest or days))
    ]  # fmt: skip
    return [(said(days), days == kept.length) for days in fits]
