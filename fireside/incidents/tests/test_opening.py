"""Opening an incident: one place from minute zero, told where it helps."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from fireside.alerts.models import Group
from fireside.hearth.commands import Missing, Sorry, book
from fireside.hearth.models import Entry, Message, Room
from fireside.hearth.workflows import settle
from fireside.incidents.models import Incident, Severity
from fireside.systems.models import System

pytestmark = pytest.mark.django_db


def test_opening_makes_a_room_with_the_opener_in_it(do, ana, room):
    outcome = do(ana, "/incident customers cannot pay severity: customers", room)
    incident = Incident.objects.get()
    assert incident.name == "INC-1"
    assert incident.room.slug == "inc-1"
    assert incident.room.story == incident.ref
    assert incident.room.seats.filter(person=ana).exists()
    assert incident.severity == Severity.CUSTOMERS
    assert outcome.message.room == incident.room
    assert "customers cannot pay" in str(outcome.message.drawn)
    assert outcome.whisper.words == "#inc-1 is open, and you are in it."


def test_it_is_told_where_it_began_and_in_incidents(trouble, room):
    origin = room.messages.get()
    headline = Room.objects.get(slug="incidents").messages.get()
    for message in (origin, headline):
        assert str(message.drawn.title) == "customers cannot pay"
        assert message.drawn.tag == "customers feel it"
    assert headline.pinned_at


def test_numbers_have_no_gap(do, ana, room):
    for words in ("one", "two", "three"):
        do(ana, f"/incident {words}", room)
    with pytest.raises(Sorry):
        do(ana, "/incident four severity: terrible", room)
    do(ana, "/incident five", room)
    assert list(Incident.objects.order_by("number").values_list("number", flat=True)) == [1, 2, 3, 4]


def test_a_room_of_that_name_is_in_nobodys_way(do, ana, room):
    Room.make("inc-1", by=ana)
    do(ana, "/incident no payments", room)
    assert Incident.objects.get().room.slug == "inc-1-2"


def test_the_same_words_a_moment_later_join_the_first(do, trouble, bo, room):
    outcome = do(bo, "/incident Customers cannot pay", room)
    assert Incident.objects.count() == 1
    assert trouble.room.seats.filter(person=bo).exists()
    assert "You are in #inc-1 now" in outcome.whisper.words


def test_the_same_words_later_are_another_incident(do, trouble, bo, room):
    Incident.objects.update(opened_at=timezone.now() - timedelta(minutes=6))
    do(bo, "/incident customers cannot pay", room)
    assert Incident.objects.count() == 2


def test_without_words_the_form_comes(do, ana, room):
    with pytest.raises(Missing) as missing:
        do(ana, "/incident", room)
    assert missing.value.field == "what"
    assert not Incident.objects.exists()


def test_pressing_twice_opens_once(do, ana, room):
    for _ in range(2):
        do(ana, "/incident no payments", room, key="pressed-once")
    assert Incident.objects.count() == 1


def test_it_may_be_opened_from_outside_any_room(do, ana, org):
    outcome = do(ana, "/incident no payments")
    assert outcome.message.room == Incident.objects.get().room


def test_what_began_earlier_stands_earlier_on_the_timeline(do, ana, room):
    do(ana, "/incident no payments began: 20m ago", room)
    incident = Incident.objects.get()
    noticed, opened = Entry.objects.filter(story=incident.ref).order_by("at")[:2]
    assert noticed.words == "It began: no payments"
    assert timedelta(minutes=19) < opened.at - noticed.at < timedelta(minutes=21)


def test_a_report_of_what_has_passed_asks_nobody_to_hurry(do, ana, bo, room, sparkles):
    do(ana, "/incident payments were down over: yes began: 2h ago", room)
    settle(timezone.now() + timedelta(hours=1))
    incident = Incident.objects.get()
    assert incident.state == "back to normal"
    assert [str(m.drawn.title) for m in incident.room.messages.all()] == ["payments were down"]


def test_an_alert_and_its_incident_name_each_other(do, ana, bo, room, sparkles):
    shop = System.add("Storefront", by=ana, team=sparkles)
    began = timezone.now() - timedelta(minutes=4)
    alert = Group.objects.create(
        room=room, system=shop, alertname="RefusalsHigh", title="Payments refused", opened_at=began,
        traced_at=began, impact="A refused payment.",
    )  # fmt: skip
    alert.redraw()
    do(ana, f"/incident payments are refused alert: {alert.ref}", room)
    incident = Incident.objects.get()
    alert.refresh_from_db()
    assert incident.group == alert
    assert incident.system == shop
    assert incident.noticed_at == began
    assert incident.summary == "A refused payment."
    assert alert.incident == incident.ref
    traces = Message.objects.filter(thread=alert.message)
    assert [trace.text for trace in traces] == ["INC-1 is open: payments are refused"]
    assert str(alert.message.drawn.facts["Incident"]) == "INC-1 payments are refused"
    settle()
    settle()
    invited = incident.room.messages.get(key=f"{incident.ref}:owners")
    assert invited.text.startswith("@bo-lund this is about something you look after.")
    assert incident.room.messages.order_by("pk").first().pinned_at


def test_every_button_on_a_card_leads_to_a_command_it_fits(do, trouble, ana):
    do(ana, "/ask what changed?", trouble.room)
    do(ana, "/call for help with the queue", trouble.room)
    for message in Message.objects.exclude(card=None):
        for button in message.drawn.buttons:
            known = {param.name for param in book.find(button.verb).params}
            assert set(button.values) <= known
