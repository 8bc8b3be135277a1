"""People write a post-mortem together: nothing is lost, nothing is blamed on one thing or one person."""

from collections.abc import Callable

import pytest
from django.test import Client

from conftest import Do
from fireside.hearth.models import Draft, Entry, Message, Person
from fireside.incidents.models import Incident
from fireside.postmortems.models import Factor, Mitigation, Postmortem, Section, Wording

pytestmark = pytest.mark.django_db
Web = Callable[[Person], Client]


def save(
    client: Client, postmortem: Postmortem, words: str, revision: int, kind: str = "summary", **more: object
):
    address = f"/learn/{postmortem.number}/write/{kind}/"
    return client.post(address, {"words": words, "revision": revision}, **more)


def test_a_section_is_saved_without_javascript_and_read_by_all(
    postmortem: Postmortem, ana: Person, web: Web
) -> None:
    answer = save(web(ana), postmortem, "Rentals were **refused**.", 0)
    assert answer.status_code == 303
    assert "<strong>refused</strong>" in web(ana).get(postmortem.get_absolute_url()).content.decode()


def test_autosave_answers_a_fragment_with_the_new_revision(
    postmortem: Postmortem, ana: Person, web: Web
) -> None:
    answer = save(web(ana), postmortem, "Refused.", 0, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert 'value="1" hx-swap-oob="true"' in answer.content.decode()
    assert "<html" not in answer.content.decode()


def test_two_people_write_at_once_and_the_second_sees_both_and_chooses(
    postmortem: Postmortem, ana: Person, bo: Person, web: Web
) -> None:
    save(web(ana), postmortem, "Ana saw the queue fill.", 0)
    answer = save(web(bo), postmortem, "Bo saw the graph turn.", 0)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Both are kept" in page
    assert "Ana saw the queue fill." in page
    assert "Bo saw the graph turn." in page
    assert Section.objects.get().words == "Ana saw the queue fill."
    assert Draft.words(bo, Section.objects.get().place) == "Bo saw the graph turn."

    save(web(bo), postmortem, "Ana saw the queue fill.\n\nBo saw the graph turn.", 1)
    assert "Bo saw" in Section.objects.get().words
    assert list(Wording.objects.order_by("pk").values_list("by__name", flat=True)) == ["Ana Ngata", "Bo Lund"]
    assert Draft.words(bo, Section.objects.get().place) == ""


def test_words_that_were_not_saved_wait_on_the_writing_page_for_their_author_alone(
    postmortem: Postmortem, ana: Person, bo: Person, web: Web
) -> None:
    save(web(ana), postmortem, "One.", 0)
    save(web(bo), postmortem, "Another, unsaved.", 0)
    assert "Another, unsaved." in web(bo).get(postmortem.writing_url).content.decode()
    assert "Another, unsaved." not in web(ana).get(postmortem.writing_url).content.decode()


def test_one_sitting_is_one_wording_and_one_entry_however_often_it_saves_itself(
    postmortem: Postmortem, ana: Person, web: Web
) -> None:
    before = Entry.objects.filter(verb="postmortem.written").count()
    for revision in range(4):
        save(web(ana), postmortem, f"Rentals were refused for {revision} minutes.", revision)
    assert Wording.objects.count() == 1
    assert Entry.objects.filter(verb="postmortem.written").count() == before + 1
    history = web(ana).get(f"/learn/{postmortem.number}/history/summary/").content.decode()
    assert "refused for 3 minutes" in history


def test_too_many_words_are_kept_and_the_limit_is_said(postmortem: Postmortem, ana: Person, web: Web) -> None:
    answer = save(web(ana), postmortem, "a" * 20_001, 0)
    assert answer.status_code == 422
    assert "20,001 characters" in answer.content.decode()
    assert "a" * 20_001 in answer.content.decode()


def test_words_no_database_could_hold_are_no_trouble(postmortem: Postmortem, ana: Person, web: Web) -> None:
    assert save(web(ana), postmortem, "be\0fore\r\nafter", 0).status_code == 303
    assert Section.objects.get().words == "before\nafter"
    told = {"at": "2026-11-24T09:14", "saw": "a\0b"}
    assert web(ana).post(postmortem.telling_url, told).status_code == 303


def test_gentle_thoughts_are_shown_without_javascript_and_kept_nowhere(
    postmortem: Postmortem, ana: Person, web: Web
) -> None:
    save(web(ana), postmortem, "I should have noticed sooner.", 0)
    page = web(ana).get(postmortem.writing_url).content.decode()
    assert "What did the screen show at that minute?" in page
    assert "should have" in Section.objects.get().words
    assert not Entry.objects.filter(words__icontains="noticed").exists()
    assert "What did the screen show" not in web(ana).get(postmortem.get_absolute_url()).content.decode()


def test_the_browser_is_given_the_same_phrases(org: object, client: Client) -> None:
    answer = client.get("/gentle.json")
    assert {"pattern", "ask", "perhaps"} == set(answer.json()[0])
    assert "max-age" in answer["Cache-Control"]


def test_a_factor_is_said_in_the_room_and_stands_on_the_page(
    postmortem: Postmortem, incident: Incident, bo: Person, do: Do, web: Web
) -> None:
    outcome = do(
        bo, "/factor The queue holds 64. since: 2022 in-short: Queue of 64 kinds: capacity", incident.room
    )
    assert outcome.message
    assert "The queue holds 64." in str(outcome.message.drawn)
    page = web(bo).get(postmortem.get_absolute_url()).content.decode()
    assert "since 2022" in page
    assert 'class="strand' not in page, "one factor alone is not drawn"


def test_a_factor_has_no_place_for_a_name_or_a_root_cause() -> None:
    names = {field.name for field in Factor._meta.get_fields()}
    assert not names & {"who", "person", "owner", "root", "cause", "severity", "rank"}


def test_what_went_well_grows_by_a_paragraph(
    postmortem: Postmortem, incident: Incident, ana: Person, bo: Person, do: Do
) -> None:
    do(ana, "/went-well The back-out took forty seconds.", incident.room)
    do(bo, "/went-well Dan came at once.", incident.room)
    words = Section.objects.get(kind="went-well").words
    assert words == "The back-out took forty seconds.\n\nDan came at once."


def test_who_was_affected_and_what_they_need(
    postmortem: Postmortem, incident: Incident, bo: Person, do: Do, web: Web
) -> None:
    do(
        bo,
        "/affected people renting happened: were refused needs: to hear from us offers: @bo",
        incident.room,
    )
    page = web(bo).get(postmortem.get_absolute_url()).content.decode()
    assert "people renting" in page
    assert "to hear from us" in page
    assert "Bo Lund offers" in page


def test_a_part_can_be_taken_out_of_a_draft_only(
    written: Postmortem, incident: Incident, ana: Person, do: Do
) -> None:
    [first, _second] = Factor.objects.order_by("pk")
    do(ana, f"/take-out {first.anchor}", incident.room)
    assert Factor.objects.count() == 1
    Factor.add(written, "Another.", by=ana)
    do(ana, "/publish", incident.room)
    with pytest.raises(Exception, match="published"):
        do(ana, f"/take-out {Factor.objects.first().anchor}", incident.room)


def test_a_change_waits_for_somebody_and_bo_offers(
    postmortem: Postmortem, incident: Incident, ana: Person, bo: Person, do: Do
) -> None:
    do(ana, "/mitigation sees rentals paid on the graph", incident.room)
    change = Mitigation.objects.get()
    assert change.owner is None
    do(bo, f"/take-on {change.name} by: 2026-12-04", incident.room)
    change.refresh_from_db()
    assert change.owner == bo
    assert str(change.effect_on) == "2027-01-03"


def test_the_page_names_what_is_there_before_it_is_shared(written: Postmortem, ana: Person, web: Web) -> None:
    page = web(ana).get(written.writing_url).content.decode()
    assert page.count('class="tick" data-done') == 3
    assert "Everyone who wants to has told their part" in page


def test_somebody_is_asked_to_read_and_has(
    written: Postmortem, incident: Incident, ana: Person, cy: Person, do: Do, web: Web
) -> None:
    do(ana, "/ask-to-read @cy", incident.room)
    assert "asks you to read it" in web(cy).get("/").content.decode()
    do(cy, "/have-read INC-1")
    assert "Cy has read it" in web(ana).get(written.get_absolute_url()).content.decode()
    assert "asks you to read it" not in web(cy).get("/").content.decode()


def test_the_whole_page_costs_the_same_for_a_long_one(
    written: Postmortem, incident: Incident, ana: Person, web: Web, django_assert_max_num_queries
) -> None:
    for n in range(60):
        incident.room.say(f"moment {n}", by=ana).star(by=ana, story=incident.story)
        Factor.add(written, f"factor {n}", by=ana)
        Mitigation.offer(written, f"is better off {n}", by=ana, owner=ana, due=None, adds_step="")
    client = web(ana)
    with django_assert_max_num_queries(45):
        assert client.get(written.get_absolute_url()).status_code == 200
    with django_assert_max_num_queries(50):
        assert client.get(written.writing_url).status_code == 200
    assert Message.objects.count() >= 60
