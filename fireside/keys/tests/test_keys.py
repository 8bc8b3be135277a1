"""What holds the keys to our rooms: seen by all, kept by somebody, looked at again, told in plain words."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from conftest import Do
from fireside.alerts.models import Source
from fireside.alerts.tests.machines import hear, told
from fireside.hearth import leaving_people, leaving_rooms
from fireside.hearth.commands import Ask, Sorry, Whisper, perform
from fireside.hearth.models import Entry, Key, Person, Room
from fireside.hearth.workflows import settle
from fireside.keys.models import Holder
from fireside.keys.workflows import ask_about_what_is_connected, meet_what_is_let_in
from fireside.systems.models import System
from fireside.web.places import coming_up

pytestmark = pytest.mark.django_db
Web = Callable[[Person], Client]
LINE = "/connect Datadog what-for: pictures of graphs scopes: channels:history, chat:write"


def card_of(whisper: Whisper | None) -> str:
    assert whisper is not None
    return f"{whisper.words} {whisper.card or ''} {getattr(whisper.card, 'facts', '')}"


def words_in(room: Room) -> list[str]:
    return [str(message.drawn or message.text) for message in room.messages.order_by("pk")]


def page(web: Web, person: Person, path: str) -> str:
    return web(person).get(path).content.decode()


def test_before_it_is_connected_everybody_may_see_what_it_could_do(do: Do, bo: Person, room: Room) -> None:
    whisper = card_of(do(bo, LINE, room).whisper)
    assert "Before you connect Datadog" in whisper
    assert "read every message in the public channels it was added to" in whisper
    assert not Holder.objects.exists(), "nothing is written before somebody decides"


def test_connecting_writes_it_down_and_says_it_openly(do: Do, bo: Person, room: Room) -> None:
    message = do(bo, f"{LINE} decided: yes take-away: end the token at Datadog", room).message
    assert message is not None
    assert "read every message in the public channels it was added to" in str(message.drawn)
    one = Holder.objects.get()
    assert (one.name, one.keeper, one.by, one.room) == ("Datadog", bo, bo, room)
    assert one.review_by == timezone.now().date() + timedelta(days=90)
    assert one.way_out == "end the token at Datadog"


def test_the_same_name_again_says_more_and_what_is_new_is_told_in_the_room(
    do: Do, ana: Person, bo: Person, room: Room
) -> None:
    do(bo, f"{LINE} decided: yes", room)
    do(ana, f"{LINE}, files:read vendor: Datadog Inc. decided: yes", room)
    one = Holder.objects.get()
    assert (one.vendor, one.keeper, one.gained) == ("Datadog Inc.", bo, ["files:read"])
    settle()
    told = words_in(room)[-1]
    assert "Datadog may do more than before" in told
    assert "read every file in the places it was added to" in told
    assert "every message" not in told, "only what is new"
    do(bo, "/reviewed Datadog again: in 4 weeks", room)
    one.refresh_from_db()
    assert (one.gained, one.grew_at) == ([], None)
    assert one.review_by == timezone.now().astimezone(bo.tz).date() + timedelta(weeks=4)


def test_somebody_else_may_keep_it_and_it_can_be_taken_away(
    do: Do, ana: Person, bo: Person, room: Room
) -> None:
    do(bo, f"{LINE} decided: yes", room)
    do(ana, "/keep-key Datadog", room)
    assert Holder.objects.get().keeper == ana
    do(ana, "/disconnect Datadog", room)
    assert Holder.objects.get().ended_at is None, "first it is told how"
    do(ana, "/disconnect Datadog done: yes", room)
    assert Holder.objects.get().ended_at is not None
    with pytest.raises(Sorry, match="Nothing called Datadog is connected"):
        do(ana, "/reviewed Datadog", room)


def test_scopes_can_be_asked_about_anywhere(do: Do, bo: Person, room: Room) -> None:
    assert do(bo, "/scopes channels:history, foo:bar", room).whisper
    outcome = perform(Ask(bo, room), "scopes", {"scopes": "channels:history, foo:bar"})
    assert "We do not know what foo:bar allows" in card_of(outcome.whisper)
    with pytest.raises(Sorry, match="no scopes in this"):
        do(bo, "/scopes ???", room)


def test_a_source_of_alerts_is_there_without_anybody_typing_it_in(
    web: Web, ana: Person, bo: Person, room: Room
) -> None:
    source, _ = Source.make("Prometheus", by=ana)
    settle()
    one = Holder.objects.get()
    assert (one.name, one.keeper, one.ours) == ("Prometheus", ana, True)
    assert "Connected" not in page(web, bo, room.get_absolute_url())
    System.add("Shop", by=ana, room=room, matchers=[{"job": "shop"}])
    hear(source, told("Slow", labels={"job": "shop"}))
    Source.objects.update(used_at=timezone.now())  # as the door notes it
    side = page(web, bo, room.get_absolute_url())
    assert "<strong>Prometheus</strong></a> may post here. It cannot read." in side
    assert "Connected 1</a>" in side
    assert "nobody knows when" not in page(web, bo, "/keys/"), "its last use is live"
    whisper = perform(Ask(bo, room), "keys", {}).whisper
    assert "Prometheus may post here. It cannot read." in card_of(whisper)
    with pytest.raises(Sorry, match="/source-end Prometheus"):
        perform(Ask(bo), "disconnect", {"holder": "Prometheus"})
    source.end(by=ana)
    settle()
    one.refresh_from_db()
    assert one.ended_at is not None


def test_our_own_app_is_first_and_tells_when_it_may_do_more(
    web: Web, ana: Person, bo: Person, room: Room, slack: Any
) -> None:
    Source.make("Aardvark", by=ana)
    meet_what_is_let_in()
    shown = page(web, bo, "/keys/")
    assert shown.index("Fireside in Slack") < shown.index("Aardvark")
    one = Holder.objects.get(place="slack")
    assert set(one.scopes) == slack.installation.granted
    slack.installation.scopes += ",admin"
    slack.installation.save()
    meet_what_is_let_in()
    settle()
    assert "may do more than before" in words_in(Room.objects.get(slug="keys"))[-1]


def test_its_keeper_hears_first_and_the_room_a_week_later_and_once(bo: Person, room: Room) -> None:
    one = Holder.connect("Datadog", by=bo, keeper=bo, room=room, scopes=["chat:write"])
    assert coming_up(bo) == []
    for days in (0, 6):
        Holder.objects.update(review_by=timezone.localdate() - timedelta(days=days))
        ask_about_what_is_connected()
        assert [thing.words for thing in coming_up(bo)] == ["Look at Datadog"]
        assert words_in(room) == []
    Holder.objects.update(review_by=timezone.localdate() - timedelta(days=7))
    for _ in range(3):
        ask_about_what_is_connected()
    [asked] = words_in(room)
    assert "Datadog is due for a look" in asked
    perform(Ask(bo, room), "look-later", {"holder": one.ref})
    assert coming_up(bo) == []


def test_not_now_is_two_weeks_of_quiet(bo: Person, room: Room) -> None:
    one = Holder.connect("Datadog", by=bo, keeper=bo, room=room)
    perform(Ask(bo, room), "look-later", {"holder": one.ref})
    Holder.objects.update(review_by=timezone.localdate() - timedelta(days=30))
    ask_about_what_is_connected()
    assert words_in(room) == []
    Holder.objects.update(quiet_until=timezone.localdate())
    ask_about_what_is_connected()
    assert len(words_in(room)) == 1


def test_a_room_hears_of_all_that_is_due_in_one_message(bo: Person, room: Room) -> None:
    for number in range(30):
        Holder.connect(f"App {number:02}", by=bo, room=room, review_by=timezone.localdate())
    ask_about_what_is_connected()
    [asked] = words_in(room)
    assert "App 00 is due for a look" in asked


def test_when_its_keeper_leaves_the_room_is_asked_who_takes_it_on(
    web: Web, ana: Person, bo: Person, room: Room
) -> None:
    Holder.connect("Datadog", by=bo, keeper=bo, room=room)
    bo.deactivate(by=ana)
    settle()
    [asked] = words_in(room)
    assert "is kept by nobody now. Who would look after it?" in asked
    assert "Bo" not in asked, "nobody is blamed"
    assert "Datadog" in page(web, ana, "/keys/?show=unkept")
    assert "nobody keeps this now" in page(web, ana, "/keys/1/".replace("1", str(Holder.objects.get().pk)))
    ask_about_what_is_connected()
    assert len(words_in(room)) == 1
    perform(Ask(ana, room), "keep-key", {"holder": "Datadog"})
    assert "Datadog" not in page(web, ana, "/keys/?show=unkept")


def test_what_nobody_used_for_three_months_is_shown_as_such(web: Web, bo: Person, room: Room) -> None:
    Holder.connect("Sleeper", by=bo, keeper=bo, room=room, used_at=timezone.now() - timedelta(days=91))
    Holder.connect("Unknown", by=bo, keeper=bo, room=room)
    shown = page(web, bo, "/keys/?show=unused")
    assert "Sleeper" in shown
    assert "Unknown" not in shown, "where nothing tells of use, nobody knows"
    assert [thing.more for thing in coming_up(bo)] == ["It was not used for three months."]


def test_what_is_connected_to_a_private_room_is_seen_by_those_inside(
    web: Web, ana: Person, bo: Person, cy: Person
) -> None:
    den = Room.make("den", by=ana, private=True)
    one = Holder.connect("Woozle", by=ana, keeper=ana, room=den, scopes=["chat:write"])
    assert "Woozle" in page(web, ana, "/keys/")
    for path in ("/keys/", "/keys/?show=unkept", "/keys/?room=den", "/api/keys"):
        assert "Woozle" not in page(web, cy, path)
    assert web(cy).get(one.get_absolute_url()).status_code == 404
    with pytest.raises(Sorry, match="Nothing called holder:"):
        perform(Ask(cy), "disconnect", {"holder": one.ref, "done": "yes"})
    one.now_has(["chat:write", "files:read"], by=ana)
    Room.objects.filter(pk=den.pk).update(archived_at=timezone.now())
    Holder.objects.update(review_by=timezone.localdate() - timedelta(days=30))
    settle()
    ask_about_what_is_connected()
    assert not Room.objects.filter(slug="keys").exists(), "behind a closed door it is told nowhere else"


def test_peoples_own_keys_are_a_number_to_others(web: Web, ana: Person, bo: Person) -> None:
    Key.make(ana, "my deploy script")
    Key.make(bo, "my bot")
    shown = page(web, bo, "/keys/")
    assert "2 people hold keys for programs" in shown
    assert "my bot" in shown
    assert "my deploy script" not in shown


def test_a_page_tells_all_about_one_with_its_history(web: Web, bo: Person, room: Room) -> None:
    one = Holder.connect("Datadog", by=bo, keeper=bo, room=room, scopes=["chat:write"], why="pictures")
    one.now_has(["files:read"], by=bo)
    shown = page(web, bo, one.get_absolute_url())
    for words in ("It can read every file", "pictures", "may do more than before", "connected Datadog"):
        assert words in shown
    assert web(bo).get("/keys/999/").status_code == 404


def test_the_check_list_shows_plain_words_and_writes_nothing(web: Web, bo: Person, room: Room) -> None:
    client = web(bo)
    assert client.get("/keys/connect/").status_code == 200
    told = client.post("/keys/connect/", {"name": "X", "scopes": "channels:history\nfoo:bar"})
    assert "It can read every message" in told.content.decode()
    assert "We do not know what foo:bar allows" in told.content.decode()
    refused = client.post("/keys/connect/", {"name": "X", "scopes": "xoxp-1234567890-abcdef"})
    assert refused.status_code == 422
    assert "xoxp-1234567890" not in refused.content.decode()
    assert not Holder.objects.exists()
    given = {
        "name": "X",
        "what_for": "fun",
        "scopes": "chat:write",
        "decided": "yes",
        "next": "/keys/",
        "room": "",
    }
    assert client.post("/do/connect/", given, follow=True).status_code == 200
    assert Holder.objects.get().keeper == bo


def test_a_token_is_not_taken_wherever_it_is_pasted(do: Do, bo: Person, room: Room) -> None:
    for line in (
        "/connect X what-for: fun take-away: ghp_abcdefghijklmnop decided: yes", "/scopes xoxb-123456789",
        "/connect X what-for: fun scopes: chat:write xapp-1-A1-123456 decided: yes",
    ):  # fmt: skip
        with pytest.raises(Sorry, match="A token seems to stand in this"):
            do(bo, line, room)
    assert not Holder.objects.exists()


def test_an_empty_register_says_what_to_do_first(web: Web, bo: Person) -> None:
    shown = page(web, bo, "/keys/")
    assert "Nothing is connected yet" in shown
    assert Entry.objects.filter(verb__startswith="holder").count() == 0


def test_what_goes_with_a_room_and_with_a_person(ana: Person, bo: Person, cy: Person, room: Room) -> None:
    den = Room.make("den", by=ana, private=True)
    Holder.connect("Inside", by=ana, room=den)
    kept = Holder.connect("Open", by=bo, keeper=bo, room=room, by_name="Bo Lund")
    kept.keep(bo, by=ana)
    for one in (room, den):
        for empty in leaving_rooms.emptied:
            empty(one)
    assert [(one.name, one.room) for one in Holder.objects.all()] == [("Open", None)]
    Person.objects.filter(pk=bo.pk).update(goes_at=timezone.now(), deactivated_at=timezone.now())
    leaving_people.let_people_go()
    kept.refresh_from_db()
    assert (kept.by_name, kept.kept_by) == ("", None)
    assert not Entry.objects.filter(words__contains="Bo Lund", verb__startswith="holder.").exists()


def test_programs_read_it_in_plain_words_too(bo: Person, room: Room) -> None:
    Holder.connect("Datadog", by=bo, keeper=bo, room=room, scopes=["chat:write", "foo:bar"])
    Holder.connect("Old one", by=bo, ended_at=timezone.now())
    program = Client(headers={"Authorization": f"Bearer {Key.make(bo, 'probe')[1]}"})
    [told] = program.get("/api/keys?state=connected").json()["items"]
    assert (told["name"], told["keeper"], told["room"]) == ("Datadog", "bo-lund", "magic-sparkles")
    assert told["may"] == [
        "We do not know what foo:bar allows; ask who makes it.",
        "It can say something where it was added, under its own name.",
    ]
    assert program.get("/api/keys?state=odd").status_code == 422
    assert len(program.get("/api/keys").json()["items"]) == 2
