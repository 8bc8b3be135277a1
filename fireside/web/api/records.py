"""The records programs may read: each kind registered once, never more than its reader may see."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, get_type_hints
from urllib.parse import urlencode

import msgspec
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse

from fireside.hearth.errors import Sorry
from fireside.hearth.people import Person
from fireside.hearth.rooms import visible
from fireside.web.api.answers import answer
from fireside.web.api.door import door, readable_words

LIMIT = 50
MOST = 100
BIGGEST = 2**63 - 1

Filter = Callable[[str], Q]


@dataclass(frozen=True, slots=True)
class Readable:
    """One kind of record: where its rows come from, what of them is shown, how they can be narrowed."""

    kind: str
    rows: Callable[[], QuerySet[Any]]
    shape: Callable[[Any], msgspec.Struct]
    room: str | None  # the path from a row to its room; None where everybody may see all
    help: str
    filters: Mapping[str, Filter] = field(default_factory=dict)

    @property
    def type(self) -> type[msgspec.Struct]:
        found: type[msgspec.Struct] = get_type_hints(self.shape)["return"]
        return found

    def seen_by(self, person: Person) -> QuerySet[Any]:
        rows = self.rows()
        if self.room is None:
            return rows if person.within is None else rows.none()
        return visible(rows, person, self.room)


_kinds: dict[str, Readable] = {}


def readable(
    kind: str,
    rows: Callable[[], QuerySet[Any]],
    shape: Callable[[Any], msgspec.Struct],
    *,
    room: str | None = "room",
    help: str,  # noqa: A002 -- the same word as a command's
    filters: Mapping[str, Filter] | None = None,
) -> None:
    """Let programs read `/api/<kind>` and `/api/<kind>/<id>`, described by the type that `shape` returns."""
    if kind in _kinds:
        raise RuntimeError(f"{kind} are registered twice")
    _kinds[kind] = Readable(kind, rows, shape, room, help, filters or {})


def kinds() -> list[Readable]:
    return [_kinds[kind] for kind in sorted(_kinds)]


@door("GET")
def listed(request: HttpRequest, person: Person, kind: str) -> HttpResponse:
    """Newest first; `before` is the id the page above ended with."""
    found = _found(kind)
    rows = found.seen_by(person)
    for name, narrow in found.filters.items():
        if words := readable_words(request.GET.get(name, ""), name):
            rows = rows.filter(narrow(words))
    if (before := number(request, "before")) is not None:
        rows = rows.filter(pk__lt=before)
    limit = most(request)
    return paged(request, list(rows.order_by("-pk")[: limit + 1]), limit, found.shape)


@door("GET")
def one(request: HttpRequest, person: Person, kind: str, pk: int) -> HttpResponse:
    found = _found(kind)
    row = found.seen_by(person).filter(pk=pk).first() if pk <= BIGGEST else None
    if row is None:
        raise Http404
    return answer(found.shape(row))


def paged(
    request: HttpRequest,
    rows: list[Any],
    limit: int,
    shape: Callable[[Any], msgspec.Struct],
    cursor: str = "before",
) -> HttpResponse:
    """One page of rows, and where the next one is."""
    more = further(request, cursor, rows[limit - 1].pk) if len(rows) > limit else None
    return answer({"items": [shape(row) for row in rows[:limit]], "next": more})


def further(request: HttpRequest, cursor: str, last: int) -> str:
    """The address of the next page: the same question, from the last one shown."""
    return f"{request.path}?{urlencode({**request.GET.dict(), cursor: last})}"


def most(request: HttpRequest) -> int:
    return min(number(request, "limit") or LIMIT, MOST)


def number(request: HttpRequest, name: str) -> int | None:
    """A whole number from the query; None when it was not given."""
    words = request.GET.get(name)
    if words is None:
        return None
    if not (words.isascii() and words.isdecimal() and len(words) < 20 and int(words) <= BIGGEST):
        raise Sorry(f"{name} takes a whole number.", field=name)
    return int(words)


def _found(kind: str) -> Readable:
    if kind not in _kinds:
        raise Http404
    return _kinds[kind]
