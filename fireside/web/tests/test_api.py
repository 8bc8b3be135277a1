"""Programs: let in by a key, doing what their person could do, seeing what their person could see."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from fireside.hearth.commands import book
from fireside.hearth.models import Key, Message, Person, Room, Team
from fireside.web.api.openapi import described

pytestmark = pytest.mark.django_db
Web = Callable[[Person], Client]


class Program:
    """A program that holds one person's key."""

    def __init__(self, person: Person) -> None:
        self.secret = Key.make(person, "a script")[1]
        self.client = Client(headers={"Authorization": f"Bearer {self.secret}"})

    def do(self, verb: str, status: int = 200, headers: dict[str, str] | None = None, **words: object) -> Any:
        answer = self.client.post(f"/api/do/{verb}", words, content_type="application/json", headers=headers)
        return told(answer, status)

    def get(self, path: str, status: int = 200) -> Any:
        return told(self.client.get(path), status)


def told(answer: Any, status: int) -> Any:
    assert answer.status_code == status, answer.content.decode()
    assert answer["Content-Type"] == "application/json"
    return json.loads(answer.content)


def test_a_program_does_what_its_person_could_do(bo: Person, room: Room) -> None:
    said = Program(bo).do("team", room="magic-sparkles", name="Stable", purpose="hay and water")
    assert said["message"]["author"] == "bo-lund"
    assert said["message"]["room"] == "magic-sparkles"
    assert said["message"]["said"] == "/team Stable purpose: hay and water"
    assert said["message"]["card"]["kind"] == "team"
    assert said["whisper"] is None
    assert Team.objects.filter(slug="stable").exists()


def test_words_can_come_as_they_are_typed(bo: Person, room: Room) -> None:
    Program(bo).do("team", room="#magic-sparkles", text="Stable purpose: hay and water")
    assert Team.objects.get(slug="stable").purpose == "hay and water"


def test_a_whisper_comes_to_the_program_alone(bo: Person, room: Room) -> None:
    said = Program(bo).do("people", room="magic-sparkles", words="ana")
    assert said["message"] is None
    assert "Ana" not in str(Message.objects.all())
    assert said["whisper"]["card"]["icon"] == "users"


def test_what_can_be_put_right_is_said_with_its_field(bo: Person) -> None:
    program = Program(bo)
    missing = program.do("team", 422)
    assert missing["needs"] == ["name"]
    assert missing["field"] == "name"
    assert "For example: /team" in missing["error"]
    wrong = program.do("room", 422, name="Über!")
    assert wrong["field"] == "name"
    assert "small letters" in wrong["error"]
    assert "has no colour" in program.do("invite", 422, colour="red")["error"]
    assert program.do("invite", 422, days=7)["field"] == "days"
    assert program.do("people", 422, words="a\0b")["field"] == "words"


def test_a_command_without_words_needs_no_body(bo: Person) -> None:
    answer = Program(bo).client.post("/api/do/people", b"", content_type="text/plain")
    assert "Bo Lund" in str(told(answer, 200)["whisper"])


def test_a_repeated_request_does_nothing_twice(bo: Person, room: Room) -> None:
    program = Program(bo)
    once = program.do("team", headers={"Idempotency-Key": "k1"}, room="magic-sparkles", name="Stable")
    again = program.do("team", headers={"Idempotency-Key": "k1"}, room="magic-sparkles", name="Stable")
    assert again["message"] == once["message"]
    assert room.messages.count() == 1


def test_a_key_used_by_somebody_else_says_nothing_of_theirs(ana: Person, bo: Person, room: Room) -> None:
    Program(ana).do("team", key="same", room="magic-sparkles", name="Stable")
    said = Program(bo).do("team", key="same", room="magic-sparkles", name="Meadow")
    assert said["message"]["author"] == "bo-lund"
    assert Program(bo).do("team", 422, key="x" * 65, name="Meadow")["field"] == "key"


def test_a_private_room_is_not_there_for_a_program_without_a_seat(
    ana: Person, bo: Person, cy: Person
) -> None:
    den = Room.make("den", by=ana, private=True)
    den.say("the hidden saffron unicorn", by=ana)
    program = Program(cy)
    program.do("people", 404, room="den", words="ana")
    program.get("/api/rooms/den/messages", 404)
    program.get(f"/api/rooms/{den.pk}", 404)
    for path in ("/api/rooms", "/api/entries", "/api/search?q=saffron"):
        answer = program.client.get(path).content.decode()
        assert "den" not in json.dumps(
            [item.get("room", item.get("name")) for item in json.loads(answer)["items"]]
        )
        assert "saffron" not in answer.replace("q=saffron", "")
    assert "saffron" in str(Program(ana).get("/api/search?q=saffron"))


