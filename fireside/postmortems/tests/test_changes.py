"""Changes are offered, made or let go; a reminder comes once, to one person, and effects are asked for."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from conftest import Do
from fireside.alerts.models import Group
from fireside.hearth.models import Message, Person, Room
from fireside.hearth.workflows import run
from fireside.incidents.models import Incident
from fireside.postmortems.models import Mitigation, Postmortem
from fireside.postmortems.places import last_learned
from fireside.systems.models import System

pytestmark = pytest.mark.django_db
Web = Callable[[Person], Client]
WEEK = timedelta(days=7)


@pytest.fixture
def change(postmortem: Postmortem, ana: Person, bo: Person) -> Mitigation:
    due = timezone.now().date() + timedelta(days=2)
    return Mitigation.offer(postmortem, "hears about refusals", by=ana, owner=bo, due=due, adds_step="no")


def test_the_effect_is_looked_at_a_month_after_it_was_due(change: Mitigation) -> None:
    assert change.effect_on == change.due + timedelta(days=30)


def test_mine_come_first_and_nobody_is_listed_as_late(
    change: Mitigation, postmortem: Postmortem, ana: Person, bo: Person, web: Web
) -> None:
    Mitigation.offer(postmortem, "sees the graph", by=ana, owner=None, due=None, adds_step="")
    page = web(bo).get("/learn/changes/").content.decode()
    assert page.index("Yours: one change") < page.index("hears about refusals") < page.index("sees the graph")
    assert "Waiting for somebody to offer" in page
    for words in ("overdue", "missed", "behind"):
        assert words not in page.lower().split("<main")[1]


def test_what_is_mine_comes_up_on_my_home_page_alone(
    change: Mitigation, ana: Person, bo: Person, web: Web
) -> None:
    assert "One change from a post-mortem is yours" in web(bo).get("/").content.decode()
    assert "post-mortem is yours" not in web(ana).get("/").content.decode()


def test_its_owner_is_reminded_once_and_in_no_room(change: Mitigation, bo: Person, web: Web) -> None:
    before = Message.objects.count()
    Mitigation.objects.update(due=timezone.now().date() - WEEK)
    run("postmortems.remind_owners", 0)
    change.refresh_from_db()
    first = change.nudged_at
    assert first is not None
    assert "Any is fine." in web(bo).get("/").content.decode()
    run("postmortems.remind_owners", 0)
    change.refresh_from_db()
    assert change.nudged_at == first
    assert Message.objects.count() == before


def test_the_team_is_asked_for_the_effect_once(
    change: Mitigation, incident: Incident, room: Room, bo: Person, do: Do
) -> None:
    do(bo, f"/mitigation-done {change.name}", incident.room)
    run("postmortems.ask_for_effects", 0)
    assert not Message.objects.filter(room=room, card__kind="mitigation").exists()
    Mitigation.objects.update(effect_on=timezone.now().date() - WEEK)
    run("postmortems.ask_for_effects", 0)
    run("postmortems.ask_for_effects", 0)
    [asked] = Message.objects.filter(room=room, card__kind="mitigation")
    assert "Did it help the next person?" in str(asked.drawn)
    do(bo, f"/effect {change.name} the alert now comes two minutes in", room)
    change.refresh_from_db()
    assert change.effect == "the alert now comes two minutes in"


def test_letting_go_takes_a_reason_and_is_fine(
    change: Mitigation, incident: Incident, bo: Person, do: Do, web: Web
) -> None:
    with pytest.raises(Exception, match="because"):
        do(bo, f"/let-go {change.name}", incident.room)
    do(bo, f"/let-go {change.name} because: the new queue makes it needless", incident.room)
    page = web(bo).get("/learn/1/").content.decode()
    assert "let go" in page
    assert "the new queue makes it needless" in page
    with pytest.raises(Exception, match="let go already"):
        do(bo, f"/mitigation-done {change.name}", incident.room)


def test_a_change_under_way_and_in_place(change: Mitigation, incident: Incident, bo: Person, do: Do) -> None:
    assert change.state == "not begun"
    do(bo, f"/mitigation-begun {change.name}", incident.room)
    change.refresh_from_db()
    assert change.state == "under way"
    do(bo, f"/mitigation-done {change.name}", incident.room)
    change.refresh_from_db()
    assert change.state == "in place"


def test_when_its_owner_leaves_it_waits_for_somebody(
    change: Mitigation, ana: Person, bo: Person, web: Web
) -> None:
    bo.deactivate(by=ana)
    page = web(ana).get("/learn/changes/").content.decode()
    assert "Waiting for somebody to offer" in page


def test_the_next_alert_of_that_name_links_what_was_learned(
    written: Postmortem, incident: Incident, room: Room, storefront: System, ana: Person, do: Do,
    django_assert_num_queries: Callable[..., object],
) -> None:  # fmt: skip
    now = timezone.now()
    more = {"room": room, "system": storefront, "opened_at": now, "traced_at": now}
    incident.group = Group.objects.create(alertname="PaymentsRefused", title="Payments refused", **more)
    incident.save()
    do(ana, "/publish", incident.room)
    again = Group.objects.create(alertname="PaymentsRefused", title="Payments refused", **more)
    with django_assert_num_queries(1):
        fact = last_learned(again)
    assert str(fact["What we learned last time"]) == "Customers cannot pay"
    assert last_learned(Group(alertname="Other", **more)) == {}
    Room.objects.filter(pk=incident.room.pk).update(private=True)
    assert last_learned(again) == {}


def test_the_page_of_a_system_shows_what_was_learned_there(
    written: Postmortem, incident: Incident, storefront: System, ana: Person, do: Do, web: Web
) -> None:
    do(ana, "/publish", incident.room)
    assert "What we learned here" in web(ana).get(storefront.get_absolute_url()).content.decode()
