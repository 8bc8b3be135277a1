"""Search: everything this person may see that holds the words, newest first or what fits best."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from fireside.hearth.days import midnight
from fireside.hearth.people import Person
from fireside.hearth.rooms import Room
from fireside.hearth.search import PAGE, Hit, find
from fireside.web.page import asker, guests_too, page
from fireside.web.views.words import number

NARROW = ("q", "kind", "room", "person", "since", "until")
KINDS = {
    "message": ("Words in rooms", "message-circle"),
    "incident": ("Incidents", "siren"),
    "postmortem": ("Post-mortems", "book-heart"),
    "runbook": ("Runbooks", "book-open"),
    "system": ("Systems", "server"),
    "alert": ("Alerts", "bell"),
}


@guests_too
@login_required
@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """`q` words, `kind`, `room`, `person`, `since` and `until` as the reader's days, `sort` may be "best"."""
    asked = {name: request.GET.get(name, "").strip().replace("\0", "") for name in NARROW}
    best = request.GET.get("sort") == "best" and bool(asked["q"])
    hits = _find(request, asked, best=best) if any(asked.values()) else []
    earlier = ""
    if len(hits) == PAGE and not best:
        query = request.GET.copy()
        query["before"] = str(hits[-1].doc.pk)
        earlier = f"?{query.urlencode()}"
    return page(
        request, "web/search.html", at="search", asked=asked, kinds=KINDS, begun=any(asked.values()),
        best=best, earlier=earlier, hits=[(hit, KINDS.get(hit.doc.kind, ("", "file"))[1]) for hit in hits],
    )  # fmt: skip


def _find(request: HttpRequest, asked: dict[str, str], *, best: bool) -> list[Hit]:
    """The hits; a room or person that is not there for this reader holds nothing."""
    me = asker(request)
    room = Room.enterable_by(me).filter(slug=asked["room"].lstrip("#")).first()
    person = Person.known_to(me).filter(handle=asked["person"].lstrip("@").lower()).first()
    if (asked["room"] and room is None) or (asked["person"] and person is None):
        return []
    return find(
        asked["q"], person=me, kinds=(asked["kind"],) if asked["kind"] in KINDS else (), room=room,
        author=person, since=midnight(asked["since"]), until=midnight(asked["until"], after=1),
        before=number(request.GET.get("before")), best=best,
    )  # fmt: skip
