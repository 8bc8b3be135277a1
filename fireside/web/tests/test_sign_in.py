"""Sign-in and devices: passwords, codes, recovery codes, where somebody is signed in, and many tries."""

from __future__ import annotations

import re
import time
from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.core import mail
from django.core.cache import caches
from django.test import Client
from django.utils import timezone

from fireside.hearth import signins
from fireside.hearth.models import Audit, Person, SignIn, Tally
from fireside.web.browsers import browser_named
from fireside.web.passkeys import no_passkeys

pytestmark = pytest.mark.django_db
PASSWORD = "lanterns by the river"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture
def bo(bo: Person) -> Person:
    bo.set_password(PASSWORD)
    bo.save()
    return bo


def enter(email: str = "bo@example.org", password: str = PASSWORD, **more: Any) -> tuple[Client, Any]:
    client = Client(headers={"User-Agent": FIREFOX}, **more)
    return client, client.post("/account/login/", {"login": email, "password": password})


def confirmed(client: Client) -> Client:
    """Say once more that it is them."""
    asked = client.get("/settings/sign-in/app/")
    assert "Is it you?" in client.get(asked["Location"]).content.decode()
    answer = client.post(asked["Location"], {"password": PASSWORD, "next": "/settings/sign-in/app/"})
    assert answer.status_code == 302, answer.content.decode()
    return client


def code(secret: str, later: int = 0) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + later))


def with_app(client: Client) -> str:
    """Set up an app; gives its secret."""
    page = confirmed(client).get("/settings/sign-in/app/").content.decode()
    found = re.search(r'<code id="secret">([A-Z2-7]+)<', page)
    assert found
    assert "data:image/svg+xml;base64," in page
    assert " style=" not in page
    wrong = client.post("/settings/sign-in/app/", {"code": "000000"})
    assert wrong.status_code == 422
    assert "That did not fit" in wrong.content.decode()
    answer = client.post("/settings/sign-in/app/", {"code": code(found[1])})
    assert answer["Location"] == "/settings/sign-in/codes/", answer.content.decode()
    return found[1]


def acts() -> list[str]:
    return list(Audit.objects.order_by("number").values_list("verb", flat=True))


@pytest.mark.django_db(transaction=True)
def test_a_code_from_an_app_is_asked_for_after_the_password_and_works_once(bo: Person, settings: Any) -> None:
    settings.CAN_MAIL = True
    client, _ = enter()
    secret = with_app(client)
    assert "factor.added" in acts()
    assert mail.outbox[-1].to == ["bo@example.org"]
    assert "An app for codes was added" in mail.outbox[-1].body
    assert secret not in str(Authenticator.objects.values()), "it is sealed"
    other, answer = enter()
    assert answer["Location"] == "/account/login/second/"
    assert other.get("/settings/").status_code == 302, "not inside yet"
    assert "One more step" in other.get("/account/login/second/").content.decode()
    with mock.patch("time.time", return_value=time.time() + 30):
        now = code(secret)
        assert other.post("/account/login/second/", {"code": now}).status_code == 302
        assert other.get("/settings/").status_code == 200
        third, _ = enter()
        again = third.post("/account/login/second/", {"code": now})
    assert again.status_code == 422, "the same code a second time"
    assert "That did not fit" in again.content.decode()
    assert acts()[-1] == "factor.refused"


def test_guessing_codes_comes_to_an_end(bo: Person) -> None:
    client, _ = enter()
    secret = with_app(client)
    guesser, _ = enter()
    answers = [guesser.post("/account/login/second/", {"code": f"{n:06}"}) for n in range(6)]
    assert [answer.status_code for answer in answers] == [422] * 5 + [429]
    assert "Wait five minutes" in answers[-1].content.decode()
    assert guesser.post("/account/login/second/", {"code": code(secret)}).status_code == 429


