"""The audit trail: what is written down, who may read it, and that nobody can change it unseen."""

from collections.abc import Callable
from datetime import timedelta
from html import unescape
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone

from conftest import Do
from fireside.hearth import audit
from fireside.hearth.audit import Audit
from fireside.hearth.models import Key, Person, Room

pytestmark = pytest.mark.django_db
Web = Callable[[Person], Client]
guard = import_module("fireside.hearth.migrations.0005_audit")


def see(client: Client, path: str = "/settings/audit/") -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return str(answer.content.decode())


def behind_our_back(statement: str) -> None:
    """As somebody does it who owns the database and has taken the guard away."""
    with connection.cursor() as cursor:
        hand = SimpleNamespace(connection=connection, execute=cursor.execute)
        guard.backwards(None, hand)
        cursor.execute(statement)
        guard.forwards(None, hand)


def test_a_keeper_reads_who_did_what_through_which_door(do: Do, web: Web, ana: Person, bo: Person) -> None:
    do(ana, "/keeper @bo")
    do(ana, "/deactivate @bo")
    seen = see(web(ana))
    assert "<strong>Ana Ngata</strong> ended the access of Bo Lund" in seen
    line = Audit.objects.get(verb="person.deactivated")
    assert line.door in ("web", "slack")
    assert (line.by, line.about, line.data) == (ana.pk, f"person:{bo.pk}", {})


def test_from_where_is_written_down(web: Web, ana: Person, bo: Person) -> None:
    web(ana).post("/do/deactivate/", {"person": "@bo"}, REMOTE_ADDR="10.1.2.3")
    line = Audit.objects.get(verb="person.deactivated")
    assert (line.door, line.address) == ("web", "10.1.2.3")
    assert "in the browser · 10.1.2.3" in see(web(ana))


def test_only_the_proxy_nearest_to_us_is_believed_and_only_behind_one(
    web: Web, ana: Person, bo: Person, cy: Person, settings: Any
) -> None:
    told = {"REMOTE_ADDR": "10.1.2.3", "HTTP_X_FORWARDED_FOR": "203.0.113.66, 198.51.100.7"}
    for proxies, person in enumerate((bo, cy)):
        settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
        web(ana).post("/do/deactivate/", {"person": f"@{person.handle}"}, **told)
    seen = Audit.objects.filter(verb="person.deactivated").order_by("number")
    assert [line.address for line in seen] == ["10.1.2.3", "198.51.100.7"]


def test_signing_in_and_being_refused_stand_there_without_what_was_typed(web: Web, ana: Person) -> None:
    ana.set_password("lanterns by the river")
    ana.save()
    client = Client()
    wrong = {"login": "ana@example.org", "password": "a-wrong-woozle"}
    client.post("/account/login/", wrong)
    client.post("/account/login/", wrong | {"login": "my-secret-typed-here@example.org"})
    client.post("/account/login/", wrong | {"password": "lanterns by the river"})
    assert list(Audit.objects.order_by("number").values_list("verb", "by", "about")) == [
        ("person.refused", None, f"person:{ana.pk}"), ("person.refused", None, ""),
        ("person.signed-in", ana.pk, f"person:{ana.pk}"),
    ]  # fmt: skip
    seen = see(web(ana))
    assert "<strong>Somebody</strong> gave a wrong password, or was refused, as Ana Ngata" in seen
    assert "woozle" not in seen + repr(list(Audit.objects.values()))
    assert "typed-here" not in seen + repr(list(Audit.objects.values()))


def test_keys_stand_there_by_number_only(web: Web, ana: Person, bo: Person) -> None:
    key, _ = Key.make(bo, "a name that says something")
    web(bo).post(f"/settings/keys/{key.pk}/end/")
    assert list(Audit.objects.order_by("number").values_list("verb", "about")) == [
        ("key.made", f"key:{key.pk}"), ("key.ended", f"key:{key.pk}"),
    ]  # fmt: skip
    assert "says something" not in see(web(ana))


def test_only_keepers_have_such_a_page(web: Web, bo: Person) -> None:
    assert web(bo).get("/settings/audit/").status_code == 404
    assert web(bo).post("/settings/audit/export/").status_code == 404


def test_a_fresh_house_says_that_there_is_nothing_yet(web: Web, ana: Person) -> None:
    assert "Nothing yet" in see(web(ana))
    audit.write("job.retried", job="x")
    assert "Nothing found" in see(web(ana), "/settings/audit/?person=@nobody")