def test_what_only_keepers_do_does_not_exist_for_others(bo: Person, cy: Person) -> None:
    Program(bo).do("deactivate", 404, person="@cy-park")


def test_without_a_living_key_nothing_opens(ana: Person, bo: Person, web: Web) -> None:
    program = Program(bo)
    key = bo.api_keys.get()
    assert told(Client().get("/api/rooms"), 401)["error"].startswith("Send `Authorization")
    assert Client().get("/api/rooms")["WWW-Authenticate"] == "Bearer"
    assert web(bo).get("/api/rooms").status_code == 401, "a cookie is not a key"
    program.get("/api/rooms")
    key.refresh_from_db()
    assert key.used_at is not None
    bo.deactivate(by=ana)
    program.get("/api/rooms", 401)


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"[" * 50_000, "application/json", 400),
        (b'{"words": "\xff"}', "application/json", 400),
        (b'{"words": "\\ud800"}', "application/json", 400),
        (b'["words"]', "application/json", 400),
        (b"words=ana", "application/x-www-form-urlencoded", 415),
        (b'{"words": "' + b"x" * 300_000 + b'"}', "application/json", 413),
        (b'{"words": "' + b"x" * 2_000_000 + b'"}', "application/json", 413),
    ],
)
def test_what_cannot_be_read_is_refused_in_words(bo: Person, body: bytes, kind: str, status: int) -> None:
    answer = Program(bo).client.post("/api/do/people", body, content_type=kind)
    assert told(answer, status)["error"]


def test_every_answer_under_api_is_json_also_when_nothing_is_there(bo: Person) -> None:
    program = Program(bo)
    for path in ("/api/nothing", "/api/do/", "/api/rooms/nowhere/messages", "/api/deep/er/still"):
        program.get(path, 404)
    assert "There is no /dance" in program.do("dance", 404)["error"]
    answer = program.client.get("/api/do/people")
    assert told(answer, 405)
    assert answer["Allow"] == "POST"
    assert told(program.client.delete("/api/rooms"), 405)


def test_a_list_comes_page_by_page_newest_first(bo: Person, room: Room) -> None:
    for n in range(7):
        room.say(f"words {n}", by=bo)
    program, path, seen = Program(bo), "/api/rooms/magic-sparkles/messages?limit=3", []
    while path:
        page = program.get(path)
        seen += [message["text"] for message in page["items"]]
        path = page["next"]
    assert seen == [f"words {n}" for n in reversed(range(7))]
    assert program.get("/api/rooms/magic-sparkles/messages?before=abc", 422)["field"] == "before"


def test_a_program_that_remembers_the_last_entry_misses_nothing(bo: Person, room: Room) -> None:
    program = Program(bo)
    last = program.get("/api/entries?limit=100")["items"][-1]["id"]
    room.say("and then", by=bo)
    [entry] = program.get(f"/api/entries?after={last}")["items"]
    assert (entry["verb"], entry["by"], entry["room"]) == ("message.said", "bo-lund", "magic-sparkles")


def test_records_are_read_one_by_one_too(ana: Person, bo: Person, sparkles: Team, room: Room) -> None:
    program = Program(bo)
    assert program.get(f"/api/teams/{sparkles.pk}")["members"] == ["ana-ngata", "bo-lund"]
    assert program.get("/api/people?handle=@bo-lund")["items"][0]["zone"] == "Europe/Berlin"
    assert program.get(f"/api/rooms/{room.pk}")["name"] == "magic-sparkles"
    program.get(f"/api/rooms/{10**30}", 404)


def test_what_was_deleted_is_not_told(bo: Person, room: Room) -> None:
    message = room.say("a slip of the hand", by=bo)
    message.delete_words(by=bo)
    [shown] = Program(bo).get("/api/rooms/magic-sparkles/messages")["items"]
    assert shown["deleted"]
    assert "slip" not in str(shown)


def test_the_description_holds_every_command_with_its_words(org: object) -> None:
    document = described()
    for command in book.all():
        operation = document["paths"][f"/api/do/{command.verb}"]["post"]
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        assert {param.name for param in command.params} <= set(schema["properties"])
        assert operation["description"] == command.help
    assert told(Client().get("/api/openapi.json"), 200)["openapi"] == "3.1.0"


def test_the_guide_tells_a_person_how_a_program_begins(web: Web, bo: Person) -> None:
    seen = web(bo).get("/api/").content.decode()
    assert "Authorization: Bearer" in seen
    for command in book.all():
        assert f'id="{command.verb}"' in seen
