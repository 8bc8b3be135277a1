"""Coming in: the first minute of all, an invitation, a password forgotten."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.core import mail
from django.test import Client
from django.utils import timezone

from fireside.hearth.errors import Sorry
from fireside.hearth.models import Entry, Invitation, Organisation, Person, Room, Team
from fireside.hearth.start import begin
from fireside.web.accounts import reset_link

pytestmark = pytest.mark.django_db
PASSWORD = "lanterns by the river"
FIRST = {
    "org_name": "Unicorn Rentals", "name": "Ana Ngata", "email": "Ana@example.org", "password": PASSWORD,
    "zone": "Pacific/Auckland",
}  # fmt: skip
NEW = {"name": "Di Roa", "email": "di@example.org", "password": PASSWORD, "zone": "Europe/Berlin"}
Web = Callable[[Person], Client]


@pytest.fixture
def anyone() -> Client:
    return Client()


def signed_in(client: Client) -> Person | None:
    return Person.objects.filter(pk=client.session.get("_auth_user_id")).first()


def sign_in(client: Client, email: str, password: str = PASSWORD) -> int:
    answer = client.post("/account/login/", {"login": email, "password": password})
    return int(answer.status_code)


@pytest.mark.parametrize("path", ["/", "/account/login/", "/rooms/incidents/", "/people/", "/nowhere/"])
def test_before_there_is_anybody_every_page_leads_to_the_first_one(anyone: Client, path: str) -> None:
    answer = anyone.get(path)
    assert answer.status_code == 302
    assert answer["Location"] == "/welcome/"


def test_the_first_visitor_sets_up_the_house_in_one_form_and_is_inside(anyone: Client) -> None:
    assert "Welcome to the fireside" in anyone.get("/welcome/").content.decode()
    answer = anyone.post("/welcome/", FIRST)
    assert answer.status_code == 303
    assert answer["Location"] == "/"
    ana = signed_in(anyone)
    assert ana is not None
    assert (ana.name, ana.email, ana.zone, ana.is_keeper) == (
        "Ana Ngata", "ana@example.org", "Pacific/Auckland", True,
    )  # fmt: skip
    assert str(Organisation.current()) == "Unicorn Rentals"
    rooms = {room.slug: room.about for room in Room.objects.all()}
    assert set(rooms) == {"incidents", "calls-for-help", "celebrations"}
    assert all(rooms.values())
    assert Entry.objects.filter(verb="organisation.made").exists()


def test_what_is_wrong_with_the_first_form_is_said_beside_the_field_and_the_words_are_kept(
    anyone: Client,
) -> None:
    answer = anyone.post("/welcome/", FIRST | {"password": "1234", "email": "ana"})
    seen = answer.content.decode()
    assert answer.status_code == 422
    assert "Enter a valid email address" in seen
    assert "too short" in seen
    assert 'value="Unicorn Rentals"' in seen
    assert PASSWORD not in seen
    assert Organisation.current() is None


def test_of_two_first_visitors_one_wins_and_the_other_is_told(anyone: Client) -> None:
    late = Client()
    late.get("/welcome/")
    anyone.post("/welcome/", FIRST)
    answer = late.post("/welcome/", FIRST | {"org_name": "Others", "email": "late@example.org"})
    assert answer.status_code == 409
    assert "Someone has just set up this Fireside" in answer.content.decode()
    assert signed_in(late) is None
    assert Organisation.objects.count() == 1


def test_the_database_itself_lets_one_of_two_first_visitors_through(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {"name": "Ana", "email": "ana@example.org", "password": PASSWORD}
    begin("Unicorn Rentals", **given)
    monkeypatch.setattr(Organisation, "current", classmethod(lambda cls: None))
    with pytest.raises(Sorry, match="just set up"):
        begin("Others", **given | {"email": "late@example.org"})
    assert not Person.objects.filter(email="late@example.org").exists()


def test_once_there_is_somebody_the_first_page_is_over(anyone: Client, ana: Person) -> None:
    assert anyone.get("/welcome/")["Location"] == "/"


def test_somebody_comes_in_by_a_link_into_its_team_and_the_first_rooms(
    anyone: Client, ana: Person, sparkles: Team, room: Room
) -> None:
    link = Invitation.make(by=ana, team=sparkles)
    for_all = Room.make("celebrations", by=ana)
    seen = anyone.get(f"/join/{link.secret}/").content.decode()
    assert "Unicorn Rentals" in seen
    assert "Ana Ngata would like you round the fire" in seen
    assert anyone.post(f"/join/{link.secret}/", NEW).status_code == 303
    di = signed_in(anyone)
    assert di is not None
    assert list(di.teams.all()) == [sparkles]
    assert {seat.room for seat in di.seats.all()} == {room, for_all}
    assert not di.is_keeper


def test_a_link_can_be_used_again_until_it_is_ended_or_old(ana: Person) -> None:
    link = Invitation.make(by=ana)
    path = f"/join/{link.secret}/"
    assert Client().post(path, NEW).status_code == 303
    assert Client().post(path, NEW | {"email": "ed@example.org"}).status_code == 303
    Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    answer = Client().post(path, NEW | {"email": "flo@example.org"})
    assert answer.status_code == 404
    assert "This invitation has ended" in answer.content.decode()
    assert not Person.objects.filter(email="flo@example.org").exists()


def test_a_link_that_is_ended_lets_nobody_in_not_even_who_had_it_open(ana: Person, web: Web) -> None:
    link = Invitation.make(by=ana, days=1)
    visitor = Client()
    assert visitor.get(f"/join/{link.secret}/").status_code == 200
    page = web(ana).get("/settings/invitations/").content.decode()
    assert "until" in page
    web(ana).post(f"/settings/invitations/{link.pk}/end/")
    answer = visitor.post(f"/join/{link.secret}/", NEW)
    assert answer.status_code == 404
    assert "This invitation has ended" in answer.content.decode()
    assert signed_in(visitor) is None


def test_a_link_brings_those_who_are_in_to_the_hearth(ana: Person, bo: Person, web: Web) -> None:
    link = Invitation.make(by=ana)
    inside = web(bo)
    assert inside.post(f"/join/{link.secret}/", NEW).status_code == 302
    assert "You are in already" in inside.get("/").content.decode()
    assert not Person.objects.filter(email="di@example.org").exists()


def test_the_links_of_somebody_who_lost_access_let_nobody_in(ana: Person, bo: Person) -> None:
    link = Invitation.make(by=bo)
    bo.deactivate(by=ana)
    assert Client().get(f"/join/{link.secret}/").status_code == 404


def test_an_address_that_is_taken_cannot_be_taken_again(anyone: Client, ana: Person, bo: Person) -> None:
    link = Invitation.make(by=ana)
    answer = anyone.post(f"/join/{link.secret}/", NEW | {"email": "BO@example.org"})
    assert answer.status_code == 422
    assert "could not be used here" in answer.content.decode()


def test_nobody_signs_up_without_a_link(anyone: Client, org: Organisation) -> None:
    assert "by invitation" in anyone.get("/account/signup/").content.decode()
    anyone.post("/account/signup/", {"email": "x@example.org", "password1": PASSWORD})
    assert not Person.objects.filter(email="x@example.org").exists()
    for path in ("/account/email/", "/account/reauthenticate/", "/account/login/code/", "/account/social/"):
        assert anyone.get(path).status_code == 404


def test_signing_in_and_out(anyone: Client, bo: Person) -> None:
    bo.set_password(PASSWORD)
    bo.save()
    assert sign_in(anyone, "BO@example.org") == 302
    assert signed_in(anyone) == bo
    anyone.post("/account/logout/")
    assert signed_in(anyone) is None


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(anyone: Client, bo: Person) -> None:
    bo.set_password(PASSWORD)
    bo.save()

    def told(email: str) -> str:
        answer = anyone.post("/account/login/", {"login": email, "password": "not this one"})
        return answer.content.decode().partition("threshold-card")[2].replace(email, "").partition("csrf")[0]

    assert told("bo@example.org") == told("no@example.org")


def test_many_wrong_passwords_lead_to_a_short_break(anyone: Client, bo: Person) -> None:
    codes = [sign_in(anyone, "bo@example.org", f"guess number {n}") for n in range(40)]
    assert 429 in codes


def test_somebody_who_lost_access_cannot_sign_in_and_their_open_pages_end(
    anyone: Client, ana: Person, bo: Person
) -> None:
    bo.set_password(PASSWORD)
    bo.save()
    sign_in(anyone, "bo@example.org")
    assert anyone.get("/people/").status_code == 200
    bo.deactivate(by=ana)
    assert anyone.get("/people/")["Location"].startswith("/account/login/")
    later = Client()
    sign_in(later, "bo@example.org")
    assert later.get("/people/").status_code == 302
    bo.reactivate(by=ana)
    assert anyone.get("/people/").status_code == 302, "who gets access back signs in anew"
    assert sign_in(later, "bo@example.org") == 302


def test_without_e_mail_the_page_says_whom_to_ask(anyone: Client, bo: Person) -> None:
    assert "Ask one of its keepers" in anyone.get("/account/password/reset/").content.decode()


def test_a_new_password_by_e_mail_and_the_same_answer_for_an_unknown_address(
    anyone: Client, bo: Person, settings: Any
) -> None:
    settings.CAN_MAIL = True
    bo.set_password("an older password")
    bo.save()
    unknown = anyone.post("/account/password/reset/", {"email": "no@example.org"})
    assert not mail.outbox
    known = anyone.post("/account/password/reset/", {"email": "bo@example.org"})
    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])
    assert "If somebody here has this address" in anyone.get(known["Location"]).content.decode()
    [letter] = mail.outbox
    link = next(line for line in letter.body.splitlines() if line.startswith("http"))
    use_link(anyone, link)
    assert sign_in(anyone, "bo@example.org") == 302
    assert "has been used" in Client().get(link).content.decode()


def test_a_keeper_makes_a_link_for_a_new_password_that_works_once(
    anyone: Client, ana: Person, bo: Person, web: Web
) -> None:
    page = web(ana).post(f"/settings/people/{bo.pk}/new-password/")
    link = page.content.decode().partition('id="link">')[2].partition("<")[0]
    assert "/account/password/reset/" in link
    use_link(anyone, link)
    assert sign_in(anyone, "bo@example.org") == 302
    assert "has been used" in Client().get(link).content.decode()
    assert Entry.objects.get(verb="person.password-link").by == ana


def use_link(client: Client, link: str) -> None:
    form = client.get(link, follow=True)
    path = form.redirect_chain[-1][0]
    answer = client.post(path, {"password1": PASSWORD, "password2": PASSWORD})
    assert answer.status_code == 302, answer.content.decode()


def test_a_new_password_by_a_link_still_leads_to_the_second_way(anyone: Client, bo: Person) -> None:
    secret = generate_totp_secret()
    TOTP.activate(bo, secret)
    use_link(anyone, reset_link(bo))
    answer = anyone.post("/account/login/", {"login": "bo@example.org", "password": PASSWORD})
    assert answer["Location"] == "/account/login/second/"
    late = format_hotp_value(hotp_value(secret, int(time.time()) // 30 - 1))
    assert anyone.post(answer["Location"], {"code": late}).status_code == 422, "its half minute is over"
    assert signed_in(anyone) is None
