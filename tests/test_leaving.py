"""Going for good: a room, an incident, a person; what goes with them, what stays, and how it is undone."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.test import Client
from django.utils import timezone

from conftest import Do
from fireside.alerts.models import Group, Source
from fireside.alerts.tests.machines import hear, told
from fireside.hearth import keeping, leaving_people, leaving_rooms, trail
from fireside.hearth.audit import Audit, troubles
from fireside.hearth.cards import Card, Mention, text
from fireside.hearth.commands import Ask, NotYours, Sorry, say_line
from fireside.hearth.files import File
from fireside.hearth.keys import Shut
from fireside.hearth.models import Draft, Entry, Key, Message, Person, Room
from fireside.hearth.search import Doc, find
from fireside.hearth.workflows import settle
from fireside.incidents.models import Incident
from fireside.postmortems.models import Postmortem, Telling
from fireside.slack.models import Account, Channel, Post
from fireside.systems.models import System
from tests.attaching import attach
from tests.slack_door import Slack

pytestmark = pytest.mark.django_db
Web = Callable[[Person], Client]


def weeks_pass() -> None:
    """Two weeks, and the night after them."""
    then = timezone.now() - timedelta(minutes=1)
    Room.objects.filter(goes_at__isnull=False).update(goes_at=then)
    Person.objects.filter(goes_at__isnull=False).update(goes_at=then)
    leaving_rooms.let_rooms_go()
    leaving_people.let_people_go()


def plans(ana: Person, bo: Person) -> Room:
    """An old room with everything in it."""
    room = Room.make("old-plans", by=bo, about="What we meant to do.")
    room.seat(ana)
    said = room.say("a woozle plan", by=bo)
    said.edit("a better woozle plan", by=bo)
    room.say("which woozle?", by=ana, thread=said)
    attach(said, "plan.txt", b"woozle", "text/plain")
    Draft.keep(ana, room.ref, "another woozle")
    return room


# -- rooms ---------------------------------------------------------------------------------------------------


def test_a_room_rests_first_is_named_and_can_be_kept(do: Do, web: Web, ana: Person, bo: Person) -> None:
    room = plans(ana, bo)
    with pytest.raises(Sorry, match="/archive lets it rest first"):
        do(bo, "/delete-room #old-plans typed: old-plans", room)
    do(bo, "/archive", room)
    with pytest.raises(Sorry, match=r"With this room go 2 messages, 1 file, 2 seats\. Write its name"):
        do(bo, "/delete-room #old-plans", room)
    whisper = do(bo, "/delete-room #old-plans typed: old-plans", room).whisper
    assert whisper is not None
    assert "old-plans goes on" in str(whisper.card)
    seen = web(bo).get("/rooms/old-plans/").content.decode()
    assert "This room goes on" in seen
    assert "a better woozle plan" in seen
    do(bo, "/keep-room #old-plans", room)
    weeks_pass()
    assert "This room goes on" not in web(bo).get("/rooms/old-plans/").content.decode()


def test_after_two_weeks_a_room_is_gone_with_all_that_was_in_it(
    web: Web, ana: Person, bo: Person, django_capture_on_commit_callbacks: Any
) -> None:
    room = plans(ana, bo)
    [file] = File.objects.all()
    say_line(Ask(bo, room), "/archive")
    web(bo).post("/do/delete-room/", {"name": "#old-plans", "typed": "#Old-Plans"})
    leaving_rooms.let_rooms_go()
    assert Room.objects.filter(slug="old-plans").exists(), "there is time left"
    with django_capture_on_commit_callbacks(execute=True):
        weeks_pass()
    assert web(bo).get("/rooms/old-plans/").status_code == 404
    assert find("woozle", person=bo) == []
    assert not default_storage.exists(file.path)
    for left in (
        Message.objects.all(),
        Draft.objects.all(),
        Entry.objects.filter(room=room.pk),
        Doc.objects.all(),
    ):
        assert not left.exists()
    line = Audit.objects.get(verb="room.gone")
    assert (line.by, line.about, line.data["messages"]) == (bo.pk, f"room:{room.pk}", 2)
    assert Room.make("old-plans", by=bo).pk != room.pk


def test_not_everybody_deletes_a_room(do: Do, ana: Person, bo: Person, cy: Person) -> None:
    room = plans(ana, bo)
    say_line(Ask(bo, room), "/archive")
    with pytest.raises(Sorry, match="Whoever made this room could do this"):
        do(cy, "/delete-room #old-plans typed: old-plans", room)
    assert Room.objects.get(pk=room.pk).goes_at is None


def test_the_room_says_itself_what_would_go(web: Web, ana: Person, bo: Person) -> None:
    room = plans(ana, bo)
    client, about = web(bo), "/rooms/old-plans/about/"
    assert "Delete this room" not in client.get(about).content.decode()
    say_line(Ask(bo, room), "/archive")
    assert "What goes with it: 2 messages, 1 file, 2 seats." in client.get(about).content.decode()
    client.post("/do/delete-room/", {"name": "#old-plans", "typed": "old-plans", "next": about})
    seen = client.get(about).content.decode()
    assert "Delete this room" not in seen
    assert "Keep it" in seen


def test_opening_a_room_again_keeps_it(ana: Person, bo: Person) -> None:
    room = plans(ana, bo)
    for line in ("/archive", "/delete-room #old-plans typed: old-plans", "/unarchive"):
        say_line(Ask(bo, Room.objects.get(pk=room.pk)), line)
    weeks_pass()
    assert Room.objects.get(slug="old-plans").archived_at is None


def test_alerts_go_with_their_room_and_a_system_behind_a_door_goes_too(ana: Person, bo: Person) -> None:
    cave = Room.make("cave", by=ana, private=True)
    yard = Room.make("yard", by=ana)
    System.add("Hidden", by=ana, room=cave, matchers=[{"job": "hidden"}])
    System.add("Open", by=ana, room=yard)
    hear(Source.make("machine", by=ana)[0], told("HiddenFires", labels={"job": "hidden"}))
    assert Group.objects.get().room == cave
    for room in (cave, yard):
        for line in ("/archive", f"/delete-room #{room.slug} typed: {room.slug}"):
            say_line(Ask(ana, Room.objects.get(pk=room.pk)), line)
    weeks_pass()
    assert not Group.objects.exists()
    assert [system.name for system in System.objects.all()] == ["Open"]
    assert [hit.doc.title for hit in find("Open", person=bo, kinds=("system",))] == ["Open"]
    assert find("Hidden", person=ana) == []


@pytest.fixture
def story(ana: Person, bo: Person, room: Room) -> Incident:
    """An incident that is over and told of, in a room that rests."""
    say_line(Ask(ana, room), "/incident the woozle escaped")
    incident = Incident.objects.get()
    say_line(Ask(bo, incident.room), "/decide call it back because: woozle")
    settle()
    incident.close(by=ana)
    settle()
    for line in ("/write summary All about the woozle.", "/factor a woozle", "/factor a door", "/publish"):
        say_line(Ask(ana, incident.room), line)
    settle()
    say_line(Ask(ana, incident.room), "/archive")
    return incident


def test_the_room_of_an_incident_stays_because_everybody_learns_from_it(story: Incident, ana: Person) -> None:
    slug = story.room.slug
    with pytest.raises(Sorry, match="holds the story of INC-1, which everybody learns from, so it stays"):
        say_line(Ask(ana, story.room), f"/delete-room #{slug} typed: {slug}")


def test_whoever_keeps_no_house_cannot_delete_a_story(story: Incident, bo: Person) -> None:
    story.room.seats.filter(person=bo).update(keeper=True)
    with pytest.raises(Sorry, match="A keeper of the house could delete both"):
        say_line(Ask(bo, story.room), f"/delete-room #{story.room.slug} typed: {story.room.slug} story: goes")


def test_a_keeper_deletes_an_incident_with_its_room_and_its_number_is_not_given_again(
    story: Incident, ana: Person, room: Room
) -> None:
    slug = story.room.slug
    say_line(Ask(ana, story.room), f"/delete-room #{slug} typed: {slug} story: goes")
    weeks_pass()
    assert not Incident.objects.exists()
    assert not Postmortem.objects.exists()
    assert find("woozle", person=ana) == []
    assert not Message.objects.filter(card__icontains="woozle").exists(), "nor in the rooms that told of it"
    assert not Entry.objects.filter(words__icontains="woozle").exists()
    say_line(Ask(ana, room), "/incident another one")
    assert Incident.objects.get().number == 2


# -- people --------------------------------------------------------------------------------------------------


@pytest.fixture
def known(ana: Person, bo: Person, room: Room) -> Client:
    """Bo has lived here a while; gives the browser in which they are signed in."""
    room.say("bo-said-this", by=bo)
    room.say("thank you @bo-lund", by=ana)
    room.say(
        card=Card(title=text("{who} leads, {plain} said", who=Mention("bo-lund", "Bo Lund"), plain="Bo Lund"))
    )
    room.say("Bo Lund is on it", voice="Alerts")
    Draft.keep(bo, room.ref, "a private draft")
    Key.make(bo, "deploy script")
    client = Client()
    client.force_login(bo, backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_i_delete_myself_and_am_signed_out_everywhere_at_once(known: Client, web: Web, bo: Person) -> None:
    elsewhere, secret = web(bo), Key.make(bo, "other")[1]
    assert known.post("/settings/mine/", {"typed": "wrong"}).status_code == 422
    seen = known.post("/settings/mine/", {"typed": "@bo-lund", "words": "stay"}).content.decode()
    assert "You are signed out everywhere" in seen
    assert [client.get("/settings/").status_code for client in (known, elsewhere)] == [302, 302]
    with pytest.raises(Shut):
        Key.let_in(secret)
    back = "/account/back/" + seen.partition("/account/back/")[2].partition('"')[0]
    assert "Come back, Bo Lund?" in known.get(back).content.decode()
    assert known.post(back)["Location"] == "/account/login/"
    weeks_pass()
    bo.refresh_from_db()
    assert (bo.name, bo.is_active) == ("Bo Lund", True)
    assert elsewhere.get("/settings/").status_code == 302, "they sign in anew"
    assert known.get(back).status_code == 404
    assert known.get("/account/back/nonsense/").status_code == 404


def test_after_two_weeks_what_they_said_is_said_by_someone_who_was_here(
    do: Do, known: Client, web: Web, ana: Person, bo: Person, room: Room
) -> None:
    do(bo, "/delete-person @bo-lund", room)
    weeks_pass()
    seen = web(ana).get(room.get_absolute_url()).content.decode()
    assert "bo-said-this" in seen
    assert "Someone who was here" in seen
    assert "thank you" in seen, "what others wrote is theirs"
    card = Message.objects.get(text="", card__isnull=False, room=room, author=None)
    assert str(card) == "Someone who was here leads, Someone who was here said"
    assert "someone-who-was-here" in json.dumps(card.card)
    assert Message.objects.filter(text="Someone who was here is on it").exists()
    gone = Person.objects.get(pk=bo.pk)
    assert (gone.email, gone.handle, gone.about, gone.zone) == (
        None,
        f"someone-who-was-here-{bo.pk}",
        "",
        "UTC",
    )
    for theirs in (gone.drafts, gone.api_keys, gone.seats, gone.teams, gone.invitations):
        assert not theirs.exists()
    everywhere = [*Entry.objects.values_list("words", "data"), *Doc.objects.values_list("title", flat=True),
                  *Person.objects.values_list("name", "handle", "email")]  # fmt: skip
    assert "bo lund" not in repr(everywhere).lower()
    assert "bo@example.org" not in repr(everywhere)
    assert web(ana).get(f"/people/{gone.handle}/").status_code == 404


def test_their_words_go_too_when_they_ask_for_it(
    known: Client, ana: Person, bo: Person, room: Room, django_capture_on_commit_callbacks: Any
) -> None:
    mine = Message.objects.get(text="bo-said-this")
    file = attach(mine, "x.txt", b"x", "text/plain")
    mine.star(by=ana, story="incident:1")
    room.say("a reply of Ana's", by=ana, thread=mine)
    say_line(Ask(bo, room), "/delete-person @bo-lund words: go")
    with django_capture_on_commit_callbacks(execute=True):
        weeks_pass()
    assert not Message.objects.filter(text__contains="bo-said").exists()
    assert not Entry.objects.filter(words__contains="bo-said").exists()
    assert not default_storage.exists(file.path)
    assert Message.objects.filter(text="a reply of Ana's").exists()


def test_tellings_nobody_was_told_go_and_shared_ones_stay(story: Incident, ana: Person, bo: Person) -> None:
    postmortem = Postmortem.objects.get()
    Telling.mine(postmortem, bo).add(timezone.now(), saw="for nobody")
    say_line(Ask(bo), "/delete-person @bo-lund")
    weeks_pass()
    assert not Telling.objects.filter(person=bo).exists()
    assert Incident.objects.get().decisions.get().what == "call it back", "what others stand on stays"


def test_a_keeper_deletes_somebody_and_undoes_it(
    do: Do, web: Web, ana: Person, bo: Person, room: Room
) -> None:
    with pytest.raises(NotYours):
        do(bo, "/delete-person @ana-ngata", room)
    do(ana, "/delete-person @bo-lund", room)
    assert "goes on" in web(ana).get("/settings/people/").content.decode()
    with pytest.raises(Sorry, match="Nobody here is called nobody"):
        do(ana, "/delete-person @nobody", room)
    do(ana, "/reactivate @bo-lund", room)
    weeks_pass()
    bo.refresh_from_db()
    assert (bo.name, bo.goes_at) == ("Bo Lund", None)


def test_whose_access_ended_can_be_deleted_too(do: Do, ana: Person, bo: Person, room: Room) -> None:
    do(ana, "/deactivate @bo-lund", room)
    do(ana, "/delete-person @bo-lund", room)
    weeks_pass()
    bo.refresh_from_db()
    assert bo.name == "Someone who was here"
    with pytest.raises(Sorry, match="Nobody without access has the handle"):
        do(ana, f"/reactivate @{bo.handle}", room)


def test_the_last_keeper_names_another_first(web: Web, ana: Person) -> None:
    answer = web(ana).post("/settings/mine/", {"typed": "ana-ngata"})
    assert answer.status_code == 422
    assert "This is the last keeper. Make someone else a keeper first." in answer.content.decode()


def test_nobody_comes_back_on_their_own_after_a_keeper_said_so(
    known: Client, ana: Person, bo: Person
) -> None:
    seen = known.post("/settings/mine/", {"typed": "bo-lund"}).content.decode()
    back = "/account/back/" + seen.partition("/account/back/")[2].partition('"')[0]
    known.post(back)
    say_line(Ask(ana), "/delete-person @bo-lund")
    assert known.get(back).status_code == 404
    assert known.post(back).status_code == 404


def test_in_the_trail_a_deleted_person_is_a_number(known: Client, ana: Person, bo: Person) -> None:
    say_line(Ask(bo), "/delete-person @bo-lund")
    weeks_pass()
    said = [f"{one.who} {one.words}" for one in trail.read(Audit.objects.order_by("number"), ana)]
    assert f"a person who was deleted (no. {bo.pk}) deleted themselves" in said
    assert not any("Bo" in line for line in said)
    assert list(troubles()) == []


def test_everything_that_is_mine_is_one_download(known: Client, ana: Person, bo: Person, room: Room) -> None:
    attach(Message.objects.get(text="bo-said-this"), "plan.txt", b"my plan", "text/plain")
    answer = known.post("/settings/mine/copy/")
    with zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as box:
        names = box.namelist()
        everything = "\n".join(box.read(name).decode() for name in names)
        assert [m["text"] for m in json.loads(box.read("messages.json"))] == ["bo-said-this"]
        assert json.loads(box.read("you.json"))[0]["email"] == "bo@example.org"
        assert json.loads(box.read("tellings.json")) == []
    assert any(name.endswith("-plan.txt") for name in names)
    assert "a private draft" in everything
    assert "thank you" not in everything, "what Ana said is hers"
    assert bo.password not in everything
    assert bo.api_keys.get().hash not in everything
    assert Audit.objects.filter(verb="person.exported", by=bo.pk).count() == 1


def test_retention_and_leaving_leave_the_trail_whole(known: Client, ana: Person, bo: Person) -> None:
    keeping.choose(keeping.kinds["audit"], 365, by=ana)
    say_line(Ask(bo), "/delete-person @bo-lund")
    weeks_pass()
    keeping.let_go()
    assert list(troubles()) == []


# -- and Slack -----------------------------------------------------------------------------------------------


def test_a_channel_is_told_that_its_room_is_gone_and_otherwise_left_alone(
    slack: Slack, ana: Person, bo: Person
) -> None:
    room = plans(ana, bo)
    channel = slack.channel(room)
    room.say("still here", by=bo)
    slack.settle()
    say_line(Ask(bo, room), "/archive")
    say_line(Ask(bo, Room.objects.get(pk=room.pk)), "/delete-room #old-plans typed: old-plans")
    slack.settle()
    weeks_pass()
    slack.settle()
    seen = [message.words for message in slack.user(bo).sees(channel)]
    assert any("still here" in words for words in seen)
    assert "is no longer there. Words here stay here." in seen[-1]
    assert not Channel.objects.exists()
    assert not Post.objects.exists()
    assert not slack.workspace.channels[channel.id].archived


def test_of_who_they_are_in_slack_nothing_is_left(slack: Slack, ana: Person, bo: Person, room: Room) -> None:
    slack.channel(room)
    slack.do(bo, "hello from Slack", room)
    user = slack.user(bo)
    assert Account.objects.filter(person=bo).exists()
    say_line(Ask(bo, room), "/delete-person @bo-lund words: go")
    weeks_pass()
    slack.settle()
    assert not Account.objects.filter(user_id=user.id).exists()
    assert user.id not in repr(list(Channel.objects.values("invited", "moved")))
    assert not Message.objects.filter(text__contains="hello from").exists()


def test_words_carried_to_slack_go_there_too_when_a_person_takes_theirs_along(
    slack: Slack, ana: Person, bo: Person, room: Room
) -> None:
    channel = slack.channel(room)
    room.say("a woozle of mine", by=bo)
    slack.settle()
    assert any("woozle" in message.words for message in slack.user(ana).sees(channel))
    say_line(Ask(bo, room), "/delete-person @bo-lund words: go")
    weeks_pass()
    slack.settle()
    assert not any("woozle" in message.words for message in slack.user(ana).sees(channel))
