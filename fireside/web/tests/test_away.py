"""Stories of a house that cannot write just now: everybody is told calmly, and nobody's words are lost."""

from __future__ import annotations

import sqlite3
from unittest.mock import patch

import pytest
from django.db import OperationalError

from fireside.hearth import away
from fireside.hearth.keys import Key
from fireside.hearth.messages import Message
from fireside.hearth.rooms import Room, Seat

pytestmark = pytest.mark.django_db


def trouble(name: str) -> OperationalError:
    """What Django raises when SQLite refuses for this reason."""
    inside = sqlite3.OperationalError(name)
    inside.sqlite_errorname = name
    outside = OperationalError(name)
    outside.__cause__ = inside
    return outside


@pytest.fixture
def held():
    """Another process holds the database."""
    with patch.object(Room, "say", side_effect=trouble("SQLITE_BUSY")):
        yield


def client(web, person):
    found = web(person)
    found.raise_request_exception = False
    return found


def test_the_form_comes_back_with_the_words_and_the_key(web, ana, room, held):
    browser = client(web, ana)
    answer = browser.post("/rooms/magic-sparkles/", {"words": "the <b>queue</b> is full", "key": "k1"})
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    page = answer.text
    assert away.AWAY in page
    assert "the &lt;b&gt;queue&lt;/b&gt; is full</textarea>" in page
    assert '<input type="hidden" name="key" value="k1">' in page
    assert 'action="/rooms/magic-sparkles/"' in page


def test_a_password_is_never_sent_back(client, ana):
    client.raise_request_exception = False
    with patch("fireside.web.accounts.LoginForm.clean", side_effect=trouble("SQLITE_BUSY")):
        answer = client.post("/account/login/", {"login": "ana@example.org", "password": "a secret of hers"})
    assert answer.status_code == 503
    assert "a secret of hers" not in answer.text
    assert 'href="/account/login/"' in answer.text


def test_a_script_of_ours_is_told_in_a_whisper(web, ana, room, held):
    told = {"HX-Request": "true"}
    answer = client(web, ana).post("/rooms/magic-sparkles/", {"words": "full", "key": "k"}, headers=told)
    assert answer.status_code == 503
    assert 'class="whisper whisper-wrong"' in answer.text
    assert "Nothing is lost" in answer.text


def test_a_program_is_told_in_json_when_to_ask_again(client, ana, room, held):
    client.raise_request_exception = False
    headers = {"Authorization": f"Bearer {Key.make(ana, 'test')[1]}"}
    body = {"room": room.slug, "words": "hello"}
    answer = client.post("/api/do/say", body, content_type="application/json", headers=headers)
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.json()["error"].startswith(away.AWAY)


def test_a_full_disk_is_called_by_its_name_and_what_is_there_can_be_read(web, ana, bo, room):
    room.say("still here", by=bo)
    browser = client(web, ana)
    with patch.object(Seat, "read", side_effect=trouble("SQLITE_FULL")):
        assert "still here" in browser.get("/rooms/magic-sparkles/").text
    with patch.object(Room, "say", side_effect=trouble("SQLITE_FULL")):
        answer = browser.post("/rooms/magic-sparkles/", {"words": "more", "key": "k2"})
    assert answer.status_code == 503
    assert away.FULL in answer.text
    browser.post("/rooms/magic-sparkles/", {"words": "more", "key": "k2"})
    assert Message.objects.filter(text="more").count() == 1


def test_while_others_hold_the_file_everything_can_be_read(web, client, ana, bo, room):
    room.say("still here", by=bo)
    headers = {"Authorization": f"Bearer {Key.make(ana, 'test')[1]}"}
    browser = web(ana)
    with patch("fireside.hearth.away.transaction.atomic", side_effect=trouble("SQLITE_BUSY")):
        assert "still here" in browser.get("/rooms/magic-sparkles/").text
        assert "still here" in client.get("/api/rooms/magic-sparkles/messages", headers=headers).text


def test_a_bug_stays_a_bug(web, ana, room):
    with patch.object(Room, "say", side_effect=trouble("SQLITE_ERROR")):
        answer = client(web, ana).post("/rooms/magic-sparkles/", {"words": "more", "key": "k3"})
    assert answer.status_code == 500


def test_a_file_that_finds_no_room_is_a_full_disk():
    assert away.away(OSError(28, "No space left on device")) == away.FULL
    assert away.away(OSError(2, "No such file")) == ""