def test_a_private_room_is_a_number_for_keepers_outside(web: Web, ana: Person, bo: Person) -> None:
    cave = Room.make("heffalump-cave", by=bo, private=True)
    audit.write("room.leaving", by=bo, about=cave.ref)
    seen = see(web(ana))
    assert f"a room (no. {cave.pk})" in seen
    assert "heffalump" not in seen


def test_looking_for_a_verb_a_person_a_day(web: Web, ana: Person, bo: Person) -> None:
    audit.write("key.made", by=bo, about="key:1")
    audit.write("job.retried", by=ana, job="alpha-job")
    client, today = web(ana), timezone.now().astimezone(ana.tz).date().isoformat()
    for asked in ("verb=key.made", "person=@bo-lund", f"person={bo.pk}"):
        seen = see(client, f"/settings/audit/?{asked}&since={today}&until={today}")
        assert "made a key" in seen.partition('class="entries"')[2]
        assert "alpha-job" not in seen
    assert "Nothing found" in see(client, "/settings/audit/?until=2020-01-01")
    assert "alpha-job" in see(client, "/settings/audit/?since=nonsense&person=&verb=&before=x")


def test_pages_follow_each_other(web: Web, ana: Person) -> None:
    for number in range(120):
        audit.write("job.retried", by=ana, job=f"job-{number}-")
    client, path, seen = web(ana), "/settings/audit/", ""
    for _ in range(3):
        page = see(client, path)
        seen += page
        path = "/settings/audit/" + unescape(page.partition('rel="next" href="')[2].partition('"')[0])
    assert [f"job-{number}-" in seen for number in range(120)] == [True] * 120


def test_the_database_refuses_to_change_it(ana: Person) -> None:
    line = audit.write("job.retried", by=ana, job="x")
    tries = (
        lambda: Audit.objects.update(by=None),
        lambda: Audit.objects.all().delete(),
        lambda: Audit.objects.bulk_create([line]),
    )
    for change in tries:
        with pytest.raises(IntegrityError), transaction.atomic():
            change()
    assert list(audit.troubles()) == []


def test_a_change_behind_our_back_shows(ana: Person) -> None:
    for _ in range(5):
        audit.write("job.retried", by=ana, job="x")
    last = Audit.objects.first()
    known = (last.number, last.hash)
    assert list(audit.troubles(known)) == []
    behind_our_back('UPDATE hearth_audit SET "by" = 99 WHERE number = 2')
    assert "Line 2 was changed after it was written." in list(audit.troubles())
    behind_our_back("DELETE FROM hearth_audit WHERE number = 3")
    assert "Between the lines 2 and 4 something is missing." in list(audit.troubles())
    behind_our_back("DELETE FROM hearth_audit WHERE number <= 3")
    assert list(audit.troubles()) == ["The lines before 4 are gone, and no line says that they were let go."]
    behind_our_back("DELETE FROM hearth_audit WHERE number = 5")
    assert "Line 5 is not the one you know." in list(audit.troubles(known))


def test_old_lines_go_after_a_line_that_says_so(ana: Person) -> None:
    for _ in range(6):
        audit.write("job.retried", by=ana, job="x")
    middle = Audit.objects.get(number=4).at
    old = audit.forgettable(middle, 100)
    assert old == [1, 2, 3]
    assert audit.forget(old) == 3
    assert list(audit.troubles()) == []
    assert sorted(Audit.objects.values_list("number", flat=True)) == [4, 5, 6, 7]
    assert Audit.objects.get(number=7).data["upto"] == 3
    with pytest.raises(IntegrityError), transaction.atomic():
        Audit.objects.filter(number=4).delete()
    audit.forget(audit.forgettable(timezone.now() + timedelta(days=1), 100))
    assert list(audit.troubles()) == []


def test_a_copy_has_every_line_with_its_hash_and_harmless_names(web: Web, ana: Person, bo: Person) -> None:
    bo.name = '=HYPERLINK("http://evil")'
    bo.save()
    audit.write("key.made", by=bo, about="key:1")
    answer = web(ana).post("/settings/audit/export/", {"form": "csv"})
    body = b"".join(answer.streaming_content).decode()
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert "'=HYPERLINK" in body
    assert Audit.objects.get(number=1).hash in body
    lines = b"".join(web(ana).post("/settings/audit/export/", {"form": "jsonl"}).streaming_content).decode()
    assert len(lines.splitlines()) == 3
    assert Audit.objects.filter(verb="audit.exported", by=ana.pk).count() == 2
    assert web(ana).post("/settings/audit/export/", {"form": "exe"}).status_code == 404
