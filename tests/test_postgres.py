"""What only PostgreSQL can show: two writers at once, sessions that are cut, and its own full-text search."""

from __future__ import annotations

import threading
import time

import psycopg
import pytest
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from fireside.config import migrating
from fireside.config.serve import CannotServe, prepare
from fireside.hearth.commands import Ask, perform
from fireside.hearth.rooms import Room
from fireside.hearth.search import find, keep
from fireside.hearth.timeline import Entry, note

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
EACH = 150


@pytest.fixture(autouse=True)
def _is_postgresql(db: None) -> None:
    assert connection.vendor == "postgresql", "run this with tools/postgres.sh"


def test_two_writers_at_once_never_let_a_reader_miss_an_entry() -> None:
    def write(who: int) -> None:
        for number in range(EACH):
            with transaction.atomic():
                note("lamp.lit", f"{who}-{number}")
                time.sleep(0.002 * (number % 3))  # so that who was first is often last to commit
        connection.close()

    writers = [threading.Thread(target=write, args=(who,)) for who in range(4)]
    for writer in writers:
        writer.start()
    seen: list[int] = []

    def read() -> None:
        newer = Entry.objects.filter(pk__gt=seen[-1] if seen else 0).order_by("pk")
        seen.extend(newer.values_list("pk", flat=True))

    while any(writer.is_alive() for writer in writers):
        read()
    for writer in writers:
        writer.join()
    read()
    assert len(seen) == Entry.objects.count() == 4 * EACH


def test_who_speaks_while_a_machine_is_about_to_is_not_turned_away(room, ana) -> None:
    noted = threading.Event()
    wrong: list[BaseException] = []

    def machine() -> None:
        try:
            with transaction.atomic():
                note("lamp.lit")
                noted.set()
                wait_until_somebody_waits()
                room.say("The lamp is lit.")
        except OperationalError as error:
            wrong.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=machine)
    thread.start()
    noted.wait(10)
    room.say("Is it dark?", by=ana)
    thread.join()
    assert wrong == []
    assert [message.text for message in room.messages.order_by("pk")] == ["The lamp is lit.", "Is it dark?"]


def wait_until_somebody_waits() -> None:
    waiting = "SELECT 1 FROM pg_locks WHERE NOT granted AND locktype = 'advisory'"
    with connection.cursor() as cursor:
        for _ in range(1000):
            cursor.execute(waiting)
            if cursor.fetchone():
                return
            time.sleep(0.01)
    raise AssertionError("nobody waits for their turn")


def test_search_finds_accents_prefixes_addresses_and_survives_hostile_queries(room, ana) -> None:
    kept = {
        1: "Le café déborde, Žižka et l\u2019œuvre",
        2: "See payctl.example.org/queue?size=64 and /etc/payctl.conf",
        3: "INC-12 mail to ana@example.org, snake_case_word",
        4: "Жар-птица прилетела",
    }
    for ref, body in kept.items():
        keep("message", ref, title="", body=body, room=room, at=timezone.now(), url="/")

    def found(query: str) -> set[int]:
        return {hit.doc.ref for hit in find(query, person=ana)}

    assert [found(query) for query in ("cafe", "café", "CAFÉ déb", "zizk")] == [{1}] * 4
    assert [found(query) for query in ("payctl", "example.org queue", "payctl.conf", "size 64")] == [{2}] * 4
    assert [found(query) for query in ("INC-12", "inc 12", "ana@example.org", "case_word")] == [{3}] * 4
    assert found("жар") == {4}
    for hostile in (
        "'; DROP TABLE hearth_doc; --",
        "a & | !",
        ":*",
        "((",
        "!!",
        "<->",
        "\\",
        "%s %(x)s",
        "_",
    ):
        find(hostile, person=ana)
    assert found("café") == {1}


def add_a_column() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE hearth_room ADD COLUMN IF NOT EXISTS smell text")
        cursor.execute("ALTER TABLE hearth_room DROP COLUMN smell")


def test_a_step_lets_go_of_the_queue_while_somebody_holds_the_table(room, monkeypatch) -> None:
    monkeypatch.setattr(migrating, "PATIENCE", "100ms")
    monkeypatch.setattr(migrating, "PAUSE", 0.1)
    tried: list[int] = []
    let_go = threading.Event()

    def take() -> None:
        tried.append(len(tried))
        if len(tried) == 3:
            let_go.set()
            holding.join()
        add_a_column()

    def hold() -> None:
        with transaction.atomic():
            Room.objects.get(pk=room.pk)
            held.set()
            let_go.wait(20)
        connection.close()

    held = threading.Event()
    holding = threading.Thread(target=hold)
    holding.start()
    held.wait(10)
    monkeypatch.setattr(migrating, "_take_steps", take)
    migrating.bring_up_to_date()
    assert tried == [0, 1, 2]
    with connection.cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        assert cursor.fetchone() == ("0",), "afterwards people wait as before"


def test_a_table_that_is_held_for_good_is_told_of(room, monkeypatch) -> None:
    monkeypatch.setattr(migrating, "PATIENCE", "20ms")
    monkeypatch.setattr(migrating, "PAUSE", 0.01)
    monkeypatch.setattr(migrating, "_take_steps", add_a_column)
    given = connection.get_connection_params()
    with psycopg.connect(
        **{key: given[key] for key in ("dbname", "user", "password", "host", "port")}
    ) as other:
        other.execute("SELECT 1 FROM hearth_room")
        with pytest.raises(CannotServe, match="look in pg_stat_activity for a transaction"):
            prepare()


def test_who_asks_again_while_the_first_try_still_runs_finds_what_came_of_it(room, ana) -> None:
    together, came, wrong = threading.Barrier(4), [], []

    def ask() -> None:
        try:
            together.wait(10)
            outcome = perform(
                Ask(ana, room, "api", key="again"), "incident", {"what": "customers cannot pay"}
            )
            came.append(outcome.message)
        except Exception as error:  # noqa: BLE001 -- whatever it is, it is what we look for
            wrong.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert wrong == []
    assert len(came) == 4
    assert {message.pk for message in came} == {came[0].pk}
    assert Entry.objects.filter(verb="incident.opened").count() == 1
