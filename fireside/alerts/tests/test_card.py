"""An alert fires, and the room sees one card: what, since when, what to do, what happened the last times."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from fireside.alerts import handle
from fireside.alerts.models import Group, Source
from fireside.alerts.tests.machines import BEGAN, arrive, hear, told, webhook
from fireside.hearth.cards import Card, Link
from fireside.hearth.models import Message, Person, Room
from fireside.hearth.workflows import settle
from fireside.systems.models import Runbook, System

pytestmark = pytest.mark.django_db


def cards(room: Room) -> list[Card]:
    return [said.drawn for said in Message.objects.filter(room=room, thread=None) if said.drawn]


def the_card(room: Room) -> Card:
    [card] = cards(room)
    return card


def traces(room: Room) -> list[str]:
    return [said.text for said in Message.objects.filter(room=room).exclude(thread=None)]


def facts(card: Card) -> dict[str, str]:
    return {name: str(words) for name, words in card.facts.items()}


def links(card: Card) -> list[str]:
    """Every address a reader of the card could follow."""
    words = [*card.facts.values(), *([card.steps_title] if card.steps_title else [])]
    return [part.url for text in words for part in text.parts.values() if isinstance(part, Link)]


def test_an_alert_makes_one_card_in_the_room_of_the_team_that_looks_after_the_system(
    prometheus: Source, storefront: System, room: Room
) -> None:
    notes = {"summary": "Payments are refused", "impact": "We could not take your payment"}
    hear(prometheus, told(annotations=notes, labels={"instance": "shop-1:80"}))
    card = the_card(room)
    assert str(card.title) == "Payments are refused"
    assert card.tone == "hot"
    assert str(card.above).startswith("Firing for")
    assert facts(card)["What customers see"] == "We could not take your payment"
    assert facts(card)["Where"] == "instance shop-1:80"
    assert facts(card)["Runbook"].startswith("No runbook yet")
    assert [b.verb for b in card.buttons] == ["on-it", "incident", "runbook"]
    assert Message.objects.get(room=room, thread=None).speaker == "Alerts"


def test_more_of_the_same_and_the_end_change_the_same_card_and_leave_a_trace(
    prometheus: Source, storefront: System, room: Room
) -> None:
    one, two = told(labels={"instance": "a"}), told(labels={"instance": "b"})
    hear(prometheus, one)
    hear(prometheus, one, two)
    handle.catch_up(timezone.now() + timedelta(minutes=2))
    assert facts(the_card(room))["Firing"] == "2 of 2"
    assert traces(room) == ["1 more firing, 2 now"]
    end = (BEGAN + timedelta(minutes=47)).strftime("%Y-%m-%dT%H:%M:%S.%f") + "789Z"
    over = {"status": "resolved", "annotations": {}, "endsAt": end}
    hear(prometheus, one | over, two)
    assert the_card(room).tone == "hot"
    hear(prometheus, one | over, two | over, status="resolved")
    card = the_card(room)
    assert card.tone == "ok"
    assert str(card.above) == "Back to normal after 47 minutes"
    assert traces(room)[-1] == "Back to normal after 47 minutes"


def test_the_end_without_annotations_keeps_the_runbook_and_the_words(
    prometheus: Source, storefront: System, room: Room
) -> None:
    url = "https://wiki.example.org/payments"
    hear(
        prometheus,
        told(annotations={"summary": "Payments are refused", "runbook_url": url, "description": "26%"}),
    )
    hear(prometheus, told(status="resolved", annotations={}))
    card = the_card(room)
    assert card.tone == "ok"
    assert str(card.title) == "Payments are refused"
    assert facts(card)["It says"] == "26%"
    assert url in links(card)


def test_the_same_delivery_twice_changes_nothing(prometheus: Source, storefront: System, room: Room) -> None:
    for body in (webhook(told()), webhook(told(status="resolved"))):
        arrive(prometheus, body)
        handle.take_all()
        before = (list(Group.objects.values()), cards(room), traces(room))
        arrive(prometheus, body)
        handle.take_all()
        handle.catch_up(timezone.now() + timedelta(minutes=2))
        assert (list(Group.objects.values()), cards(room), traces(room)) == before
    arrive(prometheus, webhook(told()))  # a copy of the first, late
    handle.take_all()
    assert the_card(room).tone == "ok"


def test_a_sender_that_lost_sight_of_an_alert_is_believed_when_it_says_the_same_again(
    prometheus: Source, storefront: System, room: Room
) -> None:
    hear(prometheus, told(), at=BEGAN)
    hear(prometheus, told(status="resolved"), at=BEGAN + timedelta(minutes=47))
    Group.objects.update(resolved_at=timezone.now() - timedelta(minutes=6))
    hear(prometheus, told(), at=BEGAN + timedelta(minutes=53))
    assert the_card(room).tone == "hot"
    assert traces(room)[-1] == "Firing again"


def test_firing_again_within_half_an_hour_is_the_same_card_and_later_a_new_one(
    prometheus: Source, storefront: System, room: Room
) -> None:
    now = timezone.now()
    hear(prometheus, told(starts=now - timedelta(hours=2)))
    hear(
        prometheus, told(status="resolved", starts=now - timedelta(hours=2), ends=now - timedelta(minutes=20))
    )
    hear(prometheus, told(starts=now))
    assert the_card(room).tone == "hot"
    assert traces(room)[-1] == "Firing again"
    hear(prometheus, told(status="resolved", starts=now, ends=now))
    Group.objects.update(resolved_at=now - timedelta(minutes=31))
    hear(prometheus, told(starts=now + timedelta(minutes=1)))
    _, second = cards(room)
    assert second.tone == "hot"
    assert "Last time" in facts(second)
    assert Group.objects.order_by("pk")[0].get_absolute_url() in links(second)


def test_two_runbooks_in_one_group_are_both_shown(
    prometheus: Source, storefront: System, room: Room, ana: Person
) -> None:
    book = Runbook.write(
        "Payments are refused", ["Look at the queue", "Double the workers"], by=ana, system=storefront
    )
    notes = {"summary": "Payments are refused"}
    hear(
        prometheus,
        told(
            labels={"instance": "a"},
            annotations=notes | {"runbook_url": f"http://127.0.0.1:8000/runbooks/{book.slug}/"},
        ),
        told(labels={"instance": "b"}, annotations=notes | {"runbook": "https://wiki.example.org/b"}),
    )
    card = the_card(room)
    assert [step.words for step in card.steps] == ["Look at the queue", "Double the workers"]
    assert links(card) == ["https://wiki.example.org/b", book.get_absolute_url()]


def test_without_an_address_the_runbook_comes_from_our_own_mapping(
    prometheus: Source, storefront: System, room: Room, ana: Person
) -> None:
    Runbook.write("Anything about the shop", ["Breathe"], by=ana, system=storefront)
    book = Runbook.write(
        "Refusals", "1. Look at `/queue`", by=ana, system=storefront, alertname="RefusalsHigh"
    )
    book.used(by=ana, helped=True)
    hear(prometheus, told())
    card = the_card(room)
    assert [step.words for step in card.steps] == ["Look at `/queue`"]
    assert str(card.steps_note) == "Helped once, by Ana Ngata"
    assert "runbook" not in [b.verb for b in card.buttons]


def test_what_was_left_out_is_said(prometheus: Source, storefront: System, room: Room) -> None:
    hear(prometheus, told(), truncatedAlerts=1200)
    assert facts(the_card(room))["Not shown"] == "Alertmanager left 1,200 more out of what it sent"


def test_a_system_without_matchers_is_known_by_its_name_and_unclaimed_alerts_have_a_room(
    prometheus: Source, room: Room, ana: Person
) -> None:
    System.add("Storefront", by=ana, room=room)
    hear(prometheus, told(), told("DiskFull", labels={"job": "node"}))
    assert [str(card.title) for card in cards(room)] == ["Payments are refused"]
    unclaimed = Room.objects.get(slug="alerts")
    assert len(cards(unclaimed)) == 1
    assert unclaimed.seats.get().person == ana


def test_the_matcher_with_most_labels_decides(
    prometheus: Source, storefront: System, room: Room, ana: Person
) -> None:
    other = Room.make("shop-test", by=ana)
    System.add("Test shop", by=ana, room=other, matchers=[{"job": "storefront", "env": "test"}])
    hear(prometheus, told(labels={"env": "test"}))
    assert cards(room) == []
    assert len(cards(other)) == 1


def test_everything_fired_and_over_before_we_looked_is_one_card_that_says_so(
    prometheus: Source, storefront: System, room: Room
) -> None:
    arrive(prometheus, webhook(told()))
    arrive(prometheus, webhook(told(status="resolved")))
    handle.take_all()
    assert the_card(room).tone == "ok"
    assert traces(room) == ["Back to normal after 47 minutes"]


def test_the_end_of_something_never_heard_of_says_nothing(
    prometheus: Source, storefront: System, room: Room
) -> None:
    hear(prometheus, told(status="resolved"))
    assert cards(room) == []


def test_what_prometheus_no_longer_repeats_is_over(
    prometheus: Source, storefront: System, room: Room
) -> None:
    began = timezone.now() - timedelta(minutes=20)
    body = webhook(told(starts=began))
    alert = body[body.index(b"[") : body.rindex(b"]") + 1]
    arrive(prometheus, alert, form="alerts", at=began)
    handle.take_all()
    assert the_card(room).tone == "hot"
    settle()
    handle.expire()
    assert the_card(room).tone == "ok"
    assert Group.objects.get().resolved_at < timezone.now() - timedelta(minutes=14)


def test_a_chart_appears_when_there_is_something_to_compare(
    prometheus: Source, storefront: System, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    hear(prometheus, told(labels={"instance": "a"}))
    assert the_card(room).chart is None
    group = Group.objects.get()
    minute = datetime.fromisoformat(group.counts[0][0]) - timedelta(minutes=3)
    Group.objects.update(counts=[[minute.strftime("%Y-%m-%dT%H:%M"), 4]])
    hear(prometheus, told(labels={"instance": "a"}), told(labels={"instance": "b"}))
    handle.catch_up(timezone.now() + timedelta(minutes=2))
    chart = the_card(room).chart
    assert chart is not None
    assert chart.values == (4.0, 2.0)