def test_recovery_codes_are_shown_once_and_each_works_once(bo: Person) -> None:
    client, _ = enter()
    with_app(client)
    page = client.get("/settings/sign-in/codes/").content.decode()
    codes = re.findall(r"<li><code>(\d{10})</code>", page)
    assert len(set(codes)) == 10
    assert f"{codes[0]}%0A" in page, "to be kept as a file"
    assert codes[0] not in client.get("/settings/sign-in/codes/").content.decode()
    other, _ = enter()
    assert other.post("/account/login/second/", {"code": codes[0]}).status_code == 302
    assert "9 codes are left" in other.get("/settings/sign-in/").content.decode()
    third, _ = enter()
    assert third.post("/account/login/second/", {"code": codes[0]}).status_code == 422
    assert client.post("/settings/sign-in/codes/new/")["Location"] == "/settings/sign-in/codes/"
    assert third.post("/account/login/second/", {"code": codes[1]}).status_code == 422, "the old ones ended"


def test_the_app_is_removed_and_its_codes_with_it(bo: Person) -> None:
    client, _ = enter()
    with_app(client)
    assert "10 codes are left" in client.get("/settings/sign-in/").content.decode()
    client.post("/settings/sign-in/app/remove/")
    assert not Authenticator.objects.exists()
    assert acts()[-1] == "factor.removed"
    assert enter()[1]["Location"] == "/"


def test_nobody_changes_how_they_sign_in_without_saying_that_it_is_them(bo: Person) -> None:
    client, _ = enter()
    for path in ("app/", "passkeys/add/", "codes/new/"):
        answer = client.post(f"/settings/sign-in/{path}", {"code": "1", "name": "x"})
        assert answer["Location"].startswith("/account/confirm/"), path
    wrong = client.post("/account/confirm/", {"password": "not this one"})
    assert wrong.status_code == 422
    assert not Authenticator.objects.exists()


def test_a_secret_sealed_under_another_key_lets_nobody_in(bo: Person, settings: Any) -> None:
    client, _ = enter()
    secret = with_app(client)
    other, _ = enter()
    settings.SECRET_KEY = "a quite different key, as long as the first one"
    answer = Client().post("/account/login/", {"login": "bo@example.org", "password": PASSWORD})
    assert answer["Location"] == "/account/login/second/"
    with mock.patch("time.time", return_value=time.time() + 30):
        assert other.post("/account/login/second/", {"code": code(secret)}).status_code in (302, 422)
        assert other.get("/settings/").status_code == 302


def test_a_keeper_helps_somebody_who_lost_their_phone(bo: Person, ana: Person, cy: Person, web: Any) -> None:
    there, _ = enter()
    with_app(there)
    seen = web(ana).get("/settings/people/").content.decode()
    assert seen.count("passkey or codes") == 1
    assert "Lost phone: Bo Lund" in seen
    assert web(cy).post("/do/lost-phone/", {"person": "@bo-lund"}).status_code != 303
    assert Authenticator.objects.exists()
    web(ana).post("/do/lost-phone/", {"person": "@bo-lund"})
    assert not Authenticator.objects.exists()
    assert there.get("/people/").status_code == 302
    assert enter()[1]["Location"] == "/"
    assert "factors.removed" in acts()


@pytest.mark.parametrize(("rule", "keeper", "asked"), [
    ("nobody", True, False), ("keepers", False, False), ("keepers", True, True), ("everybody", False, True),
])  # fmt: skip
def test_the_house_may_ask_for_a_second_way(
    bo: Person, settings: Any, rule: str, keeper: bool, asked: bool
) -> None:
    settings.REQUIRE_SECOND_FACTOR = rule
    bo.keeper_since = bo.joined_at if keeper else None
    bo.save()
    client, _ = enter()
    answer = client.get("/people/")
    assert (answer.status_code == 302) == asked
    if asked:
        assert answer["Location"] == "/settings/sign-in/"
        assert client.post("/do/invite/", {}).status_code == 302
        assert "asks you for a second way" in client.get("/settings/sign-in/").content.decode()
        with_app(client)
        assert client.get("/people/").status_code == 200


def test_passkeys_need_a_name_and_the_page_says_so(bo: Person) -> None:
    client, _ = enter()
    assert "opened at the number 127.0.0.1" in client.get("/settings/sign-in/").content.decode()
    assert no_passkeys("https://fireside.example.org") == ""
    assert no_passkeys("http://localhost:8000") == ""
    assert "https" in no_passkeys("http://fireside.example.org")
    assert "number" in no_passkeys("https://[::1]:8000")


@pytest.mark.parametrize("credential", ["", "{}", "[]", '"x"', "nonsense", '{"id": 1}',
                                        '{"response": {"userHandle": "MQ"}}', "[" * 3000])  # fmt: skip
