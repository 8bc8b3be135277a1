"""When an incident is over its post-mortem opens, and those who were there are asked."""

from collections.abc import Callable

import pytest
from django.test import Client

from conftest import Do
from fireside.hearth.models import Message, Person, Room
from fireside.hearth.workflows import run, settle
from fireside.incidents.models import Incident
from fireside.postmortems.models import Asked, Postmortem

pytestmark = pytest.mark.django_db


def test_closing_opens_it_and_says_so_in_the_incident_room(
    postmortem: Postmortem, incident: Incident
) -> None:
    said = Message.objects.filter(room=incident.room, card__kind="postmortem").get()
    assert "told by those who were there" in str(said.drawn)
    assert "Ana" not in str(said.drawn)
    assert "Bo" not in str(said.drawn)
    assert postmortem.title == "Customers cannot pay"
    assert postmortem.is_draft


def test_those_who_spoke_acted_or_led_are_asked_once_and_nobody_else(
    incident: Incident, ana: Person, bo: Person, cy: Person
) -> None:
    incident.room.seat(cy)
    incident.room.say("deployed v42", voice="Deploys")
    incident.close(by=ana)
    settle()
    incident.reopen(by=ana)
    incident.close(by=ana)
    settle()
    asked = Asked.objects.values_list("person__name", flat=True)
    assert sorted(asked) == ["Ana Ngata", "Bo Lund"]
    assert Message.objects.filter(room=incident.room, card__kind="postmortem").count() == 1
    assert Postmortem.objects.count() == 1


def test_the_reaction_may_run_twice(postmortem: Postmortem, incident: Incident) -> None:
    entry = incident.room.entries.get(verb="incident.closed")
    run("postmortems.open_postmortem", entry.pk)
    assert Message.objects.filter(room=incident.room, card__kind="postmortem").count() == 1


def test_an_incident_closed_and_opened_again_before_anyone_looked_opens_none(
    incident: Incident, ana: Person
) -> None:
    incident.close(by=ana)
    incident.reopen(by=ana)
    settle()
    assert not Postmortem.objects.exists()


def test_postmortem_tells_the_asker_where_it_is(
    postmortem: Postmortem, incident: Incident, bo: Person, do: Do
) -> None:
    outcome = do(bo, "/postmortem", incident.room)
    assert outcome.whisper
    assert outcome.whisper.card
    assert outcome.whisper.card.link == postmortem.writing_url
    assert outcome.message is None


def test_while_the_incident_runs_there_is_none(incident: Incident, bo: Person, do: Do) -> None:
    with pytest.raises(Exception, match="still open"):
        do(bo, "/postmortem", incident.room)


def test_bo_finds_his_telling_on_his_home_page_and_cy_finds_nothing(
    postmortem: Postmortem, bo: Person, cy: Person, web: Callable[[Person], Client]
) -> None:
    assert "Yours, when you like" in web(bo).get("/").content.decode()
    assert "Yours, when you like" not in web(cy).get("/").content.decode()


def test_somebody_writes_a_first_one_with_somebody_alongside(
    postmortem: Postmortem,
    incident: Incident,
    ana: Person,
    bo: Person,
    do: Do,
    web: Callable[[Person], Client],
) -> None:
    do(ana, "/written-by @bo alongside: @ana", incident.room)
    page = web(bo).get(postmortem.writing_url).content.decode()
    assert "New to this, Bo Lund?" in page
    assert "Ana Ngata is alongside and sees what you see." in page


def test_outside_any_incident_room_the_asker_alone_is_told(room: Room, bo: Person, do: Do) -> None:
    with pytest.raises(Exception, match="no post-mortem in this room"):
        do(bo, "/factor The queue holds 64.", room)
    assert not Message.objects.filter(room=room, card__kind="factor").exists()
