"""Coming in by a provider outside: who is known, who is not, and everybody who lies on the way."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from allauth.socialaccount.models import SocialAccount
from django.test import Client
from django.utils import timezone

from fireside.hearth.leaving_people import let_people_go
from fireside.hearth.models import Audit, Invitation, Person, Room, Team
from tests.openid_provider import CLIENT, SECRET, Provider, provider

pytestmark = pytest.mark.django_db
PASSWORD = "lanterns by the river"


@pytest.fixture(scope="module")
def running() -> Iterator[Provider]:
    with provider() as found:
        yield found


@pytest.fixture
def house(running: Provider, settings: Any) -> Provider:
    """Their provider, where Di is signed in, and our house that knows it."""
    running.__init__(running.url)  # type: ignore[misc]
    running.claims = {
        "sub": "di-17", "email": "Di@example.org", "email_verified": True, "name": "Di Roa",
        "zoneinfo": "Europe/Berlin",
    }  # fmt: skip
    settings.OIDC = {
        "ISSUER": running.url, "CLIENT_ID": CLIENT, "CLIENT_SECRET": SECRET, "NAME": "Rentals ID",
        "GROUPS": "groups", "LETS_IN": frozenset(),
    }  # fmt: skip
    settings.PUBLIC_URL = "http://testserver"
    return running


@pytest.fixture
def di(org: Any) -> Person:
    """Known here by her e-mail, without a password."""
    return Person.welcome("Di Roa", email="di@example.org", zone="Europe/Berlin")


def come(house: Provider, client: Client | None = None) -> tuple[Client, Any]:
    client = client or Client()
    sent = client.get("/account/oidc/")
    assert sent.status_code == 302, sent.content.decode()
    return client, client.get(house.visit(sent["Location"]))


def signed_in(client: Client) -> Person | None:
    return Person.objects.filter(pk=client.session.get("_auth_user_id")).first()


def test_somebody_with_a_proved_e_mail_comes_in_and_is_known_then(house: Provider, di: Person) -> None:
    assert "Sign in with Rentals ID" in Client().get("/account/login/").content.decode()
    client, answer = come(house)
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert signed_in(client) == di
    assert house.refusals == []
    assert {"openid", "email", "groups"} <= set(house.asked["scope"].split())
    house.claims |= {"email": "renamed@elsewhere.example", "email_verified": False}
    assert signed_in(come(house)[0]) == di, "by the link, whatever the e-mail is now"
    [account] = SocialAccount.objects.all()
    assert "di-17" not in f"{account.uid} {account.extra_data}"
    assert list(Audit.objects.order_by("number").values_list("verb", flat=True)) == [
        "person.linked", "person.signed-in", "person.signed-in",
    ]  # fmt: skip


@pytest.mark.parametrize("proof", [False, None, "no", 0, [], {"x": 1}, 1])
def test_an_e_mail_that_nobody_proved_finds_nobody(house: Provider, di: Person, proof: Any) -> None:
    house.claims["email_verified"] = proof
    client, answer = come(house)
    assert answer.status_code == 403
    assert "does not say that your e-mail is proved" in answer.content.decode()
    assert signed_in(client) is None
    assert not SocialAccount.objects.exists()


def test_entra_proves_an_e_mail_in_its_own_words(house: Provider, di: Person) -> None:
    del house.claims["email_verified"]
    assert come(house)[1].status_code == 403
    house.claims["xms_edov"] = "1"
    assert signed_in(come(house)[0]) == di


def test_who_is_not_known_is_told_kindly(house: Provider, org: Any) -> None:
    _, answer = come(house)
    assert answer.status_code == 403
    assert "Ask somebody here for an invitation link" in answer.content.decode()
    assert Person.objects.count() == 0
    assert Audit.objects.get().verb == "person.unknown"


@pytest.mark.parametrize("lets_in", ["example.org", "group:riders"])
def test_people_of_a_domain_or_a_group_are_let_in(
    house: Provider, ana: Person, settings: Any, lets_in: str
) -> None:
    settings.OIDC["LETS_IN"] = frozenset([lets_in])
    house.claims["groups"] = ["/staff/Riders"]
    room = Room.make("celebrations", by=ana)
    client, _ = come(house)
    di = signed_in(client)
    assert di is not None
    assert (di.name, di.email, di.zone, di.is_keeper) == ("Di Roa", "di@example.org", "Europe/Berlin", False)
    assert di.seats.filter(room=room).exists()
    house.claims |= {"sub": "x", "email": "x@example.org.evil.example", "groups": ["ridersx"]}
    assert come(house)[1].status_code == 403


def test_an_invitation_works_with_an_account_outside_too(
    house: Provider, ana: Person, sparkles: Team
) -> None:
    link = Invitation.make(by=ana, team=sparkles)
    client = Client()
    assert "Come in with Rentals ID" in client.get(f"/join/{link.secret}/").content.decode()
    come(house, client)
    di = signed_in(client)
    assert di is not None
    assert list(di.teams.all()) == [sparkles]
    Invitation.objects.update(ended_at=timezone.now())
    house.claims |= {"sub": "late", "email": "late@example.org"}
    late = Client()
    late.get(f"/join/{link.secret}/")
    assert come(house, late)[1].status_code == 403


def test_who_has_a_password_uses_it_once_and_then_no_more(house: Provider, di: Person) -> None:
    di.set_password(PASSWORD)
    di.save()
    client, answer = come(house)
    assert answer["Location"] == "/account/login/"
    assert signed_in(client) is None
    assert "Rentals ID is enough" in client.get("/account/login/").content.decode()
    client.post("/account/login/", {"login": "di@example.org", "password": PASSWORD})
    assert signed_in(client) == di
    assert signed_in(come(house)[0]) == di
    assert Audit.objects.filter(verb="person.linked").count() == 1


def test_who_is_signed_in_here_already_links_it_at_once(house: Provider, di: Person, web: Any) -> None:
    di.set_password(PASSWORD)
    di.save()
    client = web(di)
    assert "Come in by Rentals ID too" in client.get("/settings/sign-in/").content.decode()
    come(house, client)
    assert signed_in(client) == di
    assert "You can also come in by Rentals ID" in client.get("/settings/sign-in/").content.decode()


def test_somebody_elses_password_links_nothing(house: Provider, di: Person, bo: Person) -> None:
    for person in (di, bo):
        person.set_password(PASSWORD)
        person.save()
    client, _ = come(house)
    client.post("/account/login/", {"login": "bo@example.org", "password": PASSWORD})
    assert signed_in(client) == bo
    assert not SocialAccount.objects.exists()


def test_whose_access_ended_stays_outside(house: Provider, di: Person, ana: Person) -> None:
    come(house)
    di.deactivate(by=ana)
    client, answer = come(house)
    assert answer["Location"] == "/account/closed/"
    assert signed_in(client) is None
    SocialAccount.objects.all().delete()
    assert come(house)[1]["Location"] == "/account/closed/"
    assert not SocialAccount.objects.exists()
    assert Audit.objects.filter(verb="person.refused").count() == 2


def test_of_somebody_deleted_no_link_is_left(house: Provider, di: Person, ana: Person) -> None:
    come(house)
    Person.objects.filter(pk=di.pk).update(goes_at=timezone.now())
    let_people_go()
    assert not SocialAccount.objects.exists()
    assert come(house)[1].status_code == 403


# -- teams -------------------------------------------------------------------------------------------------


def test_groups_bring_people_into_teams_and_out_again_and_hands_off_the_others(
    house: Provider, di: Person, sparkles: Team, room: Room
) -> None:
    stables = Team.objects.create(name="Stables", slug="stables")
    by_hand = Team.objects.create(name="By Hand", slug="by-hand")
    di.teams.add(by_hand)
    house.claims["groups"] = ["Magic Sparkles", "/all/stables", "by-hand", "nobody here has this", 17, None]
    come(house)
    assert set(di.teams.all()) == {sparkles, stables, by_hand}
    assert di.seats.filter(room=room).exists()
    house.claims["groups"] = "stables"
    come(house)
    assert set(di.teams.all()) == {stables, by_hand}
    del house.claims["groups"]
    come(house)
    assert set(di.teams.all()) == {by_hand}, "joined by hand, so it stays"
    assert Audit.objects.filter(verb="team.given").count() == 4


# -- those who lie -----------------------------------------------------------------------------------------

LIES: dict[str, dict[str, Any]] = {
    "another issuer": {"token": {"iss": "https://evil.example"}},
    "another audience": {"token": {"aud": "somebody-else"}},
    "for another client as well": {"token": {"aud": [CLIENT, "other"], "azp": "other"}},
    "another nonce": {"token": {"nonce": "replayed"}},
    "no nonce": {"token": {"nonce": None}},
    "too late": {"token": {"exp": 1_000_000_000}},
    "not yet": {"token": {"nbf": 9_999_999_999}},
    "no end": {"token": {"exp": None}},
    "nobody": {"token": {"sub": None}},
    "an empty name": {"token": {"sub": ""}},
    "another key": {"signs_with": "theirs"},
    "no signature": {"algorithm": "none"},
    "a secret that everybody knows": {"algorithm": "HS256"},
    "words about somebody else": {"userinfo": {"sub": "ana-1"}},
    "another house": {"config": {"issuer": "https://evil.example"}},
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_lets_nobody_in(house: Provider, di: Person, lie: str, caplog: Any) -> None:
    for name, value in LIES[lie].items():
        setattr(house, name, value)
    client = Client()
    sent = client.get("/account/oidc/")
    answer = client.get(house.visit(sent["Location"])) if sent.status_code == 302 else sent
    assert answer.status_code == 401
    assert "That did not work" in answer.content.decode()
    assert signed_in(client) is None
    assert not SocialAccount.objects.exists()


def test_a_code_is_used_once(house: Provider, di: Person) -> None:
    client = Client()
    path = house.visit(client.get("/account/oidc/")["Location"])
    assert client.get(path).status_code == 302
    client.post("/account/logout/")
    assert client.get(path).status_code == 401, "the state is used up"
    client.get("/account/oidc/")
    state = next(iter(client.session["socialaccount_states"]))
    code = path.partition("code=")[2].partition("&")[0]
    answer = client.get(f"/account/oidc/back/?{urlencode({'code': code, 'state': state})}")
    assert answer.status_code == 401
    assert house.refusals == ["token: no such code"]


def test_what_somebody_else_began_is_not_ended_here(house: Provider, di: Person) -> None:
    theirs = house.visit(Client().get("/account/oidc/")["Location"])
    mine = Client()
    for path in (theirs, "/account/oidc/back/", "/account/oidc/back/?code=x&state=" + "x" * 3000,
                 "/account/oidc/back/?state=1&code=" + "x" * 9000):  # fmt: skip
        assert mine.get(path).status_code == 401
    assert signed_in(mine) is None


def test_who_says_no_over_there_is_not_blamed(house: Provider, di: Person) -> None:
    client = Client()
    client.get("/account/oidc/")
    state = next(iter(client.session["socialaccount_states"]))
    answer = client.get(f"/account/oidc/back/?error=access_denied&state={state}")
    assert "You turned back" in answer.content.decode()


def test_a_provider_that_is_away_gets_a_calm_page(house: Provider, di: Person, settings: Any) -> None:
    client = Client()
    path = house.visit(client.get("/account/oidc/")["Location"])
    settings.OIDC["ISSUER"] = "http://127.0.0.1:1"
    for answer in (Client().get("/account/oidc/"), client.get(path)):
        assert answer.status_code == 503
        seen = answer.content.decode()
        assert "Rentals ID does not answer" in seen
        assert "with a password or a passkey" in seen


def test_what_is_asked_for_is_not_for_the_address_to_say(house: Provider, di: Person) -> None:
    client = Client()
    asked = {"scope": "admin", "process": "connect", "auth_params": "prompt=none", "next": "//evil.example/"}
    sent = client.get(f"/account/oidc/?{urlencode(asked)}")
    assert "admin" not in sent["Location"]
    assert "prompt" not in sent["Location"]
    answer = client.get(house.visit(sent["Location"]))
    assert answer["Location"] == "/"


def test_without_a_provider_there_is_no_such_door(org: Any) -> None:
    assert Client().get("/account/oidc/").status_code == 404
    assert Client().get("/account/oidc/back/?code=1&state=2").status_code == 404
    assert "Sign in with" not in Client().get("/account/login/").content.decode()
