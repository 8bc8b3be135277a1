"""What only PostgreSQL can show: two writers at once, sessions that are cut, and its own full-text search."""

from __future__ import annotations

import threading
import time

import pytest
from django.db import connection, transaction
from django.utils import timezone

from fireside.hearth.commands import Ask, perform
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
