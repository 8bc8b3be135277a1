"""When very much fires at once the room stays readable, and whatever labels say stays text."""

from __future__ import annotations

import json
import time
from datetime import timedelta

import pytest
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fireside.alerts import handle, wire
from fireside.alerts.models import Alert, Delivery, Group, Source
from fireside.alerts.tests.machines import arrive, hear, told, webhook
from fireside.hearth.models import Message, Room
from fireside.systems.models import System
from fireside.web.html import article
from tests.fuzzing import many

pytestmark = pytest.mark.django_db


def cards(room: Room) -> list[Message]:
    return list(Message.objects.filter(room=room, thread=None, card__isnull=False))


def redraws() -> int:
    from fireside.hearth.models import Entry

    return Entry.objects.filter(verb="message.redrawn").count()


def test_ten_thousand_alerts_make_few_cards_and_few_drawings(
    prometheus: Source, storefront: System, room: Room
) -> None:
    for start in range(0, 10_000, 64):
        some = [
            told(f"Rule{n % 5}", labels={"instance": f"i{n}"}) for n in range(start, min(start + 64, 10_000))
        ]
        arrive(prometheus, webhook(*some))
    handle.take_all()
    handle.catch_up()
    assert Alert.objects.count() == 10_000
    assert len(cards(room)) == 5
    assert redraws() <= 5
    handle.catch_up(timezone.now() + timedelta(minutes=2))
    assert len(cards(room)) == 5
    assert redraws() <= 10
    assert Message.objects.filter(room=room).exclude(thread=None).count() <= 5
    assert sorted(Group.objects.values_list("firing", "total")) == [(2000, 2000)] * 5


def test_a_storm_of_ever_new_names_shares_one_card(
    prometheus: Source, storefront: System, room: Room
) -> None:
    hear(prometheus, *(told(f"Rule{n}") for n in range(500)))
    assert len(cards(room)) == 11
    last = cards(room)[-1].drawn
    assert last is not None
    assert str(last.title) == "Many things fire at once"
    assert last.tag == "490 firing"
    hear(prometheus, *(told(f"Rule{n}", status="resolved") for n in range(500)))
    assert {message.drawn.tone for message in cards(room) if message.drawn} == {"ok"}


def test_a_drawing_costs_the_same_however_many_alerts_there_are(
    prometheus: Source, storefront: System, room: Room
) -> None:
    from django.db import connection

    def cost() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            Group.objects.get().card()
        return len(queries)

    hear(prometheus, told(labels={"instance": "0"}))
    before = cost()
    hear(prometheus, *(told(labels={"instance": str(n)}) for n in range(1000)))
    assert cost() == before


def test_hearing_the_same_again_costs_next_to_nothing(
    prometheus: Source, storefront: System, room: Room
) -> None:
    many = [told(labels={"instance": str(n)}) for n in range(1000)]
    hear(prometheus, *many)
    began = time.monotonic()
    hear(prometheus, *many)
    assert time.monotonic() - began < 5
    assert redraws() == 0


def test_a_delivery_that_cannot_be_read_does_not_hold_up_the_others(
    prometheus: Source, storefront: System, room: Room
) -> None:
    arrive(prometheus, webhook(told()))
    Delivery.objects.update(body=b"written by something else")
    hear(prometheus, told())
    assert len(cards(room)) == 1
    assert Delivery.objects.order_by("pk")[0].trouble
    assert not Delivery.objects.filter(handled_at=None).exists()


HOSTILE = st.one_of(
    st.text(max_size=40),
    st.sampled_from([
        "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "javascript:alert(1)", "x" * 100_000,
        "a\0b", "{title}", "{{ 7*7 }}", "%s%n", "\u202egnp.exe", "http://[", "//evil.example", "file:///etc/passwd",
        "http://127.0.0.1:8000/runbooks/none/", "\ud800",
    ]),
)  # fmt: skip
WORDS = st.dictionaries(HOSTILE, HOSTILE, max_size=5)
TIMES = st.sampled_from([
    "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z", "1970-01-01T00:00:00+23:59",
    "2026-11-02T08:52:00", "2026-11-02T08:52:00.123456789-08:00",
])  # fmt: skip


@settings(
    max_examples=many(30),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "labels": WORDS,
                "annotations": WORDS | st.none(),
                "status": st.sampled_from(["firing", "resolved", "?"]),
            },
            optional={"startsAt": TIMES, "endsAt": TIMES, "fingerprint": HOSTILE},
        ),
        max_size=4,
    ),
    WORDS,
)
def test_whatever_is_sent_stays_text_and_nothing_breaks(
    prometheus: Source, storefront: System, room: Room, sent: list[dict[str, object]], notes: dict[str, str]
) -> None:
    for alert in sent:
        alert["labels"] = {"job": "storefront", **alert["labels"]}
        alert["annotations"] = {
            "runbook_url": next(iter(notes), ""),
            "summary": next(iter(notes.values()), ""),
        }
    body = json.dumps({"alerts": sent, "groupKey": "\0" + "k" * 5000, "truncatedAlerts": -3}).encode()
    arrive(prometheus, body)
    arrive(prometheus, json.dumps(sent).encode(), form=wire.API)
    handle.take_all()
    handle.catch_up(timezone.now() + timedelta(minutes=2))
    assert not Delivery.objects.exclude(trouble="").exists()
    for message in Message.objects.filter(room=room, thread=None):
        page = str(article(message))
        assert "<script" not in page
        assert "<img" not in page
        assert 'href="javascript:' not in page
        assert 'href="file:' not in page
        assert len(page) < 30_000
