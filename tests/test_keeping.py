"""What we keep: keepers choose for how long, see what would go, and in the night it goes in small steps."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.test import Client
from django.utils import timezone

from conftest import Do
from fireside.alerts.models import Delivery, Group, Source
from fireside.alerts.tests.machines import hear, told
from fireside.hearth import keeping
from fireside.hearth.audit import Audit
from fireside.hearth.commands import Ask, NotYours, Sorry, perform
from fireside.hearth.models import Message, Person, Room
from fireside.hearth.workflows import settle
from tests.attaching import attach

pytestmark = pytest.mark.django_db
Web = Callable[[Person], Client]


def days_ago(days: int) -> object:
    return timezone.now() - timedelta(days=days)


def delivered(many: int, days: int) -> None:
    source = Source.make(f"Prometheus of {days} days ago")[0]
    Delivery.objects.bulk_create(
        [
            Delivery(source=source, at=days_ago(days), form="webhook", sha256="x", size=2, body=b"{}",
                     handled_at=days_ago(days))
            for _ in range(many)
        ]
    )  # fmt: skip


def test_a_keeper_says_how_long_and_it_goes_in_the_night(do: Do, ana: Person, room: Room) -> None:
    delivered(12, days=10)
    delivered(3, days=2)
    whisper = do(ana, "/keep deliveries length: 7 days", room).whisper
    assert whisper is not None
    assert "From tonight, about 12 deliveries older than 7 days go." in whisper.words
    assert Delivery.objects.count() == 15
    keeping.let_go()
    assert Delivery.objects.count() == 3
    line = Audit.objects.get(verb="keeping.done")
    assert line.data == {"gone": {"deliveries": 12}}
    keeping.let_go()
    assert Audit.objects.filter(verb="keeping.done").count() == 1


def test_what_machines_sent_goes_after_thirty_days_by_itself_at_night(org: object) -> None:
    delivered(5, days=31)
    delivered(1, days=29)
    settle(until=timezone.now() + timedelta(hours=25))
    assert not Delivery.objects.filter(at__lt=days_ago(30)).exists()


def test_what_was_not_yet_handled_is_never_old(org: object) -> None:
    delivered(1, days=100)
    Delivery.objects.update(handled_at=None)
    keeping.let_go()
    assert Delivery.objects.count() == 1


def test_others_cannot_choose(do: Do, bo: Person, room: Room) -> None:
    with pytest.raises(Sorry, match="Keepers"):
        do(bo, "/keep deliveries length: 7 days", room)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("/keep woozles length: 7 days", "is none of: "),
        ("/keep deliveries length: soon", "no length of time"),
        ("/keep deliveries length: 99999 years", "1 days or more, or for ever"),
        ("/keep deliveries length: 0", "1 days or more"),
        ("/keep audit length: 30", "365 days or more"),
        ("/keep sign-ins length: for ever", "30 days at most"),
        ("/keep #not-there length: 30", "no room called"),
    ],
)
def test_what_cannot_be_kept_so_is_said(web: Web, ana: Person, line: str, told: str) -> None:
    answer = web(ana).post(
        "/do/keep/",
        dict(zip(("what", "length"), line.removeprefix("/keep ").split(" length: "), strict=True)),
    )
    assert answer.status_code == 422
    assert told in answer.content.decode()


def test_words_stay_for_ever_unless_their_kind_of_room_is_chosen(ana: Person, bo: Person, room: Room) -> None:
    til = Room.make("til", by=ana, purpose="til")
    for place in (room, til):
        place.say("an old woozle", by=bo, at=days_ago(400))
    keeping.let_go()
    assert Message.objects.filter(text="an old woozle").count() == 2
    keeping.choose(keeping.kinds["words-til"], 365, by=ana)
    keeping.let_go()
    assert [message.room for message in Message.objects.filter(text="an old woozle")] == [room]


def test_one_room_may_have_a_choice_of_its_own(do: Do, ana: Person, bo: Person, room: Room) -> None:
    other = Room.make("other-team", by=ana, purpose="team")
    for place in (room, other):
        place.say("old", by=bo, at=days_ago(40))
    do(ana, "/keep words-team length: 30 days", room)
    do(ana, "/keep #other-team length: for ever", room)
    keeping.let_go()
    assert [message.room for message in Message.objects.filter(text="old")] == [other]


def test_pinned_starred_and_answered_words_stay(ana: Person, bo: Person, room: Room) -> None:
    old = {"by": bo, "at": days_ago(40)}
    room.say("pinned", **old).pin(by=ana)
    room.say("starred", **old).star(by=ana, story="incident:1")
    room.say("the reply", by=ana, thread=room.say("answered lately", **old))
    thread = room.say("a thread", **old)
    room.say("its old reply", thread=thread, **old)
    keeping.choose(keeping.kinds["words-team"], 30, by=ana)
    keeping.let_go()
    left = set(Message.objects.values_list("text", flat=True)) - {""}
    assert {"pinned", "starred", "answered lately", "the reply"} <= left
    assert not {"a thread", "its old reply"} & left


def test_files_go_and_the_words_beside_them_stay(
    ana: Person, bo: Person, room: Room, django_capture_on_commit_callbacks: Any
) -> None:
    with_words = room.say("see the picture", by=bo, at=days_ago(40))
    bare = room.say("", by=bo, at=days_ago(40))
    trouble = Room.make("inc-9", by=ana, purpose="incident").say("look", by=bo, at=days_ago(40))
    kept = [attach(m, "x.txt", b"x", "text/plain") for m in (with_words, bare, trouble)]
    keeping.choose(keeping.kinds["files"], 30, by=ana)
    with django_capture_on_commit_callbacks(execute=True):
        keeping.let_go()
    assert [default_storage.exists(file.path) for file in kept] == [False, False, True]
    assert not Message.objects.filter(pk=bare.pk).exists()
    assert Message.objects.get(pk=with_words.pk).text == "see the picture"


def test_alerts_that_led_to_no_incident_go_with_their_cards(ana: Person, room: Room) -> None:
    source = Source.make("cave", by=ana)[0]
    hear(source, told("WoozleFires"))
    hear(source, told("StillFires"))
    over = Group.objects.get(alertname="WoozleFires")
    Group.objects.filter(pk=over.pk).update(resolved_at=days_ago(40))
    keeping.choose(keeping.kinds["alerts"], 30, by=ana)
    keeping.let_go()
    assert [group.alertname for group in Group.objects.all()] == ["StillFires"]
    assert not Message.objects.filter(pk=over.message_id).exists()


def test_a_sign_in_lasts_as_long_as_keepers_say(web: Web, ana: Person, bo: Person) -> None:
    from django.contrib.sessions.models import Session

    client = web(bo)
    Session.objects.update(expire_date=timezone.now() + timedelta(days=20))  # begun ten days ago
    keeping.let_go()
    assert client.get("/settings/").status_code == 200
    keeping.choose(keeping.kinds["sign-ins"], 7, by=ana)
    keeping.let_go()
    assert client.get("/settings/").status_code == 302


def test_whoever_dies_half_way_goes_on_where_it_was(org: object, monkeypatch: pytest.MonkeyPatch) -> None:
    delivered(40, days=40)
    kept, calls = keeping.kinds["deliveries"], []

    def dies(found: list[int]) -> int:
        calls.append(found)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return kept.remove(found)

    monkeypatch.setitem(keeping.kinds, "deliveries", keeping.Kept(
        "deliveries", kept.title, kept.many, kept.find, dies, days=30))  # fmt: skip
    with pytest.raises(KeyboardInterrupt):
        keeping.let_go()
    assert 0 < Delivery.objects.count() < 40
    assert not Audit.objects.filter(verb="keeping.done").exists()
    keeping.let_go()
    assert Audit.objects.get(verb="keeping.done").data == {"gone": {"deliveries": 40}}


def test_the_page_shows_what_would_go_before_it_is_chosen(web: Web, ana: Person, bo: Person) -> None:
    delivered(12, days=10)
    client = web(ana)
    assert "What machines sent us, word for word" in client.get("/settings/keeping/").content.decode()
    seen = client.get("/settings/keeping/?what=deliveries&length=7 days").content.decode()
    assert "Tonight, about 12 deliveries older than 7 days would go. They do not come back." in seen
    assert keeping.kinds["deliveries"].length == 30
    client.post("/do/keep/", {"what": "deliveries", "length": "7 days"})
    assert keeping.kinds["deliveries"].length == 7
    assert (
        "Nothing would go tonight."
        in client.get("/settings/keeping/?what=files&length=1 year").content.decode()
    )
    assert client.get("/settings/keeping/?what=nonsense").status_code == 422
    assert client.get("/settings/keeping/?what=deliveries&length=nonsense").status_code == 422
    assert web(bo).get("/settings/keeping/").status_code == 404


def test_a_private_room_cannot_be_chosen_from_outside(ana: Person, bo: Person, web: Web) -> None:
    Room.make("heffalump-cave", by=bo, private=True)
    assert web(ana).get("/settings/keeping/?what=%23heffalump-cave").status_code == 422
    with pytest.raises(NotYours):
        perform(Ask(ana), "keep", {"what": "#heffalump-cave", "length": "7 days"})
