"""Fills a new database with as much history as a benchmark asks for; prints the keys of a visitor."""

from __future__ import annotations

import json
import random
import sys
from datetime import timedelta

import django

django.setup()

from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY  # noqa: E402
from django.contrib.sessions.backends.db import SessionStore  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import transaction  # noqa: E402
from django.utils import timezone  # noqa: E402

from bench.grow import grow  # noqa: E402
from fireside.alerts.models import Source  # noqa: E402
from fireside.hearth import start  # noqa: E402
from fireside.hearth.commands import Ask, perform  # noqa: E402
from fireside.hearth.models import Doc, Entry, Message, Person, Room  # noqa: E402
from fireside.hearth.workflows import rest  # noqa: E402
from fireside.incidents.models import Incident  # noqa: E402

WORDS = ["queue", "payment", "storefront", "refused", "deploy", "cache", "index", "stable", "worker"]


def sentence(rng: random.Random, words: int = 14) -> str:
    return " ".join(rng.choices(WORDS, k=words))


def messages(person: Person, room: Room, count: int, rng: random.Random) -> None:
    """So many messages in one room, a minute apart, each with its entry, as if they had been said."""
    begin = timezone.now() - timedelta(minutes=count)
    for first in range(0, count, 5000):
        numbers = range(first, min(first + 5000, count))
        made = Message.objects.bulk_create(
            Message(room=room, author=person, text=sentence(rng), at=begin + timedelta(minutes=n))
            for n in numbers
        )
        Entry.objects.bulk_create(
            Entry(verb="message.said", by=person, room=room, message=m, about=m.ref, at=m.at) for m in made
        )
        Room.objects.filter(pk=room.pk).update(last_message=made[-1].pk)


def incident(person: Person, room: Room, entries: int, rng: random.Random) -> None:
    """One incident whose timeline has so many entries."""
    outcome = perform(Ask(person, room), "incident", {"what": "payments are refusing one rental in four"})
    opened = outcome.record or Incident.objects.get()
    begin = timezone.now() - timedelta(minutes=entries)
    Entry.objects.bulk_create(
        Entry(
            verb="attempt.done", by=person, room=opened.home, about=opened.ref, story=opened.story,
            words=sentence(rng), at=begin + timedelta(minutes=n),
        )
        for n in range(entries)
    )  # fmt: skip


def documents(count: int, rng: random.Random) -> None:
    """So many published stories for the search, about 2 kB each."""
    now = timezone.now()
    for first in range(0, count, 5000):
        Doc.objects.bulk_create(
            Doc(
                kind="postmortem", ref=10_000_000 + n, title=sentence(rng, 6),
                body=f"{sentence(rng, 200)} rare{n}",
                url=f"/learn/{n}/", at=now - timedelta(hours=count - n), facets={"system": rng.choice(WORDS)},
            )
            for n in range(first, min(first + 5000, count))
        )  # fmt: skip


def main() -> None:
    asked = json.loads(sys.argv[1])
    rng = random.Random(7)
    call_command("migrate", verbosity=0)
    person = start.begin("Bench", name="Ana Ngata", email="ana@example.org", password="a long password")
    with transaction.atomic():
        room = Room.make("bench", by=person, purpose=Room.Purpose.TEAM, about="What is measured.")
        if not asked.get("stories"):
            messages(person, room, asked.get("messages", 0), rng)
        if asked.get("entries"):
            incident(person, room, asked["entries"], rng)
        documents(asked.get("documents", 0), rng)
        if asked.get("stories"):
            grow(
                person, room, **{name: asked[name] for name in ("messages", "incidents", "alerts", "stories")}
            )
    rest()
    session = SessionStore()
    session[SESSION_KEY] = str(person.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = person.get_session_auth_hash()
    session.save()
    _, token = Source.make("bench")
    print(json.dumps({"cookie": session.session_key, "token": token}))


main()
