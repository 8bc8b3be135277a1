"""A private incident is nowhere to be seen for those who are not in it."""

from __future__ import annotations

import pytest

from fireside.hearth.commands import NotYours, Sorry
from fireside.hearth.models import Message, Room
from fireside.hearth.search import find
from fireside.hearth.workflows import settle
from fireside.incidents.models import Incident
from fireside.incidents.places import being_worked_on, greeting, live, on_the_day
from fireside.systems.models import System

pytestmark = pytest.mark.django_db
WORDS = "somebody read our post"


@pytest.fixture
def told(do, secret, ana):
    """Much has been said and done in it."""
    for line in (
        "/lead",
        "/doing change the locks",
        "/decide call the police",
        "/ask who knows?",
        "/update soon",
    ):
        do(ana, line, secret.room)
    settle()
    return secret


def test_it_is_told_in_no_other_room(told):
    assert not Message.objects.exclude(room=told.room).exists()


def test_every_page_is_as_if_it_did_not_exist(told, cy, ana, web):
    for address in ("", "decisions/", "timeline.md"):
        assert web(cy).get(f"{told.get_absolute_url()}{address}").status_code == 404
        assert web(ana).get(f"{told.get_absolute_url()}{address}").status_code == 200


@pytest.mark.parametrize("wish", ["", "?state=open", "?person=ana-ngata", "?severity=unsure"])
def test_the_list_does_not_show_it(told, cy, ana, web, wish):
    assert WORDS in web(ana).get(f"/incidents/{wish}").text
    assert WORDS not in web(cy).get(f"/incidents/{wish}").text


def test_search_does_not_find_it_nor_what_was_decided(told, cy, ana):
    for words in ("somebody read", "police"):
        assert find(words, person=ana)
        assert not find(words, person=cy)


def test_home_the_rail_and_the_day_are_silent(told, cy, ana):
    day = (told.noticed_at, told.noticed_at.replace(year=told.noticed_at.year + 1))
    assert (live(cy), greeting(cy), being_worked_on(cy), list(on_the_day(cy, *day))) == ("", "", None, [])
    assert live(ana) == "1 live"
    assert being_worked_on(ana)


def test_it_cannot_be_named_in_a_command(told, cy, do, room):
    for line in ("/coming incident: INC-1", "/shadow INC-1", "/runbook-from INC-1"):
        with pytest.raises(NotYours):
            do(cy, line, room)
    with pytest.raises(NotYours):
        do(cy, f"/done attempt: {told.attempts.get().pk}", room)


def test_the_same_words_elsewhere_do_not_join_it(told, cy, do, room):
    do(cy, f"/incident {WORDS}", room)
    assert Incident.objects.count() == 2
    assert not told.room.seats.filter(person=cy).exists()


def test_a_call_would_show_it_and_is_refused(told, ana, do):
    with pytest.raises(Sorry, match="private"):
        do(ana, "/call for help", told.room)
    assert not Room.objects.filter(slug="calls-for-help").exists()


def test_what_begins_in_a_private_room_stays_with_its_people(do, ana, bo, cy):
    quiet = Room.make("quiet", by=ana, private=True)
    quiet.seat(bo)
    do(ana, "/incident a letter", quiet)
    incident = Incident.objects.get()
    assert incident.private
    assert set(incident.room.seats.values_list("person", flat=True)) == {ana.pk, bo.pk}
    assert not quiet.messages.exists()


def test_a_system_in_a_private_room_is_not_named_to_others(do, ana, cy, web, room):
    quiet = Room.make("quiet", by=ana, private=True)
    System.add("Project Nightfall", by=ana, room=quiet)
    do(ana, "/incident it is slow system: project-nightfall private: no", room)
    assert "Project Nightfall" in web(ana).get("/incidents/1/").text
    assert "Project Nightfall" not in web(cy).get("/incidents/1/").text
    assert "it is slow" not in web(cy).get("/incidents/?system=project-nightfall").text
