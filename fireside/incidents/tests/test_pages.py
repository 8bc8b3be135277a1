"""What people see of incidents: the list, the page, the places elsewhere."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from fireside.hearth.search import find
from fireside.incidents.models import Incident
from fireside.incidents.places import being_worked_on, greeting, in_its_room, live, of_a_system, on_the_day
from fireside.systems.models import System

pytestmark = pytest.mark.django_db


def queries(client, address):
    client.get(address)
    with CaptureQueriesContext(connection) as seen:
        assert client.get(address).status_code == 200
    return len(seen)


def test_an_empty_list_says_how_to_begin(web, ana):
    page = web(ana).get(reverse("incidents")).text
    assert "All quiet" in page
    assert "/incident in any room opens one" in page


@pytest.mark.parametrize("do", ["web"], indirect=True)  # much of it, by the shorter way
def test_open_ones_come_first_and_the_list_goes_on_by_number(do, web, ana, room):
    for number in range(1, 26):
        do(ana, f"/incident trouble {number}.", room)
        if number != 3:
            do(ana, "/close", Incident.objects.get(number=number).room)
    page = web(ana).get("/incidents/").text
    assert page.index("trouble 3.") < page.index("trouble 25.")
    assert "trouble 6." in page
    assert "trouble 5." not in page
    assert "?before=6" in page
    later = web(ana).get("/incidents/?before=6").text
    assert "trouble 5." in later
    assert "trouble 3." not in later
    assert "trouble 6." not in later


def test_the_filters_narrow_and_keep_what_was_chosen(do, web, ana, bo, room):
    System.add("Storefront", by=ana, room=room)
    do(ana, "/incident payments refused severity: customers system: storefront", room)
    do(bo, "/incident search is slow severity: us", room)
    Incident.objects.filter(number=2).update(noticed_at=timezone.now() - timedelta(days=3))
    today = timezone.now().astimezone(ana.tz).date()
    for wish, first, second in (
        ("severity=customers", True, False), ("system=storefront", True, False), ("person=bo", False, True),
        (f"since={today}", True, False), (f"until={today - timedelta(days=1)}", False, True),
        ("state=closed", False, False), ("state=open&severity=us", False, True),
    ):  # fmt: skip
        page = web(ana).get(f"/incidents/?{wish}").text
        assert ("payments refused" in page, "search is slow" in page) == (first, second), wish
    assert "Nothing like that" in web(ana).get("/incidents/?state=closed").text


@pytest.mark.parametrize(
    ("wish", "says"),
    [
        ("since=soon", "A date is written like"),
        ("person=nobody", "Nobody here is called"),
        ("before=x", "All quiet"),
    ],
)
def test_a_wish_that_cannot_be_read_says_so(web, ana, wish, says):
    assert says in web(ana).get(f"/incidents/?{wish}").text


def test_the_page_tells_the_whole_of_it(do, web, trouble, ana, bo, cy):
    for person, line in (
        (ana, "/lead"), (bo, "/doing roll the storefront back"), (ana, "/done put a notice at checkout"),
        (ana, "/theory the queue is full"), (bo, "/ruled-out the bank"), (ana, "/ask What do customers see?"),
        (bo, "/answer a refused payment"), (ana, "/decide wait"),
        (ana, "/decide roll back because: it hurts"),
        (ana, "/update soon next: 30m"), (ana, "/call the queue"), (cy, "/coming I know it incident: INC-1"),
    ):  # fmt: skip
        do(person, line, trouble.room)
    page = web(bo).get(trouble.get_absolute_url()).text
    for words in (
        "INC-1", "Customers feel it", "customers cannot pay", "a refused payment",
        "leading, asks the questions",
        "roll the storefront back", "put a notice at checkout", "the queue is full", "the bank",
        "D-2 roll back",
        "it hurts", "One earlier decision", "Ana Ngata is asking", "“the queue”", "Cy Park: I know it",
        "Next update at",
        "no way back written yet", "Being worked on", "Call for help", "Timeline, live",
    ):  # fmt: skip
        assert words in page, words
    assert page.count("csrfmiddlewaretoken") > 8
    assert f"story:{trouble.ref}" in page


def test_the_page_of_a_closed_incident_offers_no_more_to_do(do, web, trouble, ana):
    do(ana, "/close", trouble.room)
    page = web(ana).get(trouble.get_absolute_url()).text
    assert "Open it again" in page
    assert "Post an update" not in page
    assert "What are you doing?" not in page


def test_other_peoples_words_stay_words(do, web, trouble, ana):
    do(ana, "/doing <script>alert(1)</script>", trouble.room)
    assert "<script>alert(1)" not in web(ana).get(trouble.get_absolute_url()).text


def test_the_whole_register_reads_in_order(do, web, trouble, ana):
    assert "No decisions written down" in web(ana).get(reverse("decisions", args=[1])).text
    do(ana, "/decide wait", trouble.room)
    do(ana, "/decide roll back", trouble.room)
    page = web(ana).get(reverse("decisions", args=[1])).text
    assert page.index("D-1 wait") < page.index("D-2 roll back")


@pytest.mark.parametrize("do", ["web"], indirect=True)  # much of it, by the shorter way
def test_the_timeline_goes_back_a_page_at_a_time(do, web, trouble, ana):
    for number in range(1, 36):
        do(ana, f"/theory number {number}.", trouble.room)
    client = web(ana)
    page = client.get(trouble.get_absolute_url())
    assert "Incident opened" not in page.text
    earlier = client.get(f"{trouble.get_absolute_url()}?before={page.context['earlier']}").text
    assert "Incident opened" in earlier


@pytest.mark.parametrize("do", ["web"], indirect=True)  # much of it, by the shorter way
def test_the_pages_cost_the_same_however_much_there_is(do, web, trouble, ana, bo, room):
    client = web(ana)

    def live_through(times):
        for n in range(times):
            for line in (
                f"/theory {n} a", f"/doing {n} b", f"/ask {times} {n} c?", f"/decide {n} d", f"/call {n} e",
                f"/done {n} f", "/update x",
            ):  # fmt: skip
                do(bo, line, trouble.room)
            do(bo, f"/incident {n} {times} more", room)

    live_through(3)
    few = [queries(client, address) for address in (trouble.get_absolute_url(), "/incidents/")]
    live_through(30)
    many = [queries(client, address) for address in (trouble.get_absolute_url(), "/incidents/")]
    assert many == few


def test_home_shows_what_is_being_worked_on(do, trouble, ana, bo, room):
    assert greeting(ana) == "One incident is being worked on, and somebody to lead would help."
    do(ana, "/lead", trouble.room)
    do(bo, "/doing roll back", trouble.room)
    assert greeting(ana) == "One incident is being worked on, and it is in good hands."
    assert live(ana) == "1 live"
    template, shown = being_worked_on(ana)
    [line] = shown["lines"]
    assert (template, line["doing"], line["hands"]) == ("incidents/on_home.html", "roll back", [bo])
    [mark] = on_the_day(ana, timezone.now() - timedelta(hours=1), timezone.now() + timedelta(hours=1))
    assert (mark.words, mark.until) == ("INC-1", None)
    assert in_its_room(ana, trouble.room)[1]["incident"] == trouble
    assert in_its_room(ana, room) is None
    do(ana, "/close", trouble.room)
    assert (live(ana), greeting(ana), being_worked_on(ana)) == ("", "", None)


def test_the_pieces_elsewhere_can_be_drawn(do, trouble, ana, room, rf):
    from django.template.loader import render_to_string

    shop = System.add("Storefront", by=ana, room=room)
    Incident.objects.update(system=shop)
    request = rf.get("/")
    for drawn in (being_worked_on(ana), in_its_room(ana, trouble.room), of_a_system(ana, shop)):
        template, shown = drawn
        assert "INC-1" in render_to_string(template, {**shown, "request": request, "key": "k", "me": ana})


def test_incidents_and_decisions_are_found_by_their_words(do, trouble, ana):
    do(ana, "/decide roll the storefront back because: refusals tripled", trouble.room)
    do(ana, "/customers-see a refused payment", trouble.room)
    assert [hit.doc.url for hit in find("refused payment", person=ana, kinds=("incident",))] == [
        "/incidents/1/"
    ]
    assert [hit.doc.url for hit in find("tripled", person=ana, kinds=("decision",))] == ["/incidents/1/#d1"]


def test_every_form_on_the_page_works_without_javascript(do, web, trouble, ana):
    do(ana, "/doing double the workers", trouble.room)
    client = web(ana)
    page = client.get(trouble.get_absolute_url()).text
    for form in re.findall(r'<form[^>]*action="/do/.*?</form>', page, re.DOTALL):
        action = re.search(r'action="([^"]+)"', form)[1]
        given = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form))
        if written := re.search(r'name="(\w+)" maxlength', form):
            given[written[1]] = "some words"
        answer = client.post(action, given)
        assert answer.status_code in (302, 303), action
        assert answer["Location"].split("#")[0] == trouble.get_absolute_url()
    after = client.get(trouble.get_absolute_url()).text
    assert "some words" in after
    assert "Ana Ngata is asking" in after


def test_every_link_on_the_page_leads_somewhere(do, web, trouble, ana):
    do(ana, "/theory the queue", trouble.room)
    do(ana, "/ask what changed?", trouble.room)
    client = web(ana)
    page = client.get(trouble.get_absolute_url()).text
    for address in set(re.findall(r'href="(/(?:do|incidents|rooms)/[^"#]*)"', page)):
        assert client.get(html.unescape(address)).status_code == 200, address
