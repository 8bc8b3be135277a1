"""A list of what is connected is read leniently and shown before anything is written."""

from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from fireside.hearth.commands import Ask, NotYours, perform
from fireside.hearth.models import Audit, Person
from fireside.keys import importing
from fireside.keys.models import Holder

pytestmark = pytest.mark.django_db
Web = Callable[[Person], Client]
LIST = """App ID;App Name;Installed by;Date Installed;Scopes
A1;Datadog;Bo Lund;2026-01-31;chat:write,files:read
A2;Old poll;somebody;Jan 5, 2024;"chat:write channels:history"
;;;;
A3;Broken;x;one fine day;chat:write
A4;;x;2026-01-01;chat:write
"""


def test_a_list_is_shown_before_anything_is_written(web: Web, ana: Person, bo: Person) -> None:
    shown = web(ana).post("/keys/import/", {"csv": LIST}).content.decode()
    assert "2 new, 0 changed, 0 gone" in shown
    assert "Line 5: the date “one fine day” cannot be read." in shown
    assert "Line 6: it has no name." in shown
    assert not Holder.objects.exists()
    web(ana).post("/do/import-keys/", {"csv": LIST, "sure": "yes", "next": "/keys/"})
    datadog = Holder.objects.get(name="Datadog")
    assert (datadog.by, datadog.scopes, datadog.keeper) == (bo, ["chat:write", "files:read"], None)
    assert Holder.objects.get(name="Old poll").by_name == "somebody"
    assert Audit.objects.filter(verb="holder.imported").count() == 1
    again = importing.plan(LIST)
    assert (len(again.new), len(again.changed), again.same) == (0, 0, 2)


def test_a_file_will_do_and_what_is_no_list_is_answered_kindly(web: Web, ana: Person) -> None:
    client = web(ana)
    for name, content, status in (
        ("a.csv", LIST.encode("utf-8-sig"), 200), ("a.xlsx", b"PK\x03\x04\xff\xfe", 422), ("b.csv", b"", 422),
        ("c.csv", b"colour,size\nred,3\n", 422), ("d.csv", b'name\n"' + b"x" * 200_000, 422),
    ):  # fmt: skip
        answer = client.post("/keys/import/", {"file": SimpleUploadedFile(name, content)})
        assert answer.status_code == status, name
    assert client.post("/keys/import/", {}).status_code == 422
    assert client.post("/keys/import/", {"csv": "name\nxoxp-123456789-abc"}).status_code == 422


def test_a_later_list_tells_what_grew_and_what_is_gone(ana: Person) -> None:
    importing.bring_in(importing.plan(LIST), by=ana)
    later = importing.plan('app_id,app_name,scope\nA1,Datadog,"chat:write,files:read,admin"\n')
    assert [one.name for _, one in later.changed] == ["Datadog"]
    assert [one.name for one in later.gone] == ["Old poll"]
    importing.bring_in(later, by=ana)
    assert Holder.objects.get(name="Datadog").gained == ["admin"]
    assert Holder.objects.get(name="Old poll").ended_at is not None


def test_only_keepers_bring_in_lists(web: Web, bo: Person) -> None:
    assert web(bo).get("/keys/import/").status_code == 404
    with pytest.raises(NotYours):
        perform(Ask(bo), "import-keys", {"csv": LIST, "sure": "yes"})


def test_odd_dates_and_long_names_harm_nobody(ana: Person) -> None:
    odd = "name,date\n" + "".join(
        f"{'n' * 300},{date}\n" for date in ("0001-01-01", "9999-12-31", "2026-02-30")
    )
    assert len(importing.plan(odd).unreadable) == 3
    importing.bring_in(importing.plan(f"name,date\n{'İ' * 300},1792163202\n"), by=ana)
    assert len(Holder.objects.get().name) == 120
