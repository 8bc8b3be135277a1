"""Settings: how I want to be met, what I gave out, what keepers look after."""

from collections.abc import Callable

import pytest
from django.test import Client

from fireside.hearth.keys import Shut
from fireside.hearth.models import Invitation, Key, Organisation, Person

pytestmark = pytest.mark.django_db
Web = Callable[[Person], Client]
NEW_KEY = {"name": "deploy script", "scopes": "read", "days": "90", "rooms": ""}
BO = {"name": "Bo Lund", "handle": "bo", "about": "", "zone": "Asia/Tokyo", "language": "en", "theme": "dark"}


def see(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_i_say_how_i_am_called_and_how_i_see_the_house(web: Web, bo: Person) -> None:
    client = web(bo)
    assert client.post("/settings/", BO).status_code == 303
    bo.refresh_from_db()
    assert (bo.handle, bo.zone, bo.theme) == ("bo", "Asia/Tokyo", "dark")
    seen = see(client, "/settings/")
    assert 'data-theme="dark"' in seen
    assert "Your profile is kept." in seen


@pytest.mark.parametrize(
    ("field", "words", "told"),
    [
        ("handle", "ana-ngata", "Somebody else has this handle."),
        ("handle", "Ünïcorn!", "A handle has small letters"),
        ("zone", "Middle/Earth", "Select a valid choice"),
        ("language", "tlh", "Select a valid choice"),
        ("name", "", "This field is required."),
    ],
)
def test_what_cannot_be_kept_is_said_beside_its_field(
    web: Web, ana: Person, bo: Person, field: str, words: str, told: str
) -> None:
    answer = web(bo).post("/settings/", BO | {field: words})
    assert answer.status_code == 422
    seen = answer.content.decode()
    assert told in seen
    assert "Bo Lund" in seen
    bo.refresh_from_db()
    assert bo.handle == "bo-lund"


def test_a_key_is_shown_once_and_can_be_ended(web: Web, bo: Person) -> None:
    client = web(bo)
    seen = client.post("/settings/keys/", NEW_KEY).content.decode()
    secret = seen.partition('id="secret">')[2].partition("<")[0]
    assert Key.let_in(secret) == bo
    again = see(client, "/settings/keys/")
    assert "deploy script" in again
    assert secret not in again
    client.post(f"/settings/keys/{bo.api_keys.get().pk}/end/")
    with pytest.raises(Shut):
        Key.let_in(secret)
    assert 'aria-label="End the key' not in see(client, "/settings/keys/")


def test_nobody_ends_somebody_elses_key(web: Web, bo: Person, cy: Person) -> None:
    key, secret = Key.make(bo, "mine")
    assert web(cy).post(f"/settings/keys/{key.pk}/end/").status_code == 404
    assert Key.let_in(secret) == bo


def test_i_make_a_link_and_end_it(web: Web, bo: Person, ana: Person, cy: Person) -> None:
    client = web(bo)
    client.post("/settings/invitations/", {"days": "7", "team": ""})
    link = Invitation.objects.get()
    assert link.secret in see(client, "/settings/invitations/")
    assert link.secret in see(web(ana), "/settings/invitations/")
    assert link.secret not in see(web(cy), "/settings/invitations/")
    assert web(cy).post(f"/settings/invitations/{link.pk}/end/").status_code == 404
    client.post(f"/settings/invitations/{link.pk}/end/")
    assert Invitation.open_now(link.secret) is None


def test_what_keepers_look_after_is_not_there_for_others(web: Web, ana: Person, bo: Person) -> None:
    paths = ["/settings/organisation/", "/settings/people/"]
    assert [web(bo).get(path).status_code for path in paths] == [404, 404]
    assert [web(ana).get(path).status_code for path in paths] == [200, 200]
    assert web(bo).post(f"/settings/people/{ana.pk}/new-password/").status_code == 404
    assert "/settings/organisation/" not in see(web(bo), "/settings/")


def test_a_keeper_names_the_house(web: Web, ana: Person) -> None:
    web(ana).post("/settings/organisation/", {"name": "Unicorns & Co", "zone": "Europe/Berlin"})
    assert str(Organisation.current()) == "Unicorns & Co"


def test_a_keeper_sees_also_those_without_access(web: Web, ana: Person, bo: Person) -> None:
    bo.deactivate(by=ana)
    seen = see(web(ana), "/settings/people/")
    assert "no access" in seen
    assert "Give access back" in seen


def test_a_new_password_of_my_own(web: Web, bo: Person) -> None:
    bo.set_password("the older password")
    bo.save()
    client = Client()
    client.force_login(bo, backend="django.contrib.auth.backends.ModelBackend")
    assert "Your password now" in see(client, "/account/password/")
    given = {"oldpassword": "the older password", "password1": "lanterns by the river"}
    assert client.post("/account/password/", given | {"password2": given["password1"]}).status_code == 302
    bo.refresh_from_db()
    assert bo.check_password("lanterns by the river")


@pytest.mark.parametrize("path", ["/settings/", "/settings/keys/", "/people/", "/teams/", "/api/"])
def test_strangers_are_asked_to_sign_in(org: Organisation, path: str) -> None:
    answer = Client().get(path)
    assert answer.status_code == 302
    assert answer["Location"] == f"/account/login/?next={path}"


def test_a_keeper_ends_access_and_gives_it_back_from_the_list(web: Web, ana: Person, bo: Person) -> None:
    client, back = web(ana), {"next": "/settings/people/"}
    answer = client.post("/do/deactivate/", {"person": bo.handle, **back})
    assert answer["Location"] == "/settings/people/"
    assert "no access" in see(client, "/settings/people/")
    client.post("/do/reactivate/", {"handle": bo.handle, **back})
    assert "no access" not in see(client, "/settings/people/")
