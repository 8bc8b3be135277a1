"""The Tuesday the queue filled up: an incident that is over, and the people who were in it."""

from datetime import UTC, datetime, timedelta

import pytest

from fireside.hearth.models import Person, Room
from fireside.hearth.workflows import settle
from fireside.incidents.models import Incident
from fireside.postmortems.models import Factor, Mitigation, Postmortem, Section, Telling
from fireside.systems.models import System

TUESDAY = datetime(2026, 11, 24, 8, 54, tzinfo=UTC)
SECRET = "the purple heffalump in the queue"


@pytest.fixture
def storefront(room: Room, ana: Person) -> System:
    return System.add("Storefront", by=ana, what="Where unicorns are rented.", team=room.team, room=room)


@pytest.fixture
def incident(room: Room, ana: Person, bo: Person, storefront: System) -> Incident:
    found = Incident.open("Customers cannot pay", by=ana, at=TUESDAY, system=storefront, origin=room)
    found.room.say("The queue is at 64 of 64", by=bo, at=TUESDAY + timedelta(minutes=20)).star(
        by=ana, story=found.story
    )
    return found


@pytest.fixture
def postmortem(incident: Incident, ana: Person) -> Postmortem:
    """Opened by itself when Ana closed the incident."""
    incident.close(by=ana, at=TUESDAY + timedelta(minutes=71))
    settle()
    return Postmortem.objects.get(incident=incident)


@pytest.fixture
def written(postmortem: Postmortem, ana: Person, bo: Person) -> Postmortem:
    """Everything it needs to be shared."""
    Section.write(postmortem, "summary", "For **71 minutes** rentals were refused.", by=ana, revision=0)
    Factor.add(
        postmortem, "The queue holds 64.", by=ana, since="2022", short="Queue of 64", kinds=["capacity"]
    )
    Factor.add(postmortem, "The alert looked at errors only.", by=bo, since="March", kinds=["alerting"])
    Mitigation.offer(postmortem, "hears about refusals", by=ana, owner=bo, due=TUESDAY.date(), adds_step="no")
    return postmortem


@pytest.fixture
def bos_secret(postmortem: Postmortem, bo: Person) -> Telling:
    """What Bo has written and not shared."""
    telling = Telling.mine(postmortem, bo)
    telling.add(TUESDAY + timedelta(minutes=5), saw=SECRET, knew="nothing yet", thought="it would pass")
    return telling
