"""History by the million: rows that are copied inside the database, spread over time and rooms."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import TypeVar

from django.db import connection, models
from django.utils import timezone

from fireside.alerts.models import Alert, Group, Source
from fireside.hearth.commands import Ask, perform
from fireside.hearth.models import Doc, Entry, Person, Room
from fireside.incidents.models import Incident
from fireside.postmortems.models import Postmortem

M = TypeVar("M", bound=models.Model)
SYSTEMS = ("storefront", "stable", "payments", "search")
WORDS = ("queue", "payment", "storefront", "refused", "deploy", "cache", "index", "stable", "worker")


def copies(model: M, count: int, **other: str) -> int:
    """`count` copies of a saved row; `other` gives columns as SQL over `i`, 0 for the oldest. The first's id.

    `{ago}` in it is a moment that lies `(count - i)` minutes back.
    """
    table, column = model._meta.db_table, model._meta.pk.column  # type: ignore[union-attr]
    ago = (
        f"strftime('%Y-%m-%d %H:%M:%S', 'now', '-' || ({count} - i) || ' minutes')"
        if connection.vendor == "sqlite"
        else f"now() - ({count} - i) * interval '1 minute'"
    )
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT max({column}) FROM {table}")
        first = cursor.fetchone()[0] + 1
        names = [field.column for field in model._meta.concrete_fields if field.column != column]
        values = [other.get(name, f"t.{name}").replace("{ago}", ago) for name in names]
        quoted = ", ".join(f'"{name}"' for name in names)
        cursor.execute(
            f"WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {count} - 1) "
            f"INSERT INTO {table} ({column}, {quoted}) SELECT {first} + i, {', '.join(values)} "
            f"FROM n, {table} t WHERE t.{column} = {model.pk}"
        )
        if connection.vendor == "postgresql":
            cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', '{column}'), {first + count})")
    return first


def words(count: int, rng: random.Random) -> str:
    """SQL for a sentence: one of a hundred, so that common words are common."""
    some = [" ".join(rng.choices(WORDS, k=count)) for _ in range(100)]
    cases = " ".join(f"WHEN {n} THEN '{sentence}'" for n, sentence in enumerate(some))
    return f"CASE i % 100 {cases} END"


def grow(person: Person, room: Room, *, messages: int, incidents: int, alerts: int, stories: int) -> None:
    """Messages, half of them in the rooms of closed incidents, the stories of these, and ended alerts."""
    rng = random.Random(11)
    perform(Ask(person, room), "incident", {"what": "payments are refusing one rental in four"})
    one = Incident.objects.select_related("room").get()
    numbers = f"{one.number} + 1 + i"
    rooms = copies(one.room, incidents, slug="'old-' || i", story="'incident:' || i", made_at="{ago}")
    closed = copies(
        one, incidents, number=numbers, room_id=f"{rooms} + i", closed_at="{ago}", opened_at="{ago}",
        noticed_at="{ago}", normal_at="{ago}", title=f"'No. ' || i || ' ' || {words(6, rng)}",
    )  # fmt: skip
    Incident.objects.filter(pk__gt=one.pk, number__lte=one.number + 2).update(closed_at=None, normal_at=None)
    said = room.say("first", by=person)
    where = f"CASE WHEN i % 2 = 0 THEN {room.pk} ELSE {rooms} + (i / 2) % {incidents} END"
    first = copies(said, messages, text=words(14, rng), at="{ago}", room_id=where)
    note = Entry.objects.filter(message=said).latest("pk")
    copies(
        note, messages, message_id=f"{first} + i", at="{ago}", noted_at="{ago}", room_id=where,
        about=f"'message:' || ({first} + i)",
    )  # fmt: skip
    Room.objects.filter(pk=room.pk).update(last_message=first + messages - 2)
    Room.objects.filter(pk__gte=rooms).update(last_message=first + messages - 1)
    doc = Doc.objects.get(kind="message", ref=said.pk)
    copies(doc, messages, ref=f"{first} + i", at="{ago}", room_id=where, body=words(14, rng))
    opened = Entry.objects.filter(verb="incident.opened").latest("pk")
    copies(opened, incidents, about=f"'incident:' || ({closed} + i)", story=f"'incident:' || ({closed} + i)",
           room_id=f"{rooms} + i", at="{ago}", noted_at="{ago}")  # fmt: skip
    learned(person, one, closed, stories, rng)
    fired(room, alerts)


def learned(person: Person, one: Incident, closed: int, stories: int, rng: random.Random) -> None:
    """Published stories of the closed incidents, each of about 2 kB and with one rare word."""
    story = Postmortem.objects.create(
        incident=one, title=one.title, published_at=timezone.now() - timedelta(days=400), published_by=person
    )
    first = copies(story, stories, incident_id=f"{closed} + i", title=words(6, rng), published_at="{ago}")
    doc = Doc.objects.create(
        kind="postmortem", ref=0, title="A story", body="words", url="/learn/1/", at=timezone.now(),
        facets={"system": "storefront"},
    )  # fmt: skip
    url, body = f"'/learn/' || ({one.number} + 1 + i) || '/'", f"{words(200, rng)} || ' rare' || i"
    copies(doc, stories, ref=f"{first} + i", at="{ago}", title=words(6, rng), body=body, url=url)
    doc.delete()


def fired(room: Room, alerts: int) -> None:
    """Ended alerts, fifty in a group."""
    now = timezone.now()
    source, _ = Source.make("old")
    group = Group.objects.create(
        room=room, alertname="Old", title="Payments are refused", opened_at=now, resolved_at=now,
        traced_at=now, drawn_at=now, total=50,
    )  # fmt: skip
    groups = copies(
        group, alerts // 50, opened_at="{ago}", resolved_at="{ago}", alertname="'Old' || (i % 500)"
    )
    alert = Alert.objects.create(
        source=source, fingerprint="old", group=group, labels={"alertname": "Old", "instance": "shop-1"},
        annotations={"summary": "Payments are refused"}, starts_at=now, resolved_at=now, last_at=now,
    )  # fmt: skip
    copies(alert, alerts, fingerprint="'old' || i", group_id=f"{groups} + i / 50", starts_at="{ago}",
           resolved_at="{ago}", last_at="{ago}")  # fmt: skip
