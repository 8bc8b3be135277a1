"""Who is here: found by name, met on their page, gathered in teams."""

from collections.abc import Callable

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from fireside.hearth.commands import Outcome
from fireside.hearth.errors import NotYours, Sorry
from fireside.hearth.models import Person, Room, Team

pytestmark = pytest.mark.django_db
Web = Callable[[Person], Client]
Do = Callable[..., Outcome]


def see(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_people_are_found_by_name_handle_or_what_they_do(web: Web, ana: Person, bo: Person) -> None:
    bo.about = "looks after the payment gateway"
    bo.save()
    client = web(ana)
    for query in ("lund", "@bo-lund", "gateway"):
        seen = see(client, f"/people/?q={query}")
        assert "Bo Lund" in seen
        assert 'href="/people/ana-ngata/">Ana Ngata</a></h2>' not in seen
    assert "Nobody by that name" in see(client, "/people/?q=zebra")


def test_a_long_list_of_people_comes_page_by_page_and_shows_each_once(web: Web, ana: Person) -> None:
    names = [f"Person {n:03}" for n in range(95)]
    for name in names:
        Person.welcome(name)
    client, path, seen = web(ana), "/people/?q=person", []
    while path:
        page = see(client, path)
        seen += [part.partition("</a>")[0].partition(">")[2] for part in page.split("<h2><a ")[1:]]
        more = page.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")
        path = f"/people/{more}" if more else ""
    assert seen == names


def test_a_persons_page_shows_their_hour_their_teams_and_what_the_reader_may_hear(
    web: Web, ana: Person, bo: Person, cy: Person, room: Room
) -> None:
    room.say("the unicorns are fed", by=bo)
    private = Room.make("quiet-corner", by=bo, private=True)
    private.say("only for my own ears", by=bo)
    seen = see(web(cy), f"/people/{bo.handle}/")
    assert "Europe/Berlin" in seen
    assert "Magic Sparkles" in seen
    assert "the unicorns are fed" in seen
    assert "only for my own ears" not in seen
    assert "quiet-corner" not in seen
    assert "only for my own ears" in see(web(bo), f"/people/{bo.handle}/")


def test_a_persons_page_costs_the_same_however_much_they_said(
    web: Web, ana: Person, bo: Person, room: Room, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for n in range(40):
        room.say(f"words {n}", by=bo)
    client = web(ana)
    with django_assert_max_num_queries(14):
        see(client, f"/people/{bo.handle}/")


def test_nobody_here_is_a_page_that_says_so(web: Web, ana: Person) -> None:
    answer = web(ana).get("/people/nobody/")
    assert answer.status_code == 404
    assert "This page is not there" in answer.content.decode()


def test_a_team_is_made_changed_joined_and_left_by_commands(do: Do, web: Web, bo: Person, cy: Person) -> None:
    hall = Room.make("hall", by=cy)
    do(cy, "/team Stable purpose: hay and water home: #hall", hall)
    stable = Team.objects.get(slug="stable")
    assert [person.name for person in stable.members.all()] == ["Cy Park"]
    do(bo, "/join-team stable", hall)
    assert hall.seats.filter(person=bo).exists()
    seen = see(web(bo), "/teams/stable/")
    assert "hay and water" in seen
    assert "Leave this team" in seen
    do(bo, "/team stable new-name: Stables")
    do(bo, "/leave-team stables")
    seen = see(web(bo), "/teams/stable/")
    assert "<h1>Stables</h1>" in seen
    assert "Join this team" in seen
    with pytest.raises(Sorry, match="There is a team called Magic Sparkles"):
        do(bo, "/team stables new-name: Magic Sparkles")


def test_the_private_room_of_a_team_stays_private(
    do: Do, web: Web, ana: Person, cy: Person, sparkles: Team
) -> None:
    den = Room.make("den", by=ana, private=True)
    do(ana, "/team Magic Sparkles home: #den")
    assert "#den" not in see(web(cy), "/teams/magic-sparkles/")
    outcome = do(cy, "/join-team magic-sparkles")
    assert "den" not in str(outcome)
    assert not den.seats.filter(person=cy).exists()


def test_an_invitation_is_whispered_to_whoever_makes_it(do: Do, bo: Person, room: Room) -> None:
    outcome = do(bo, "/invite team: magic-sparkles days: 3", room)
    assert outcome.message is None
    assert outcome.whisper is not None
    assert "/join/" in str(outcome.whisper.card)
    with pytest.raises(Sorry, match="1 to 90 days"):
        do(bo, "/invite days: 900", room)


def test_people_can_be_found_from_any_room(do: Do, bo: Person, ana: Person) -> None:
    found = do(bo, "/people ngata").whisper
    assert found is not None
    assert "Ana Ngata" in str(found.card)
    assert "Bo Lund" not in str(found.card)


def test_only_a_keeper_ends_or_gives_access(do: Do, ana: Person, bo: Person, cy: Person) -> None:
    for line in ("/deactivate @cy-park", "/keeper @bo-lund", "/step-down @ana-ngata", "/reactivate cy-park"):
        with pytest.raises(NotYours):
            do(bo, line)
    do(ana, "/deactivate @cy-park")
    cy.refresh_from_db()
    assert not cy.is_active
    do(ana, "/reactivate @cy-park")
    cy.refresh_from_db()
    assert cy.is_active


def test_there_is_always_one_keeper_left(do: Do, ana: Person, bo: Person) -> None:
    with pytest.raises(Sorry, match="last keeper"):
        do(ana, "/step-down")
    do(ana, "/keeper @bo-lund")
    do(ana, "/step-down")
    bo.refresh_from_db()
    ana.refresh_from_db()
    assert bo.is_keeper
    assert not ana.is_keeper