def test_a_made_up_passkey_opens_nothing(bo: Person, credential: str) -> None:
    client = Client()
    client.get("/account/login/passkey/", headers={"Accept": "application/json"})
    answer = client.post("/account/login/passkey/", {"credential": credential})
    assert answer["Location"] == "/account/login/"
    assert client.get("/settings/").status_code == 302


def test_somebody_sees_where_they_are_signed_in_and_ends_one_or_all_others(bo: Person) -> None:
    here, _ = enter()
    there, _ = enter()
    third, _ = enter()
    for client in (here, there, third):
        client.get("/people/")
    page = here.get("/settings/sign-in/").content.decode()
    assert page.count("Firefox on Linux</h3>") == 3
    assert page.count("This one") == 1
    assert "127.0.0.1" in page
    place = SignIn.objects.get(session=there.session.session_key)
    assert here.post(f"/settings/sign-in/{place.pk}/end/").status_code == 303
    assert there.get("/people/").status_code == 302
    assert third.get("/people/").status_code == 200
    here.post("/settings/sign-in/others/end/")
    assert third.get("/people/").status_code == 302
    assert here.get("/people/").status_code == 200
    assert acts().count("session.ended") == 2


def test_nobody_ends_what_is_somebody_elses(bo: Person, ana: Person, web: Any) -> None:
    here, _ = enter()
    here.get("/people/")
    place = SignIn.objects.get(person=bo)
    assert web(ana).post(f"/settings/sign-in/{place.pk}/end/").status_code == 404
    assert here.get("/people/").status_code == 200


def test_a_new_password_signs_out_everywhere_else(bo: Person) -> None:
    here, _ = enter()
    there, _ = enter()
    heard: set[str] = set()
    signins.ended.append(heard.update)
    try:
        gone = there.session.session_key
        new = {"oldpassword": PASSWORD} | dict.fromkeys(("password1", "password2"), "other lanterns, far")
        assert here.post("/account/password/", new).status_code == 302
    finally:
        signins.ended.remove(heard.update)
    assert there.get("/people/").status_code == 302
    assert here.get("/people/").status_code == 200
    assert not SignIn.objects.filter(session=gone).exists()


def test_to_be_seen_costs_a_write_every_few_minutes_only(
    bo: Person, django_assert_num_queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    signins.seen(bo, "abc", browser="x", address="::1")
    with django_assert_num_queries(0):
        signins.seen(bo, "abc", browser="x", address="::1")
    monkeypatch.setattr(signins, "SELDOM", 0)
    signins.seen(bo, "abc", browser="y", address="::1")
    assert SignIn.objects.get().browser == "y"


def test_the_sixth_wrong_password_is_told_to_wait(bo: Person) -> None:
    answers = [enter(password=f"guess number {n}")[1] for n in range(6)]
    assert [answer.status_code for answer in answers] == [422] * 5 + [429]
    assert "Wait five minutes" in answers[-1].content.decode()
    assert enter()[1].status_code == 429, "also with the right one"


def test_on_several_machines_the_same_tries_are_counted_once_for_all(bo: Person, settings: Any) -> None:
    """As on PostgreSQL: each machine has its own memory, and they share a table."""
    shared = {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "hearth_tally"}
    settings.CACHES = {"default": shared}
    answers = []
    for n in range(6):
        caches["default"].close()
        del caches["default"]  # the next try comes to another machine
        answers.append(enter(password=f"guess number {n}")[1].status_code)
    assert answers == [422] * 5 + [429]
    assert Tally.objects.exists()
    Tally.objects.update(expires=timezone.now() - timedelta(days=1))
    signins.tidy()
    assert not Tally.objects.exists()


@pytest.mark.parametrize(("said", "named"), [
    (FIREFOX, "Firefox on Linux"),
    ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605 Version/18.0 Safari/604.1",
     "Safari on iPhone"),
    ("curl/8.5.0", "curl/8.5.0"), ("", "A browser that says nothing about itself"),
    ("<script>" * 100, ("<script>" * 100)[:60]),
])  # fmt: skip
def test_browsers_are_known_by_a_few_words(said: str, named: str) -> None:
    assert browser_named(said) == named
