"""A sign that no database can hold, wherever an address, a cookie or a form could carry it."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.urls import NoReverseMatch, reverse

from tests.cave import Cave
from tests.test_privacy import OPEN

pytestmark = pytest.mark.django_db
NUL = ["\0", "a\0b"]


@pytest.fixture
def cave(room, ana, bo) -> Cave:
    found = Cave(ana, bo)
    found.goes_on(ana)
    return found


@pytest.mark.parametrize("path", [
    "/people/{}/", "/join/{}/", "/account/back/{}/", "/files/1/{}", "/do/{}/", "/api/do/{}", "/api/{}",
    "/account/password/reset/1-{}/", "/rooms/{}/", "/static/{}", "/teams/{}/", "/systems/{}/", "/{}",
])  # fmt: skip
def test_in_an_address(path: str, ana: Any, web: Any) -> None:
    for sign in ("%00", "a%00b", "%ED%A0%80", "%E2%80%AE", "%FF"):
        for ask in (web(ana).get, web(ana).post):
            assert ask(path.format(sign)).status_code < 500, sign


def test_in_a_question(cave: Cave, ana: Any, web: Any) -> None:
    names = ["q", "at", "before", "after", "since", "until", "person", "system", "room", "kind", "state"]
    names += ["author", "severity", "what", "length", "next"]
    names += ["verb", "words", "who", "sort"]
    visitor = web(ana)
    places = [paths[0] for paths in cave.addresses().values()]
    for name in OPEN:
        try:
            places.append(reverse(name))
        except NoReverseMatch:
            continue
    for place in places:
        answer = visitor.get(place, dict.fromkeys(names, NUL[1]))
        assert answer.status_code < 500, place
        assert answer.streaming is False or b"".join(answer) is not None


def test_in_a_form(room: Any, ana: Any, web: Any) -> None:
    visitor, here = web(ana), room.get_absolute_url()
    names = ("words", "key", "next", "message", "name", "thread", "slip", "at", "zone", "email")
    places = ["/do/say/", "/do/room/", "/settings/", "/settings/keys/", "/settings/organisation/"]
    places += [here, f"{here}draft/", f"{here}read/", "/account/password/", "/account/password/reset/"]
    for sign in NUL:
        for place in places:
            assert visitor.post(place, dict.fromkeys(names, sign)).status_code < 500, place
    visitor.post("/account/logout/")
    for sign in NUL:
        typed = {"login": f"{sign}@x.org", "password": sign}
        assert visitor.post("/account/login/", typed).status_code < 500


def test_in_a_cookie(ana: Any, client: Any) -> None:
    for value in ('"' + r"\000" * 12 + '"', "x" * 5000, '"' + r"\377" * 9 + '"'):
        cookie = (
            f"{settings.SESSION_COOKIE_NAME}={value}; {settings.CSRF_COOKIE_NAME}={value}; messages={value}"
        )
        assert client.get("/", headers={"cookie": cookie}).status_code < 500
        assert client.post("/account/login/", {"login": "a"}, headers={"cookie": cookie}).status_code < 500
