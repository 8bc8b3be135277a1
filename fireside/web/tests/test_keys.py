"""Keys with a purpose: what they open, where, for how long, and how their secret is changed."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from fireside.hearth.audit import Audit
from fireside.hearth.housekeeping import tell_of_keys_that_end
from fireside.hearth.keys import ACT, READ, Key, Shut
from fireside.hearth.models import Invitation, Message, Person, Room
from fireside.web.tests.test_api import Program, told

pytestmark = pytest.mark.django_db
Web = Callable[[Person], Client]


def program(person: Person, **what: Any) -> Program:
    found = Program(person)
    _, secret = Key.make(person, "a script", **what)
    found.secret, found.client = secret, Client(headers={"Authorization": f"Bearer {secret}"})
    return found


def secret_on(answer: Any) -> str:
    return str(answer.content.decode().partition('id="secret">')[2].partition("<")[0])


def test_a_key_that_reads_changes_nothing_and_is_told_what_it_would_need(bo: Person, room: Room) -> None:
    reader = program(bo, scopes=READ)
    reader.get("/api/rooms")
    assert "Bo Lund" in str(reader.do("people", words="bo")["whisper"]), "a command that only shows"
    refused = reader.do("say", 403, room="magic-sparkles", words="hello")
    assert refused == {"error": "This key may not act: the scope it has is read.", "needs": ["act"]}
    assert not room.messages.exists()


def test_a_key_that_acts_reads_nothing(bo: Person, room: Room) -> None:
    room.say("the hidden saffron unicorn", by=bo)
    actor = program(bo, scopes=ACT)
    actor.do("say", room="magic-sparkles", words="deployed v42")
    assert room.messages.filter(text="deployed v42", author=bo).exists()
    for path in ("/api/rooms", "/api/entries", "/api/search?q=saffron", "/api/rooms/magic-sparkles/messages"):
        answer = actor.client.get(path)
        assert told(answer, 403)["needs"] == ["read"]
        assert answer["WWW-Authenticate"] == 'Bearer error="insufficient_scope", scope="read"'
    actor.do("people", 403, words="bo")


def test_a_key_for_one_room_sees_and_does_nothing_elsewhere(ana: Person, bo: Person, room: Room) -> None:
    den = Room.make("den", by=ana, private=True)
    for place in (room, den):
        place.say("a saffron unicorn", by=ana)
    robot = program(ana, rooms=[den])
    assert [one["name"] for one in robot.get("/api/rooms")["items"]] == ["den"]
    assert {one["room"] for one in robot.get("/api/entries")["items"]} == {"den"}
    assert len(robot.get("/api/search?q=saffron")["items"]) == 1
    assert robot.get("/api/people")["items"] == robot.get("/api/teams")["items"] == []
    robot.get("/api/rooms/magic-sparkles/messages", 404)
    robot.get(f"/api/people/{bo.pk}", 404)
    robot.do("say", room="den", words="here")
    robot.do("say", 404, room="magic-sparkles", words="there")
    for verb, words in (("invite", {}), ("deactivate", {"person": "@bo"}), ("team", {"name": "Stable"})):
        assert "whole house" in robot.do(verb, 403, room="den", **words)["error"]
    assert ana.is_keeper
    assert not Key.let_in(robot.secret).is_keeper


def test_a_key_whose_rooms_are_gone_opens_nothing(bo: Person, room: Room) -> None:
    other = Room.make("other", by=bo)
    robot = program(bo, rooms=[other])
    other.delete()
    assert robot.get("/api/rooms")["items"] == []


def test_an_old_key_of_a_person_without_a_seat_sees_no_more_than_they(ana: Person, bo: Person) -> None:
    den = Room.make("den", by=ana, private=True)
    den.seat(bo)
    robot = program(bo, rooms=[den])
    robot.get("/api/rooms/den/messages")
    den.seats.filter(person=bo).delete()
    robot.get("/api/rooms/den/messages", 404)


def test_an_expired_key_says_when_it_ended(bo: Person) -> None:
    late = program(bo, days=7)
    Key.objects.filter(days=7).update(expires_at="2026-11-12T12:00Z")
    assert "worked until 12 November 2026" in late.get("/api/rooms", 401)["error"]


def test_a_secret_is_changed_while_both_work(web: Web, bo: Person) -> None:
    key, first = Key.make(bo, "deploys", days=30)
    Key.let_in(first)
    browser = web(bo)
    second = secret_on(browser.post(f"/settings/keys/{key.pk}/rotate/", {"overlap": "7"}))
    assert Key.let_in(first) == Key.let_in(second) == bo
    page = browser.get("/settings/keys/").content.decode()
    assert "Its earlier secret works until" in page
    assert first not in page
    assert second not in page
    Key.objects.update(old_until=timezone.now())
    with pytest.raises(Shut, match="replaced"):
        Key.let_in(first)
    third = secret_on(browser.post(f"/settings/keys/{key.pk}/rotate/", {"overlap": "0"}))
    with pytest.raises(Shut):
        Key.let_in(second)
    fourth = secret_on(browser.post(f"/settings/keys/{key.pk}/rotate/", {"overlap": "1"}))
    browser.post(f"/settings/keys/{key.pk}/end/", {"old": "yes"})
    with pytest.raises(Shut):
        Key.let_in(third)
    assert Key.let_in(fourth) == bo
    verbs = list(
        Audit.objects.filter(about=f"key:{key.pk}").order_by("number").values_list("verb", flat=True)
    )
    assert verbs == ["key.made", *["key.rotated"] * 3, "key.old-ended"]


def test_a_new_secret_does_not_lengthen_the_life_of_the_old(bo: Person) -> None:
    key, _ = Key.make(bo, "deploys", days=7)
    ends = key.expires_at
    key.rotate(timedelta(days=30), by=bo)
    assert key.old_until == ends


def test_nobody_changes_somebody_elses_key(web: Web, bo: Person, cy: Person) -> None:
    key, secret = Key.make(bo, "mine")
    assert web(cy).post(f"/settings/keys/{key.pk}/rotate/", {"overlap": "0"}).status_code == 404
    assert Key.let_in(secret) == bo


@pytest.mark.parametrize(
    ("field", "words", "said"),
    [
        ("days", "", "This field is required."), ("days", "36500", "Select a valid choice"),
        ("scopes", "read act everything", "Select a valid choice"),
        ("rooms", "#den", "There is no room called"),
    ],
)  # fmt: skip
def test_a_key_is_not_made_by_chance(web: Web, bo: Person, field: str, words: str, said: str) -> None:
    given = {"name": "x", "scopes": "read", "days": "never", "rooms": ""} | {field: words}
    answer = web(bo).post("/settings/keys/", given)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not bo.api_keys.exists()


def test_keys_from_before_go_on_with_everything(bo: Person, room: Room) -> None:
    """As the release before this one writes them: it knows nothing of scopes and times."""
    from django.db import connection

    from fireside.hearth.keys import digest

    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO hearth_key (person_id, name, hash, made_at) VALUES (%s, 'old', %s, %s)",
            [bo.pk, digest("fs_old"), timezone.now()],
        )
    old = Program(bo)
    old.client = Client(headers={"Authorization": "Bearer fs_old"})
    old.do("say", room="magic-sparkles", words="still here")
    old.get("/api/rooms")


def test_keys_make_no_keys(ana: Person, room: Room) -> None:
    assert "makes and takes no keys" in Program(ana).do("source", 404, name="Prometheus")["error"]


def test_a_person_is_told_once_before_a_key_ends(
    web: Web, bo: Person, ana: Person, settings: Any, mailoutbox: list[Any]
) -> None:
    settings.CAN_MAIL, settings.EMAIL_BACKEND = True, "django.core.mail.backends.locmem.EmailBackend"
    Key.make(bo, "deploys", days=7)
    Key.make(bo, "for long", days=90)
    for _ in range(2):
        tell_of_keys_that_end()
    [told_of] = mail.outbox
    assert told_of.to == ["bo@example.org"]
    assert "“deploys” ends on" in told_of.body
    assert "The key “deploys” ends on" in web(bo).get("/").content.decode()
    assert "deploys" not in web(ana).get("/").content.decode()


def test_a_secret_is_known_by_its_shape(bo: Person) -> None:
    _, secret = Key.make(bo, "x")
    assert re.fullmatch(r"fs_[A-Za-z0-9_-]{43}[0-9a-f]{8}", secret)
    assert int(secret[-8:], 16) == zlib.crc32(secret[:-8].encode())


def test_where_a_key_was_used_from_is_shown_to_its_person(web: Web, bo: Person) -> None:
    program(bo).client.get("/api/rooms", REMOTE_ADDR="203.0.113.9")
    assert "from 203.0.113.9" in web(bo).get("/settings/keys/").content.decode()
    assert not Message.objects.exists()


@pytest.mark.parametrize(("verb", "given"), [("invite", {}), ("lost-phone", {"person": "@bo"})])
def test_a_key_lets_nobody_in_and_takes_no_factor_away(
    ana: Person, bo: Person, verb: str, given: Any
) -> None:
    _, secret = Key.make(ana, "probe")
    door = Client(headers={"Authorization": f"Bearer {secret}"})
    answer = door.post(f"/api/do/{verb}", given, content_type="application/json")
    assert (answer.status_code, Invitation.objects.count()) == (404, 0)
    assert "lets nobody in" in answer.json()["error"]
