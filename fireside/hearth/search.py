"""One search over everything that may be found: FTS5 on SQLite, tsvector on PostgreSQL, one rule of sight."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from django.db import connection, models

from fireside.hearth.people import Person
from fireside.hearth.rooms import Room, visible

NEWEST = 500  # hits of a common word that are ranked; older ones come by date
PAGE = 20


class Doc(models.Model):
    """What the search knows of one record; the full-text index is kept beside it by the database."""

    kind = models.CharField(max_length=20)
    ref = models.BigIntegerField()
    title = models.CharField(max_length=300)
    body = models.TextField()
    url = models.CharField(max_length=300)
    at = models.DateTimeField()
    room = models.ForeignKey(Room, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    person = models.ForeignKey(Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    facets = models.JSONField(default=dict, blank=True)  # {"system": "storefront", "factor": [...]}

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint("kind", "ref", name="one_doc_each")]
        indexes: ClassVar = [models.Index("kind", "at", "id", name="doc_kind")]

    def __str__(self) -> str:
        return self.title


def keep(
    kind: str,
    ref: int,
    *,
    title: str,
    body: str,
    room: Room | None,
    at: datetime,
    url: str,
    person: Person | None = None,
    gone: bool = False,
    **facets: Any,
) -> None:
    """Keep the search in step with a record; call it in the transaction that changed the record."""
    if gone:
        Doc.objects.filter(kind=kind, ref=ref).delete()
        return
    Doc.objects.update_or_create(
        kind=kind,
        ref=ref,
        defaults={
            "title": title[:300], "body": body, "room": room, "at": at, "url": url, "person": person,
            "facets": facets,
        },
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing found; `snippet` holds pieces (words, found?) so that each door marks them itself."""

    doc: Doc
    snippet: list[tuple[str, bool]] = field(default_factory=list)


def words_of(query: str) -> list[str]:
    """The words to look for; a last word of two letters or more also finds longer ones."""
    return re.findall(r"\w+", query, re.UNICODE)[:12]


def find(
    query: str,
    *,
    person: Person,
    kinds: tuple[str, ...] = (),
    room: Room | None = None,
    author: Person | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    before: int | None = None,
    limit: int = PAGE,
    **facets: str,
) -> list[Hit]:
    """What this person may see that holds all the words, newest first; `before` is the last id above.

    Facets narrow: `find("", person=ana, kinds=("postmortem",), system="storefront")`.
    """
    docs = visible(Doc.objects.select_related("room", "person"), person)
    narrow: dict[str, Any] = {"room": room, "person": author, "at__gte": since, "at__lt": until}
    docs = docs.filter(**{name: value for name, value in narrow.items() if value is not None})
    if kinds:
        docs = docs.filter(kind__in=kinds)
    for name, value in facets.items():
        docs = docs.filter(_facet(name, value))
    words = words_of(query)
    if query.strip() and not words:
        return []
    if words:
        docs = docs.extra(where=[_match()], params=[_query(words)])  # noqa: S610 -- bound parameter
    if before is not None:
        docs = docs.filter(pk__lt=before)
    return [Hit(doc, snippet(doc.body, words)) for doc in docs.order_by("-pk")[:limit]]


def _facet(name: str, value: str) -> models.Q:
    """A facet equals `value`, or is a list that holds it; JSON is asked the way both databases understand."""
    if connection.vendor == "postgresql":
        return models.Q(**{f"facets__{name}": value}) | models.Q(**{f"facets__{name}__contains": [value]})
    return models.Q(**{f"facets__{name}": value}) | models.Q(**{f"facets__{name}__icontains": f'"{value}"'})


def _match() -> str:
    if connection.vendor == "postgresql":
        return "hearth_doc.words @@ to_tsquery('simple', %s)"
    return "hearth_doc.id IN (SELECT rowid FROM hearth_docwords WHERE hearth_docwords MATCH %s)"


def _query(words: list[str]) -> str:
    if connection.vendor == "postgresql":
        return " & ".join([*words[:-1], f"{words[-1]}:*"])
    return " ".join([*(f'"{word}"' for word in words[:-1]), f'"{words[-1]}"*'])


def snippet(body: str, words: list[str], around: int = 90) -> list[tuple[str, bool]]:
    """The part of `body` near the first word found, in pieces that are or are not what was looked for."""
    if not words:
        return [(body[: 2 * around].strip(), False)]
    pattern = re.compile("|".join(re.escape(word) for word in words), re.IGNORECASE)
    first = pattern.search(body)
    start = max(0, (first.start() if first else 0) - around)
    part = body[start : start + 2 * around]
    pieces = [
        (piece, bool(pattern.fullmatch(piece)))
        for piece in re.split(f"({pattern.pattern})", part, flags=re.IGNORECASE)
    ]
    return [("… ", False)] * bool(start) + [piece for piece in pieces if piece[0]]
