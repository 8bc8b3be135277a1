"""The whole loop, once round: an alert becomes something everybody learned, and the next alert knows it."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from fireside.alerts.handle import take_all
from fireside.alerts.models import Delivery, Group, Source
from fireside.config import story
from fireside.hearth.models import Message, Room
from fireside.hearth.workflows import settle
from fireside.incidents.models import Incident
from fireside.systems.models import System

pytestmark = pytest.mark.django_db


@pytest.fixture
def calls(room, sparkles, ana):
    """Prometheus calls about payments, firing or resolved."""
    System.add("Payments", by=ana, team=sparkles, what="Takes the money.", matchers=[{"job": "payments"}])
    source, _ = Source.make("prometheus")

    def call(status: str = "firing") -> Group:
        now = timezone.now()
        body = story.alert("PaymentsRefused", now.isoformat())
        body["status"] = status
        for alert in body["alerts"]:
            alert["status"] = status
            alert["endsAt"] = now.isoformat() if status == "resolved" else alert["endsAt"]
        data = json.dumps(body).encode()
        Delivery.objects.create(
            source=source, at=now, form="webhook", sha256=str(now.timestamp()), size=len(data), body=data
        )
        take_all()
        settle()
        return Group.objects.latest("pk")

    return call


def test_an_alert_becomes_something_everybody_learned(calls, do, web, room, ana, bo):
    # A machine calls: one card in the owner's room, without a runbook yet.
    group = calls()
    [card] = Message.objects.filter(room=room, voice="Alerts", thread=None)
    assert "Payments are refusing one rental in four" in str(card)
    assert "No runbook yet" in web(ana).get(room.get_absolute_url()).content.decode()

    # People put it right together.
    do(ana, f"/incident customers cannot pay severity: customers alert: {group.ref}", room)
    settle()
    incident = Incident.objects.get()
    here = incident.room
    do(ana, "/lead", here)
    do(bo, "/doing looking at the queue", here)
    do(bo, "/ruled-out the bank, a test charge went through", here)
    do(bo, "/done looking at the queue, it was full", here)
    do(bo, "/done doubled the workers", here)
    do(ana, "/decide keep twelve workers because: six fill the queue undo: payctl workers 6", here)
    noticed = do(bo, "every refused customer has no tier", here).message
    do(ana, f"/star message:{noticed.pk}", here)
    board = web(bo).get(incident.get_absolute_url()).content.decode()
    for words in ("doubled the workers", "the bank", "keep twelve workers", "every refused customer"):
        assert words in board

    # It is over on the machine's side too: the same card, changed in place.
    calls("resolved")
    assert Message.objects.filter(room=room, voice="Alerts", thread=None).count() == 1
    do(ana, "/normal", here)
    do(ana, "/close", here)
    settle()

    # The honest story.
    do(ana, "/write section: summary words: For an hour, one rental in four was refused.", here)
    do(ana, "/factor The queue holds 64, a number chosen long ago. since: 2022", here)
    do(bo, "/factor The alert looked at errors, and refusals are not errors.", here)
    do(bo, "/mitigation gets a queue that pushes back owner: @bo", here)
    do(bo, "/runbook-from", here)
    do(ana, "/publish", here)
    settle()
    party = Room.objects.get(slug="celebrations")
    assert any("customers cannot pay" in str(message) for message in party.messages.all())
    found = web(bo).get("/learn/", {"q": "refused"}).content.decode()
    assert "customers cannot pay" in found

    # The next time, the card knows what was done and what was learned.
    Group.objects.update(resolved_at=timezone.now() - timedelta(days=1))
    again = calls()
    assert again.pk != group.pk
    page = web(ana).get(room.get_absolute_url()).content.decode()
    newest = page.rsplit('class="alert"', 1)[1]
    assert "doubled the workers" in newest
    assert "/learn/" in newest
