"""What is let go is in no corner of the disk any more: the files themselves are looked through for it."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.storage import default_storage
from django.db import connection
from django.utils import timezone

from fireside.alerts.models import Delivery, Source
from fireside.hearth import audit, forgetting, keeping, leaving_people, leaving_rooms
from fireside.hearth.commands import Ask, say_line
from fireside.hearth.models import Draft, Person, Room
from tests.attaching import attach
from tests.slack_door import Slack

pytestmark = pytest.mark.django_db(transaction=True)
MARK = "quagglefern"
sqlite = pytest.mark.skipif(
    "sqlite" not in settings.DATABASES["default"]["ENGINE"], reason="looks into SQLite's own file"
)


@pytest.fixture(autouse=True)
def _as_the_product_deletes(db: None) -> None:
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA secure_delete = ON")


def spread(room: Room, bo: Person, ana: Person) -> None:
    """The word in every place where the house keeps words of a room, and enough around it to split pages."""
    old = timezone.now() - timedelta(days=40)
    for number in range(150):
        said = room.say(f"{MARK}{number} and some more words", by=bo, at=old)
        if number % 10 == 0:
            said.edit(f"{MARK} edited {number}", by=bo)
            said.clap("👏", by=ana)
            room.say(f"a reply with {MARK}", by=ana, thread=said, at=old)
            Draft.keep(ana, said.ref, f"begun: {MARK}")
            attach(said, f"{MARK}.txt", f"inside: {MARK}".encode(), "text/plain")
    room.say(f"{MARK} long " + "word " * 3000, by=bo, at=old)  # over several pages


def found() -> list[str]:
    """Where the word still is: the database, its log, and every file in the store.

    Another process looks, because SQLite loses its locks when ours opens and closes the file.
    """
    base = Path(connection.settings_dict["NAME"])
    store = Path(default_storage.location)
    store.mkdir(exist_ok=True)
    places = [*base.parent.glob(f"{base.name}*"), store]
    grep = ["grep", "--recursive", "--files-with-matches", "--text", "--ignore-case", MARK, *map(str, places)]
    return subprocess.run(grep, capture_output=True, text=True).stdout.split()


@sqlite
def test_words_that_were_kept_long_enough_are_nowhere(
    room: Room, ana: Person, bo: Person, slack: Slack
) -> None:
    slack.channel(room)
    spread(room, bo, ana)
    slack.settle()
    source = Source.make("machine", by=ana)[0]
    Delivery.objects.create(
        source=source, at=timezone.now() - timedelta(days=31), form="webhook", sha256="x", size=9,
        body=MARK.encode() * 2000, handled_at=timezone.now(),
    )  # fmt: skip
    assert len(found()) > 2, "it is there before"
    keeping.choose(keeping.kinds["words-team"], 30, by=ana)
    keeping.let_go()
    assert forgetting.tidy()
    assert found() == []


@sqlite
def test_a_room_that_is_gone_is_nowhere(ana: Person, bo: Person) -> None:
    room = Room.make(f"{MARK}-plans", by=bo, about=f"For {MARK}.")
    spread(room, bo, ana)
    Draft.keep(bo, room.ref, MARK)
    say_line(Ask(bo, room), "/archive")
    assert len(found()) > 2
    say_line(Ask(bo, Room.objects.get()), f"/delete-room #{room.slug} typed: {room.slug}")
    Room.objects.update(goes_at=timezone.now())
    leaving_rooms.let_rooms_go()
    assert forgetting.tidy()
    assert found() == []


@sqlite
def test_a_person_who_asked_for_it_is_nowhere(room: Room, ana: Person) -> None:
    who = Person.welcome(f"Fern {MARK.title()}", email=f"{MARK}@example.org", about=MARK)
    Person.objects.filter(pk=who.pk).update(name=MARK, handle=MARK)
    who.refresh_from_db()
    room.seat(who)
    spread(room, who, who)
    assert len(found()) > 2
    say_line(Ask(who, room), f"/delete-person @{MARK} words: go")
    Person.objects.filter(pk=who.pk).update(goes_at=timezone.now())
    leaving_people.let_people_go()
    assert forgetting.tidy()
    assert found() == []


@pytest.fixture
def writers() -> Iterator[list[threading.Thread]]:
    started: list[threading.Thread] = []
    yield started
    for thread in started:
        thread.join()


def test_many_who_write_at_once_make_one_chain(ana: Person, writers: list[threading.Thread]) -> None:
    before = audit.Audit.objects.count()

    def write(who: int) -> None:
        for number in range(25):
            audit.write("job.retried", by=who, job=f"{who}-{number}")
        connection.close()

    writers += [threading.Thread(target=write, args=(who,)) for who in range(4)]
    for thread in writers:
        thread.start()
    for thread in writers:
        thread.join()
    assert audit.Audit.objects.count() == before + 100
    assert list(audit.troubles()) == []
