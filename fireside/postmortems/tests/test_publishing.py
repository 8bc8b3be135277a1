"""A post-mortem is shared, celebrated, found again, and what is private stays private everywhere."""

from collections.abc import Callable

import pytest
from django.test import Client

from conftest import Do
from fireside.hearth.models import Doc, Entry, Message, Person, Room
from fireside.hearth.workflows import settle
from fireside.incidents.models import Incident
from fireside.postmortems.models import Factor, Mitigation, Postmortem, Section, Telling
from fireside.postmortems.tests.conftest import TUESDAY

pytestmark = pytest.mark.django_db
Web = Callable[[Person], Client]


def test_it_takes_a_summary_two_factors_and_somebody_for_each_change(
    postmortem: Postmortem, incident: Incident, ana: Person, do: Do
) -> None:
    do(ana, "/mitigation hears about refusals", incident.room)
    do(ana, "/factor The queue holds 64.", incident.room)
    with pytest.raises(Exception, match="at least two") as sorry:
        do(ana, "/publish", incident.room)
    said = str(sorry.value)
    assert "people in a hurry are not written yet" in said
    assert "“hears about refusals” waits for somebody to offer" in said
    postmortem.refresh_from_db()
    assert postmortem.is_draft


def test_publishing_is_celebrated_in_a_room_of_its_own_once(
    written: Postmortem, incident: Incident, ana: Person, do: Do
) -> None:
    do(ana, "/publish", incident.room)
    settle()
    [said] = Message.objects.filter(room__purpose=Room.Purpose.CELEBRATE)
    words = str(said.drawn)
    assert "two things that met, and not one of them a person" in words
    assert "Ana" not in words
    assert "!" not in words
    do(ana, "/take-back", incident.room)
    do(ana, "/publish", incident.room)
    settle()
    assert Message.objects.filter(room__purpose=Room.Purpose.CELEBRATE, thread=None).count() == 1


def test_only_those_who_were_there_publish_and_take_back(
    written: Postmortem, incident: Incident, ana: Person, cy: Person, do: Do
) -> None:
    with pytest.raises(Exception, match="Those who were there"):
        do(cy, "/publish INC-1")
    do(ana, "/publish", incident.room)
    with pytest.raises(Exception, match="Those who were there"):
        do(cy, "/take-back INC-1")
    do(ana, "/take-back", incident.room)
    assert not Doc.objects.filter(kind="postmortem").exists()


def test_a_published_one_is_not_written_over(
    written: Postmortem, incident: Incident, ana: Person, do: Do
) -> None:
    do(ana, "/publish", incident.room)
    for line in ("/factor Another.", "/went-well More.", "/title Other", "/affected someone"):
        with pytest.raises(Exception, match="published"):
            do(ana, line, incident.room)


def test_applause_is_one_each_together_and_can_be_taken_back(
    written: Postmortem, incident: Incident, ana: Person, bo: Person, cy: Person, do: Do, web: Web
) -> None:
    with pytest.raises(Exception, match="not published yet"):
        do(cy, "/applaud INC-1")
    do(ana, "/publish", incident.room)
    settle()
    do(ana, "/applaud INC-1")
    do(bo, "/applaud INC-1")
    settle()
    page = web(cy).get(written.get_absolute_url()).content.decode()
    assert "Applaud, with 2 others" in page
    assert "You applaud, with 1 other." in web(ana).get(written.get_absolute_url()).content.decode()
    said = Message.objects.get(room__purpose=Room.Purpose.CELEBRATE, thread=None)
    assert "two people" in str(said.drawn.foot)
    assert not Entry.objects.filter(verb="postmortem.applauded", by__isnull=False).exists()
    do(ana, "/applaud INC-1")
    assert "Applaud, with 1 other" in web(cy).get(written.get_absolute_url()).content.decode()


def test_the_page_reads_like_the_day_did(
    written: Postmortem, incident: Incident, ana: Person, bo: Person, do: Do, web: Web
) -> None:
    telling = Telling.mine(written, bo)
    telling.add(TUESDAY, saw="The checks were green.")
    telling.share()
    do(ana, "/title The Tuesday the queue filled up", incident.room)
    do(ana, "/publish", incident.room)
    page = web(bo).get(written.get_absolute_url()).content.decode()
    assert "<h1>The Tuesday the queue filled up</h1>" in page
    assert "<strong>71 minutes</strong>" in page
    assert page.count('class="strand ') == 4, "two threads, drawn wide and narrow"
    assert "One person learned something here, and then told everyone" in page
    assert page.index("The checks were green.") < page.index("The queue is at 64 of 64")
    assert "hears about refusals" in page
    assert "root cause" not in page.lower()


def test_the_morgue_finds_it_by_words_system_factor_person_and_date(
    written: Postmortem, incident: Incident, ana: Person, bo: Person, cy: Person, do: Do, web: Web
) -> None:
    do(ana, "/publish", incident.room)
    client = web(cy)
    found = (
        "", "?q=refused", "?q=queue+holds", "?system=storefront", "?factor=capacity", "?person=bo",
        "?since=2026-11-20&until=2026-11-24", "?q=71&system=storefront&factor=alerting",
    )  # fmt: skip
    for query in found:
        assert "Customers cannot pay</a>" in client.get(f"/learn/{query}").content.decode(), query
    for query in (
        "?q=dragon",
        "?system=other",
        "?factor=weather",
        "?person=cy",
        "?until=2026-11-20",
        "?before=1",
    ):
        assert "Customers cannot pay</a>" not in client.get(f"/learn/{query}").content.decode(), query


