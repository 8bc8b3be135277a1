"""Another program hears of what happens here: signed, once or again, never what it may not see."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from standardwebhooks import WebhookVerificationError

from fireside.hearth import carrier, outside
from fireside.hearth.audit import Audit
from fireside.hearth.carrier import TURN, Carrier, bring, notice, waiting
from fireside.hearth.commands import Ask, Outcome, say_line
from fireside.hearth.errors import NotYours, Sorry
from fireside.hearth.keeping import kinds as kept
from fireside.hearth.models import Entry, Person, Room, Sending, Team, Webhook
from fireside.hearth.webhooks import DAYS, WAITS
from fireside.incidents.models import Incident
from fireside.systems.models import System
from fireside.web.api.outgoing import told
from tests.machines import wait_for
from tests.receiver import Receiver

pytestmark = pytest.mark.django_db
Do = Callable[..., Outcome]
Web = Callable[[Person], Client]


@pytest.fixture
def receiver(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    settings.WEBHOOKS_TO = [ipaddress.ip_network("127.0.0.0/8")]
    monkeypatch.setattr(outside, "PATIENCE", 0.5)
    with Receiver() as found:
        yield found


def hook_for(
    receiver: Receiver, by: Person, kinds: str = "message.said", **where: Any
) -> tuple[Webhook, str]:
    return Webhook.make(receiver.url, kinds.split(), by=by, **where)


def ask(person: Person, line: str, room: Room | None = None) -> Outcome:
    """Say a line, where the door is not the point."""
    return say_line(Ask(person, room), line)


def carry() -> None:
    """What the carrier does in a moment."""
    while notice():
        pass
    for hook, _ in waiting():
        bring(hook, told)


def later(**by: float) -> None:
    """Let what waits for a later attempt be due."""
    for sending in Sending.objects.exclude(due_at=None):
        Sending.objects.filter(pk=sending.pk).update(due_at=sending.due_at - timedelta(**by))


def test_words_in_a_room_reach_a_program_that_checks_the_signature(
    receiver: Receiver, bo: Person, room: Room
) -> None:
    room.say("before it was made", by=bo)
    hook, secret = hook_for(receiver, bo, room=room)
    room.say("the unicorns are fed", by=bo)
    room.say("all of them", by=bo)
    carry()
    carry()
    first, second = receiver.told(secret)
    assert (first["type"], first["house"]) == ("message.said", "http://127.0.0.1:8000")
    assert first["data"]["message"]["text"] == "the unicorns are fed"
    assert (first["data"]["entry"]["by"], first["data"]["entry"]["room"]) == ("bo-lund", "magic-sparkles")
    assert second["data"]["message"]["text"] == "all of them"
    with pytest.raises(WebhookVerificationError):
        receiver.told("whsec_" + "A" * 43 + "=")
    hook.refresh_from_db()
    assert hook.used_at is not None
    assert secret not in str(list(Webhook.objects.values())), "it is kept sealed"


def test_the_signature_can_be_checked_by_hand_as_the_guide_says(
    receiver: Receiver, bo: Person, room: Room
) -> None:
    _, secret = hook_for(receiver, bo, room=room)
    room.say("Grüße", by=bo)
    carry()
    guide = (Path(__file__).parent.parent / "docs" / "webhooks.md").read_text()
    by_hand = next(code for code in re.findall(r"```python\n(.*?)```", guide, re.DOTALL) if "hmac" in code)
    headers, body = receiver.came[0]
    for key, is_ours in ((secret, True), ("whsec_" + "A" * 43 + "=", False)):
        found: dict[str, Any] = {"headers": headers, "body": body, "secret": key}
        exec(by_hand, found)
        assert found["ours"] is is_ours


def test_what_is_told_has_the_shapes_of_the_api(receiver: Receiver, ana: Person, room: Room) -> None:
    _, secret = hook_for(receiver, ana, "incident.*")
    ask(ana, "/incident no payments", room)
    carry()
    opened = next(one for one in receiver.told(secret) if one["type"] == "incident.opened")
    shape = opened["data"]["record"]
    assert (shape["title"], shape["room"]) == ("no payments", Incident.objects.get().room.slug)


def test_each_hears_what_it_is_for(
    receiver: Receiver, ana: Person, bo: Person, room: Room, sparkles: Team
) -> None:
    other, lair = Room.make("other", by=ana), Room.make("lair", by=ana, private=True)
    everywhere = hook_for(receiver, ana, "message.said incident.opened")[0]
    of_team = hook_for(receiver, bo, "message.said incident.opened", team=sparkles)[0]
    of_den = hook_for(receiver, ana, "message.said", room=lair)[0]
    System.add("Storefront", by=ana, team=sparkles, room=room)
    for place in (room, other, lair):
        place.say("hello", by=ana)
    ask(ana, "/incident no payments system: storefront", other)
    notice()

    def heard(hook: Webhook) -> set[str]:
        entries = Entry.objects.filter(pk__in=hook.sendings.values("entry"))
        return {f"{one.verb} {one.room}" for one in entries}

    assert {"message.said #magic-sparkles", "message.said #other", "incident.opened #inc-1"} <= heard(
        everywhere
    )
    assert heard(of_team) >= {"message.said #magic-sparkles", "incident.opened #inc-1"}
    assert "message.said #other" not in heard(of_team)
    assert heard(of_den) == {"message.said #lair"}
    assert not [one for one in heard(everywhere) | heard(of_team) if "lair" in one]


@pytest.mark.parametrize("loses", ["seat", "access", "team", "keeping"])
def test_it_stops_when_its_maker_could_no_longer_hear_and_says_so(
    receiver: Receiver, web: Web, ana: Person, bo: Person, cy: Person, sparkles: Team, loses: str
) -> None:
    lair = Room.make("lair", by=bo, private=True)
    lair.seat(cy)
    where = {"seat": {"room": lair}, "access": {"room": lair}, "team": {"team": sparkles}, "keeping": {}}[
        loses
    ]
    if loses == "keeping":
        ask(ana, "/keeper @bo-lund")
        bo.refresh_from_db()
    hook, _ = hook_for(receiver, bo, **where)
    waits = hook.test()
    if loses == "seat":
        ask(bo, "/leave", lair)
    elif loses == "access":
        ask(ana, "/deactivate @bo-lund")
    elif loses == "team":
        ask(ana, "/leave-team magic-sparkles person: @bo-lund")
    else:
        ask(ana, "/step-down person: @bo-lund")
    carry()
    hook.refresh_from_db()
    waits.refresh_from_db()
    assert hook.ended_at is not None
    assert (receiver.came, waits.due_at) == ([], None)
    if loses != "access":
        assert "stopped" in web(bo).get("/").content.decode()
    assert hook.ended_why.startswith(("Bo Lund, who made it,", "Only a keeper"))
    assert hook.secret == "", "nothing is kept that nobody needs"
    if hook.room is not None:
        assert f"hears nothing more from here. {hook.ended_why}" in lair.messages.latest("pk").text


def test_what_is_taken_back_before_it_was_told_is_not_told(
    receiver: Receiver, bo: Person, room: Room
) -> None:
    hook, _ = hook_for(receiver, bo, room=room)
    message = room.say("a slip of the hand", by=bo)
    notice()
    message.delete_words(by=bo)
    carry()
    assert receiver.came == []
    assert "taken back" in hook.sendings.get(verb="message.said").trouble


def test_a_room_that_closes_its_door_is_not_told_of(receiver: Receiver, ana: Person, room: Room) -> None:
    hook_for(receiver, ana)
    room.say("soon behind a door", by=ana)
    notice()
    Room.objects.filter(pk=room.pk).update(private=True)
    carry()
    assert receiver.came == []


def test_what_fails_is_tried_again_with_the_same_id_until_it_is_given_up(
    receiver: Receiver, bo: Person, room: Room
) -> None:
    hook, secret = hook_for(receiver, bo, room=room)
    receiver.status = 503
    room.say("hello", by=bo)
    notice()
    waits = []
    for _ in range(len(WAITS)):
        bring(hook.pk, told)
        sending = hook.sendings.get()
        waits.append(round((sending.due_at - sending.tried_at).total_seconds()))
        later(seconds=WAITS[len(waits) - 1] + 1)
    bring(hook.pk, told)
    sending = hook.sendings.get()
    assert tuple(waits) == WAITS
    assert 23 * 3600 < sum(waits) < 25 * 3600, "about a day"
    assert (sending.due_at, sending.attempts, sending.status) == (None, len(WAITS) + 1, 503)
    assert len(set(receiver.ids)) == 1
    assert len(receiver.told(secret)) == len(WAITS) + 1
    hook.refresh_from_db()
    assert hook.ended_at is None, "one lost day is no reason to stop"
    assert hook.failing_since is not None


def test_after_days_of_failure_it_stops_and_keepers_are_told(
    receiver: Receiver, web: Web, ana: Person, bo: Person, cy: Person, room: Room
) -> None:
    hook, _ = hook_for(receiver, bo, room=room)
    receiver.status = 500
    hook.test()
    hook.sendings.update(attempts=len(WAITS))
    Webhook.objects.update(failing_since=timezone.now() - timedelta(days=DAYS, minutes=1))
    bring(hook.pk, told)
    hook.refresh_from_db()
    assert hook.ended_why == "It failed for 3 days. It answered 500."
    assert "The webhook “127.0.0.1” stopped" in web(ana).get("/").content.decode()
    assert "stopped" in web(bo).get("/").content.decode()
    assert "127.0.0.1” stopped" not in web(cy).get("/").content.decode()
    assert Audit.objects.filter(verb="webhook.ended", about=hook.ref).exists()


def test_a_receiver_that_is_gone_is_told_nothing_more(receiver: Receiver, bo: Person, room: Room) -> None:
    hook, _ = hook_for(receiver, bo, room=room)
    receiver.status = 410
    for words in ("one", "two"):
        room.say(words, by=bo)
    carry()
    hook.refresh_from_db()
    assert "gone (410)" in hook.ended_why
    assert len(receiver.came) == 1
    assert not hook.sendings.exclude(due_at=None).exists()


def test_a_redirect_is_not_followed_and_says_what_to_do(receiver: Receiver, bo: Person, room: Room) -> None:
    hook, _ = hook_for(receiver, bo, room=room)
    receiver.status, receiver.headers = 307, {"location": "http://169.254.169.254/"}
    hook.test()
    carry()
    assert "follow nobody elsewhere" in hook.sendings.get().trouble
    assert len(receiver.came) == 1


def test_when_it_answers_again_what_waited_comes_at_once(receiver: Receiver, bo: Person, room: Room) -> None:
    hook, secret = hook_for(receiver, bo, room=room)
    receiver.status = 503
    for words in ("one", "two", "three"):
        room.say(words, by=bo)
        carry()
    receiver.status = 200
    receiver.came.clear()
    Sending.objects.filter(pk=hook.sendings.order_by("pk").first().pk).update(due_at=timezone.now())
    carry()
    assert [one["data"]["message"]["text"] for one in receiver.told(secret)] == ["one", "two", "three"]


def test_who_dies_between_answer_and_note_tells_it_twice_with_one_id_and_loses_nothing(
    receiver: Receiver, bo: Person, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    hook, secret = hook_for(receiver, bo, room=room)
    room.say("hello", by=bo)
    notice()

    def killed(_: Sending) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(carrier, "_succeeded", killed)
        with pytest.raises(KeyboardInterrupt):
            bring(hook.pk, told)
    carry()
    carry()
    assert len(receiver.told(secret)) == 2
    assert len(set(receiver.ids)) == 1
    assert hook.sendings.get().sent_at is not None


def test_who_dies_while_noting_whom_to_tell_does_it_once_more_and_not_twice(
    receiver: Receiver, bo: Person, room: Room
) -> None:
    hook, _ = hook_for(receiver, bo, room=room)
    since = hook.heard_to
    room.say("hello", by=bo)
    notice()
    Webhook.objects.update(heard_to=since)
    notice()
    assert hook.sendings.count() == 1


def test_a_new_secret_signs_beside_the_old_for_a_while(
    receiver: Receiver, bo: Person, room: Room, do: Do
) -> None:
    hook, old = hook_for(receiver, bo, room=room)
    new = do(bo, f"/webhook-renew {hook.pk} overlap: 2").whisper.words.split("`")[1]
    do(bo, f"/webhook-test {hook.pk}")
    carry()
    assert receiver.told(old) == receiver.told(new)
    Webhook.objects.update(old_until=timezone.now())
    receiver.came.clear()
    hook.test()
    carry()
    assert receiver.told(new)[0]["type"] == "webhook.test"
    with pytest.raises(WebhookVerificationError):
        receiver.told(old)


def test_under_another_key_of_the_house_it_fails_in_words(
    receiver: Receiver, bo: Person, room: Room, settings: Any
) -> None:
    hook, _ = hook_for(receiver, bo, room=room)
    settings.SECRET_KEY = "another one"
    hook.test()
    carry()
    assert "another SECRET_KEY" in hook.sendings.get().trouble


def test_what_was_told_is_sent_again_one_or_all(
    receiver: Receiver, web: Web, bo: Person, room: Room, do: Do
) -> None:
    hook, _ = hook_for(receiver, bo, room=room)
    for words in ("one", "two"):
        room.say(words, by=bo)
    carry()
    first = hook.sendings.order_by("pk").first()
    browser, page = web(bo), f"/settings/webhooks/{hook.pk}/"
    assert browser.get(page).content.decode().count("It answered 200.") == 2
    browser.post("/do/webhook-again/", {"hook": hook.pk, "sending": first.pk, "next": page})
    carry()
    assert receiver.ids[2:] == receiver.ids[:1]
    assert "2 on their way" in do(bo, f"/webhook-again {hook.pk} since: 2h").whisper.words
    carry()
    assert receiver.ids[3:] == receiver.ids[:2]
    with pytest.raises(Sorry, match="Nothing was sent then"):
        do(bo, f"/webhook-again {hook.pk} sending: 999999")


def test_whose_it_is_not_does_not_see_it(
    receiver: Receiver, web: Web, ana: Person, bo: Person, cy: Person
) -> None:
    lair = Room.make("lair", by=bo, private=True)
    hook, _ = hook_for(receiver, bo, room=lair)
    for person in (cy, ana):
        assert web(person).get(f"/settings/webhooks/{hook.pk}/").status_code == 404
        assert "lair" not in web(person).get("/settings/webhooks/").content.decode()
        for verb in ("webhook-test", "webhook-renew", "webhook-end"):
            with pytest.raises(NotYours):
                ask(person, f"/{verb} {hook.pk}")
    lair.seat(ana)
    assert web(ana).get(f"/settings/webhooks/{hook.pk}/").status_code == 200
    ask(ana, f"/webhook-end {hook.pk}")
    hook.refresh_from_db()
    assert (hook.ended_at is not None, hook.ended_why) == (True, "")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("https://example.org/ kinds: message.said", "Only a keeper"),
        ("https://example.org/ kinds: message.said place: #lair", "no room called"),
        ("https://example.org/ kinds: dance.danced place: #magic-sparkles", "Nothing here is called dance"),
        ("https://example.org/ kinds: * place: #magic-sparkles", "Nothing here is called"),
        ("https://127.0.0.1/ kinds: message.said place: #magic-sparkles", "leads inside"),
        (
            "https://example.org/ kinds: message.said place: #magic-sparkles team: magic-sparkles",
            "which do you",
        ),
        ("javascript:alert(1) kinds: message.said place: #magic-sparkles", "whole address"),
    ],
)
def test_what_cannot_be_is_refused_in_words(bo: Person, cy: Person, room: Room, line: str, said: str) -> None:
    Room.make("lair", by=cy, private=True)
    with pytest.raises(Sorry, match=said):
        ask(bo, f"/webhook {line}")
    assert not Webhook.objects.exists()


def test_it_is_made_by_words_at_every_door_and_its_secret_is_shown_once(
    web: Web, bo: Person, room: Room, do: Do
) -> None:
    words = do(
        bo, "/webhook https://example.org/in kinds: incident.*, message.said place: #magic-sparkles"
    ).whisper
    secret = words.words.split("`")[1]
    assert secret.startswith("whsec_")
    hook = Webhook.objects.get()
    openly = "Bo Lund lets example.org hear of what happens here: incident.*, message.said."
    assert room.messages.filter(text=openly).exists(), "those who are in the room know of it"
    assert (hook.name, hook.kinds) == ("example.org", ["incident.*", "message.said"])
    for page in ("/settings/webhooks/", f"/settings/webhooks/{hook.pk}/"):
        assert secret not in web(bo).get(page).content.decode()
    assert (
        "made a webhook: example.org hears of #magic-sparkles" in Entry.objects.get(verb="webhook.made").words
    )
    assert "example.org" in do(bo, "/webhooks").whisper.words


def test_what_was_sent_is_kept_for_thirty_days(receiver: Receiver, bo: Person, room: Room) -> None:
    hook, _ = hook_for(receiver, bo, room=room)
    hook.test()
    carry()
    hook.sendings.update(made_at=timezone.now() - timedelta(days=31))
    hook.test()
    kind = kept["sendings"]
    old = kind.find(timezone.now() - timedelta(days=kind.days), 100)
    assert kind.remove(old) == 1
    assert hook.sendings.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_dead_receiver_delays_no_other(
    receiver: Receiver, bo: Person, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outside, "PATIENCE", 60.0)
    words = [f"word {number}" for number in range(TURN + 5)]
    carries = Carrier(told)
    with socket.socket() as dead:
        dead.bind(("127.0.0.1", 0))
        dead.listen(8)
        silent, _ = Webhook.make(
            f"http://127.0.0.1:{dead.getsockname()[1]}/", ["message.said"], by=bo, room=room
        )
        _, secret = hook_for(receiver, bo, room=room)
        carries.begin()
        for one in words:
            room.say(one, by=bo)
        wait_for(lambda: len(receiver.came) >= len(words), "all the words", 30)
        waits = silent.sendings.order_by("pk").first()
    carries.end()
    for job in carries._busy.values():
        job.result(10)
    assert [one["data"]["message"]["text"] for one in receiver.told(secret)] == words
    assert (waits.attempts, waits.sent_at) == (0, None), "the silent one was still being waited for"
