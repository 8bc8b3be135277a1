"""Every address of the house, through its front: what each answer carries, and what is refused everywhere."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import NoReverseMatch, reverse

from fireside.config import asgi, gate
from fireside.hearth.models import Key, Person, Room
from fireside.web import pace
from fireside.web.guard import HEADERS, POLICY
from tests.attaching import attach, picture
from tests.cave import Cave
from tests.test_privacy import OPEN

pytestmark = pytest.mark.django_db(transaction=True)
MACHINES = [
    "/healthz",
    "/readyz",
    "/metrics",
    "/events",
    "/hooks/alertmanager",
    "/api/v2/alerts",
    "/slack/events",
]


class Answer:
    """What the front gave back."""

    def __init__(self, events: list[Any]) -> None:
        self.status: int = events[0]["status"]
        self.headers = {name.decode().lower(): value.decode() for name, value in events[0]["headers"]}
        self.cookies = [v.decode() for n, v in events[0]["headers"] if n.lower() == b"set-cookie"]
        self.body = b"".join(event.get("body", b"") for event in events)


def asked(
    path: str, method: str = "GET", body: bytes = b"", host: str = "127.0.0.1:8000", **headers: str
) -> Answer:
    """One request, as the server hands it over."""
    path, _, query = path.partition("?")
    named = [(name.replace("_", "-").encode(), words.encode("latin-1")) for name, words in headers.items()]
    scope = {
        "type": "http", "method": method, "path": path, "raw_path": path.encode(), "scheme": "http",
        "query_string": query.encode(), "headers": [(b"host", host.encode("latin-1")), *named],
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 8000), "http_version": "1.1", "root_path": "",
    }  # fmt: skip
    heard: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(event: Any) -> None:
        heard.append(event)

    asyncio.run(asgi.app(scope, receive, send))
    return Answer(heard)


@pytest.fixture
def cave(room: Room, ana: Person, bo: Person) -> Cave:
    found = Cave(ana, bo)
    found.goes_on(ana)
    return found


def addresses(cave: Cave) -> Iterator[str]:
    """Each pattern at least once, with something there, and what is no address at all."""
    for name in sorted(OPEN):
        try:
            yield reverse(name)
        except NoReverseMatch:
            yield f"/{name}"
    for paths in cave.addresses().values():
        yield paths[0]
    yield from (
        "/join/nothing/",
        "/people/bo-lund/",
        "/do/decide/",
        "/api/do/decide",
        "/nowhere",
        "/api/nowhere",
    )
    yield from ("/static/web/base.css", "/static/nothing.css", "//evil.example/")


def cookie_of(client: Client) -> str:
    return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"


def fine(path: str, answer: Answer) -> None:
    assert answer.status < 500 or path in ("/events", "/hooks/alertmanager", "/api/v2/alerts", "/readyz"), (
        path
    )
    for name in HEADERS:
        assert answer.headers.get(name.lower()), f"{path} has no {name}"
    assert answer.headers["x-content-type-options"] == "nosniff", path
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy, path
    assert "frame-ancestors 'none'" in policy, path
    assert not [name for name in answer.headers if name.startswith("access-control-")], path
    assert "server" not in answer.headers, path
    kind = answer.headers.get("content-type", "")
    if answer.body:
        assert kind, path
    if kind.startswith("text/html"):
        assert (
            answer.headers["cache-control"] == "no-store" or "no-store" in answer.headers["cache-control"]
        ), path
        assert policy == POLICY, path
        assert kind.endswith("charset=utf-8"), path
    for cookie in answer.cookies:
        assert "HttpOnly" in cookie, f"{path}: {cookie}"
        assert "SameSite=Lax" in cookie, f"{path}: {cookie}"


@pytest.mark.parametrize("who", ["nobody", "bo"])
def test_every_answer_is_sealed(who: str, cave: Cave, bo: Person, web: Any) -> None:
    cookies = {"cookie": cookie_of(web(bo))} if who == "bo" else {}
    statuses = set()
    for path in [*addresses(cave), *MACHINES]:
        answer = asked(path, **cookies)
        statuses.add(answer.status)
        fine(path, answer)
    assert statuses >= ({200, 302, 404} if who == "bo" else {200, 302, 401})
    fine("/search/", asked("/search/?" + "&".join("q=1" for _ in range(2000)), **cookies))


def test_a_download_never_acts_as_a_page_of_ours(cave: Cave, bo: Person, web: Any) -> None:
    said, cookie = cave.said, cookie_of(web(bo))
    shown = {}
    for name, data in {
        "a.png": picture(), "b.svg": b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        "c.html": b"<script>alert(1)</script>", "d.xml": b"<?xml version='1.0'?><x/>", "e.pdf": b"%PDF-1.7 x",
        "f.js": b"alert(1)", "g.txt": b"\xef\xbb\xbf<html>", "h.svgz": b"\x1f\x8b\x08\x00",
    }.items():  # fmt: skip
        file = attach(said, name, data, "image/svg+xml" if "svg" in name else "text/html")
        answer = asked(file.get_absolute_url(), cookie=cookie)
        fine(file.get_absolute_url(), answer)
        assert answer.headers["content-type"].partition(";")[0] in (
            "image/png", "text/plain", "application/pdf", "application/octet-stream"
        )  # fmt: skip
        assert ("sandbox" in answer.headers["content-security-policy"]) == (name != "e.pdf")
        shown[name] = answer.headers["content-disposition"].startswith("inline")
    assert shown["a.png"]
    assert not shown["h.svgz"]


def test_no_address_takes_a_post_without_the_token_of_its_page(cave: Cave, bo: Person) -> None:
    visitor = Client(enforce_csrf_checks=True)
    visitor.force_login(bo, backend="django.contrib.auth.backends.ModelBackend")
    open_ = set()
    for path in addresses(cave):
        answer = visitor.post(path, {"words": "from elsewhere", "csrfmiddlewaretoken": "x" * 64})
        if answer.status_code != 403:
            open_.add(path)
            assert answer.status_code in (401, 404, 405), path
    assert all(path.startswith(("/api/", "/static/", "/nowhere", "//")) for path in open_), open_


def test_no_other_method_means_anything(bo: Person, web: Any) -> None:
    cookie = cookie_of(web(bo))
    for method in ("TRACE", "OPTIONS", "PUT", "DELETE", "PATCH", "CONNECT", "PROPFIND", "get"):
        for path in ["/", "/rooms/", "/api/rooms", "/static/web/base.css", *MACHINES]:
            answer = asked(path, method, cookie=cookie, x_secret="swordfish")
            assert answer.status in (405, 503), f"{method} {path}"
            assert b"swordfish" not in answer.body
            fine(path, answer)


STRANGE = [
    "evil.example", "evil.example:8000", "127.0.0.1.evil.example", "a b", "[::1", "127.0.0.1, evil.example",
    "127.0.0.1@evil.example", "localhost.evil.example", "2130706433.evil", "\xe9.example",
]  # fmt: skip
OURS = [
    "127.0.0.1", "127.0.0.1:8000", "localhost", "LOCALHOST:9", "[::1]:8000", "192.168.1.5:8000",
    "house.localhost", "localhost.",
]  # fmt: skip


def test_a_page_elsewhere_that_leads_its_own_name_here_gets_nothing(org: object) -> None:
    for host in STRANGE:
        for path in ("/", "/welcome/", "/metrics", "/static/web/base.css", "/api/rooms"):
            answer = asked(path, host=host)
            assert answer.status in (400, 401), f"{path} by {host}"
            fine(path, answer)
        assert asked("/healthz", host=host).status == 200, "whoever runs it may ask by any name"
        knocked = asked("/hooks/alertmanager", "POST", host=host)
        assert knocked.status in (401, 503), "machines bring a token"
        assert asked("/slack/events", host=host).status == 405, "Slack signs what it brings"


def test_its_own_names_and_bare_addresses_are_the_house() -> None:
    assert [host for host in OURS if not gate.is_ours(host)] == []
    assert [host for host in STRANGE if gate.is_ours(host)] == []


def test_behind_a_lock_the_lock_is_asked_for_and_cookies_are_of_this_host_alone(tmp_path: Any) -> None:
    code = (
        "from fireside.config import settings as s; print(s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME,"
        " s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.ALLOWED_HOSTS[0])"
    )
    env = os.environ | {"PUBLIC_URL": "https://fireside.example.org", "FIRESIDE_DATA": str(tmp_path)}
    told = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["__Host-session", "__Host-csrf", "True", "True", "fireside.example.org"]


def test_with_https_every_answer_asks_for_https(settings: Any) -> None:
    settings.PUBLIC_URL = "https://fireside.example.org"
    gate._everywhere.cache_clear()
    try:
        assert asked("/healthz").headers["strict-transport-security"] == "max-age=31536000"
    finally:
        gate._everywhere.cache_clear()


def test_who_signs_out_leaves_nothing_in_the_browser(bo: Person, web: Any) -> None:
    visitor = web(bo)
    assert "Clear-Site-Data" not in visitor.get("/")
    assert visitor.post("/account/logout/")["Clear-Site-Data"] == '"cache", "storage"'


def test_what_is_shaped_to_cost_much_costs_little(bo: Person, room: Room) -> None:
    secret = Key.make(bo, "x")[1]
    form, program = "application/x-www-form-urlencoded", {"authorization": f"Bearer {secret}"}
    token = {"cookie": f"{settings.CSRF_COOKIE_NAME}={'a' * 32}"}
    many = "&".join(f"a{n}=1" for n in range(1500)).encode()
    assert asked("/account/login/", "POST", many, content_type=form, **token).status == 400
    part = b'--x\r\nContent-Disposition: form-data; name="%b"\r\n\r\n1\r\n'
    kind = "multipart/form-data; boundary=x"
    for name, times in ((b"f", 1500), (b'files"; filename="a', 300)):
        parts = part % name * times + b"--x--\r\n"
        assert asked("/account/login/", "POST", parts, content_type=kind, **token).status == 400
    for body in (b"[" * 100_000, b'{"words": ' + b'{"a":' * 50_000, b"\x1f\x8b" + b"\0" * 999):
        answer = asked("/api/do/say", "POST", body, content_type="application/json", **program)
        assert answer.status == 400
        assert json.loads(answer.body)["error"]
    assert asked("/", x_long="a" * 70_000).status == 431
    packed = asked("/api/do/say", "POST", b"\x1f\x8b\x08", content_type="application/json",
                   content_encoding="gzip", **program)  # fmt: skip
    assert packed.status == 400, "nothing is unpacked here"


def test_large_files_are_taken_from_those_who_are_signed_in(bo: Person, room: Room, web: Any) -> None:
    part = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n\r\n%b\r\n--x--\r\n'
    large, kind = part % (b"x" * 2 * asgi.WORDS), "multipart/form-data; boundary=x"
    for more in ({}, {"content_length": str(len(large))}):
        here = room.get_absolute_url()
        assert asked(here, "POST", large, content_type=kind, **more).status == 413
        cookie = cookie_of(web(bo))
        past = asked(here, "POST", large, content_type=kind, cookie=cookie, **more)
        assert past.status == 403, "as far as the token of the page"
        assert asked("/api/do/say", "POST", large, content_type=kind, cookie=cookie, **more).status == 413


def test_a_program_that_runs_away_is_asked_to_wait(
    bo: Person, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "writes", pace.Pace(burst=3, each=0.1))
    program = Client(headers={"Authorization": f"Bearer {Key.make(bo, 'x')[1]}"})

    def say() -> Any:
        words = {"words": "again", "room": room.slug}
        return program.post("/api/do/say", json.dumps(words), content_type="application/json")

    assert [say().status_code for _ in range(4)] == [200, 200, 200, 429]
    refused = say()
    assert 5 <= int(refused["Retry-After"]) <= 10
    assert "faster than one program may write" in refused.json()["error"]
    assert program.get("/api/rooms").status_code == 200, "to read is free"
    assert room.messages.count() == 3
    assert pace.writes.wait(bo.pk + 1) == 0, "others are not held up"


def test_those_who_wait_long_enough_may_write_again(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("fireside.web.pace.time.monotonic", lambda: now[0])
    bucket = pace.Pace(burst=2, each=0.5)
    assert [bucket.wait(1) for _ in range(3)] == [0, 0, 2]
    now[0] += 2
    assert [bucket.wait(1), bucket.wait(1)] == [0, 2]
    monkeypatch.setattr(pace, "KNOWN", 3)
    for writer in range(10):
        bucket.wait(writer)
    assert len(bucket._left) == 3


def test_who_takes_for_ever_to_say_something_keeps_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asgi, "SLOWEST", 0.05)
    heard: list[Any] = []

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(0.02)
        return {"type": "http.request", "body": b"x", "more_body": True}

    async def send(event: Any) -> None:
        heard.append(event)

    scope = {"type": "http", "method": "POST", "path": "/rooms/", "headers": [], "query_string": b""}
    asyncio.run(asgi.app(scope, receive, send))
    assert heard[0]["status"] == 408
