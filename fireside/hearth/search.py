"""One search over everything that may be found: FTS5 on SQLite, tsvector on PostgreSQL, one rule of sight."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from textwrap import shorten
from typing import Any, ClassVar
from unicodedata import combining, normalize

from django.db import connection, models, transaction

from fireside.hearth.people import Person
from fireside.hearth.rooms import Room, visible

WINDOW = 60  # hits looked at first; each further look takes four times as many
LARGEST = 10_000  # what one statement takes as parameters
PAGE = 20
NEAR = 8  # times a window: so many of the newest records are looked through for a common word
TOLD = ("title", "body", "room", "at", "url", "person", "facets")
END = 2**62  # after the newest
RANKED = 200  # of the newest hits are weighed
READ = 20_000  # letters of each
TITLE, LONG = 5, 2000  # a word of the title counts so much; letters after which a text is a long one


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
        indexes: ClassVar = [
            models.Index("kind", "at", "id", name="doc_kind"),
            models.Index("kind", "id", name="doc_newest"),
        ]

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
    doc = Doc(
        kind=kind, ref=ref, title=title[:300], body=body, room=room, at=at, url=url, person=person,
        facets=facets,
    )  # fmt: skip
    Doc.objects.bulk_create([doc], update_conflicts=True, unique_fields=["kind", "ref"], update_fields=TOLD)


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
    best: bool = False,
    **facets: str,
) -> list[Hit]:
    """What this person may see that holds all the words, newest first; `before` is the last id above.

    The last word also finds longer ones that begin with it, as long as by itself it finds less than a page.
    With `best` those come first, of the newest RANKED, that are most about the words: to weigh all that holds
    a common word would take longer than anybody waits.
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
    if not words:
        older = docs.filter(pk__lt=before) if before is not None else docs
        return [Hit(doc, snippet(doc.body, words)) for doc in older.order_by("-pk")[:limit]]
    hits: list[Doc] = []
    most = RANKED if best else limit
    whole = len(_numbers(words, kinds, END, PAGE, whole=True)) == PAGE
    for numbers in _windows(words, kinds, before, whole=whole):
        hits += docs.filter(pk__in=numbers).order_by("-pk")[: most - len(hits)]
        if len(hits) == most:
            break
    if best:
        pattern = _pattern(words)
        hits.sort(key=lambda doc: _weight(doc, pattern), reverse=True)
    return [Hit(doc, snippet(doc.body, words)) for doc in hits[:limit]]


def _weight(doc: Doc, pattern: re.Pattern[str]) -> float:
    """How much it is about the words: it names them in its title, or often for its length."""
    body = doc.body[:READ]
    return TITLE * len(pattern.findall(doc.title)) + len(pattern.findall(body)) / (1 + len(body) / LONG)


def _windows(
    words: list[str], kinds: tuple[str, ...], before: int | None, *, whole: bool
) -> Iterator[list[int]]:
    """The numbers of the records that hold the words, newest first, in ever larger windows.

    So a common word costs no more than the page it fills, and a rare combination is still found.
    """
    edge, window = before if before is not None else END, WINDOW
    while True:
        numbers = _numbers(words, kinds, edge, window, whole=whole)
        yield numbers
        if len(numbers) < window:
            return
        edge, window = numbers[-1], min(window * 4, LARGEST)


def _numbers(words: list[str], kinds: tuple[str, ...], edge: int, window: int, *, whole: bool) -> list[int]:
    """One window. What begins with a word costs more: the places of all such words are put together first."""
    if connection.vendor == "postgresql":
        return _asked_twice(words, kinds, edge, window, whole=whole)
    asked = " AND ".join([*(f'"{word}"' for word in words[:-1]), f'"{words[-1]}"{"" if whole else "*"}'])
    asked = f"{{title body}} : ({asked})"
    if kinds:
        asked += " AND kind : ({})".format(" OR ".join(f'"{kind}"' for kind in kinds))
    return _ids(
        "SELECT rowid FROM hearth_docwords WHERE hearth_docwords MATCH %s AND rowid < %s "
        "ORDER BY rowid DESC LIMIT %s",
        [asked, edge, window],
    )


def _asked_twice(
    words: list[str], kinds: tuple[str, ...], edge: int, window: int, *, whole: bool
) -> list[int]:
    """PostgreSQL's index of words knows no order, and walking back through all records takes long.

    A common word fills the window with the newest records alone; what does not is rare enough for the index,
    whatever the planner thinks, which does not know how long it takes to unpack the words of a record.
    """
    plain = [_without_accents(word) for word in words]
    asked = " & ".join([*plain[:-1], plain[-1] if whole else f"{plain[-1]}:*"])
    among: list[Any] = [edge, not kinds, list(kinds)]
    found = _ids(
        "SELECT id FROM (SELECT id, words FROM hearth_doc WHERE id < %s AND (%s OR kind = ANY(%s)) "
        "ORDER BY id DESC LIMIT %s) newest WHERE words @@ to_tsquery('simple', %s) ORDER BY id DESC LIMIT %s",
        [*among, NEAR * window, asked, window],
    )
    if len(found) == window:
        return found
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off")
        cursor.execute(
            "WITH found AS MATERIALIZED (SELECT id FROM hearth_doc WHERE words @@ to_tsquery('simple', %s) "
            "AND id < %s AND (%s OR kind = ANY(%s))) SELECT id FROM found ORDER BY id DESC LIMIT %s",
            [asked, *among, window],
        )
        found = [number for (number,) in cursor.fetchall()]
        cursor.execute("SET LOCAL enable_seqscan TO DEFAULT; SET LOCAL enable_indexscan TO DEFAULT")
    return found


def _ids(sql: str, values: list[Any]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return [number for (number,) in cursor.fetchall()]


def _without_accents(word: str) -> str:
    """As SQLite's index reads it by itself, and PostgreSQL's after what its migration does."""
    return "".join(letter for letter in normalize("NFKD", word) if not combining(letter))


def _facet(name: str, value: str) -> models.Q:
    """A facet equals `value`, or is a list that holds it; JSON is asked the way both databases understand."""
    if connection.vendor == "postgresql":
        return models.Q(**{f"facets__{name}": value}) | models.Q(**{f"facets__{name}__contains": [value]})
    return models.Q(**{f"facets__{name}": value}) | models.Q(**{f"facets__{name}__icontains": f'"{value}"'})


def _pattern(words: list[str]) -> re.Pattern[str]:
    ends = [re.escape(word) for word in words]
    return re.compile("|".join([*(rf"\b{word}\b" for word in ends[:-1]), rf"\b{ends[-1]}\w*"]), re.IGNORECASE)


def snippet(body: str, words: list[str], around: int = 90) -> list[tuple[str, bool]]:
    """The part of `body` near the first word found, in pieces that are or are not what was looked for."""
    if not words:
        return [(shorten(body, 2 * around, placeholder=" …"), False)] if body.strip() else []
    pattern = _pattern(words)
    first = pattern.search(body)
    start = body.rfind(" ", 0, max(0, (first.start() if first else 0) - around)) + 1
    end = body.find(" ", start + 2 * around)
    part = body[start : end if end > 0 else None]
    pieces: list[tuple[str, bool]] = [("… ", False)] if start else []
    at = 0
    for found in pattern.finditer(part):
        pieces += [(part[at : found.start()], False), (found[0], True)]
        at = found.end()
    pieces += [(part[at:], False), (" …" if end > 0 else "", False)]
    return [piece for piece in pieces if piece[0]]