def test_nonsense_in_the_search_is_no_trouble(org: object, cy: Person, web: Web) -> None:
    for query in (
        "?since=never&until=2026-99-99",
        "?before=x",
        "?q=%22%27(*&person=%00",
        "?until=9999-12-31",
    ):
        assert web(cy).get(f"/learn/{query}").status_code == 200, query


def test_an_empty_morgue_says_how_it_fills(org: object, cy: Person, web: Web) -> None:
    assert "Nothing has been published yet" in web(cy).get("/learn/").content.decode()


def test_a_draft_is_not_in_the_morgue_but_its_people_find_it(
    written: Postmortem, ana: Person, cy: Person, web: Web
) -> None:
    assert "Being written" in web(ana).get("/learn/").content.decode()
    assert "Customers cannot pay" not in web(cy).get("/learn/").content.decode()
    assert not Doc.objects.filter(kind="postmortem").exists()


def test_a_year_later_it_is_remembered(written: Postmortem, ana: Person, cy: Person, web: Web) -> None:
    from django.utils import timezone

    incident = written.incident
    local = timezone.now().astimezone(cy.tz)
    incident.noticed_at = local.replace(year=local.year - 4)
    incident.save()
    written.published_at = timezone.now()
    written.save()
    assert "On this day" in web(cy).get("/learn/").content.decode()


@pytest.mark.parametrize("do", ["web"], indirect=True)  # much of it, by the shorter way
def test_the_morgue_costs_the_same_with_many(
    written: Postmortem, incident: Incident, ana: Person, web: Web, do: Do, django_assert_max_num_queries
) -> None:
    do(ana, "/publish", incident.room)
    for n in range(25):
        other = Incident.open(f"Trouble {n}", by=ana)
        other.close(by=ana)
        made, _ = Postmortem.open(other, by=ana)
        Section.write(made, "summary", "Something.", by=ana, revision=0)
        Factor.add(made, "One thing", by=ana)
        Factor.add(made, "Another", by=ana)
        do(ana, "/publish", other.room)
    client = web(ana)
    with django_assert_max_num_queries(24):
        page = client.get("/learn/").content.decode()
    assert page.count("<h2><a") == 20
    assert "Earlier" in page


def test_what_is_private_is_nowhere_for_others(
    room: Room, ana: Person, bo: Person, cy: Person, web: Web, do: Do
) -> None:
    hidden = Incident.open("Salaries were shown", by=ana, private=True)
    hidden.room.seat(bo)
    hidden.close(by=ana)
    settle()
    do(ana, "/write summary Zebra words.", hidden.room)
    do(ana, "/factor First thing", hidden.room)
    do(ana, "/factor Second thing", hidden.room)
    do(ana, "/mitigation is shown less owner: @bo", hidden.room)
    do(ana, "/publish", hidden.room)
    settle()
    with pytest.raises(Exception, match="no seat"):
        do(ana, "/mitigation is helped owner: @cy", hidden.room)
    assert not Message.objects.filter(room__purpose=Room.Purpose.CELEBRATE).exists()
    other, member = web(cy), web(bo)
    for page in ("", "write/", "telling/", "history/summary/"):
        assert other.get(f"/learn/1/{page}").status_code == 404, page
    assert other.get("/learn/1.md").status_code == 404
    assert other.post("/learn/1/write/summary/", {"words": "x", "revision": 1}).status_code == 404
    for page in ("/learn/", "/learn/?q=zebra", "/search/?q=zebra", "/learn/changes/", "/"):
        assert "Salaries" not in other.get(page).content.decode(), page
        assert "is shown less" not in other.get(page).content.decode(), page
    change, factor = Mitigation.objects.get().name, Factor.objects.first()
    for line in ("/applaud INC-1", f"/mitigation-done {change}", f"/take-out {factor.anchor}", "/tell INC-1"):
        with pytest.raises(Exception, match="There is no"):
            do(cy, line)
    assert "Salaries" in member.get("/learn/?q=zebra").content.decode()
    said = do(bo, f"/mitigation-done {change}", room)
    assert said.message
    assert said.message.room == hidden.room, "a private change is not said in another room"


def test_the_export_holds_the_timeline_with_links_and_all_that_was_learned(
    written: Postmortem, incident: Incident, ana: Person, bo: Person, do: Do, web: Web
) -> None:
    telling = Telling.mine(written, bo)
    telling.add(TUESDAY, saw="The checks were green.")
    telling.share()
    do(ana, "/affected people renting needs: to hear from us", incident.room)
    do(ana, "/went-well The back-out took forty seconds.", incident.room)
    do(ana, "/publish", incident.room)
    answer = web(bo).get("/learn/1.md")
    assert answer["Content-Type"] == "text/markdown; charset=utf-8"
    lines = answer.content.decode().splitlines()
    message = Message.objects.get(text="The queue is at 64 of 64")
    assert lines[0] == "# Customers cannot pay"
    assert "Tuesday 24 November 2026, published" in lines[2]
    assert "Times in Europe/Berlin." in lines[2]
    assert "- **people renting** What they need: to hear from us." in lines
    assert "- 9:54 **Bo Lund**: The checks were green." in lines
    assert any(line.startswith("- [10:14](http") and message.get_absolute_url() in line for line in lines)
    assert "- The queue holds 64. (2022)" in lines
    assert "| hears about refusals | Bo Lund | 24 November 2026 | not begun |" in lines
    assert "The back-out took forty seconds." in lines
