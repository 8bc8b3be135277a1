"""A key that slips into words is noticed at every door before anybody reads it, and its author chooses."""

from __future__ import annotations

import json
import re

import pytest
from click.testing import CliRunner
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from fireside.alerts.models import Alert, Group, Source
from fireside.alerts.tests.machines import hear, told
from fireside.config.cli import main
from fireside.hearth.commands import Ask, perform, say_line
from fireside.hearth.models import Doc, Draft, File, Key, Message, Webhook
from fireside.hearth.slips import Slipped, find
from fireside.postmortems.models import Postmortem, Section, Telling

pytestmark = pytest.mark.django_db
KEY = "sk" + "_live_" + "4eC39HqLyjWDarjtT1zdp7dc"  # put together, so that no scanner finds it here
WORDS = f"the key is {KEY}, is it not"
OUT = "the key is [Stripe key taken out], is it not"
HX = {"HX-Request": "true"}


@pytest.fixture
def here(room):
    return room.get_absolute_url()


def inside(file: File) -> bytes:
    with file.open() as kept:
        return kept.read()


def said(room) -> list[str]:
    return [message.text for message in room.messages.order_by("pk")]


@pytest.mark.parametrize("headers", [{}, HX], ids=["a page", "a script"])
def test_in_the_composer_nothing_is_said_the_words_stay_and_two_buttons_offer_what_to_do(
    headers, ana, room, web, here
):
    answer = web(ana).post(here, {"words": WORDS, "key": "k"}, headers=headers)
    html = answer.content.decode()
    assert answer.status_code == 422
    assert "This looks like it holds a Stripe key (sk_l…)" in html
    for choice in ("out", "anyway"):
        assert re.search(rf'<button [^>]*name="slip" value="{choice}" form="composer"', html)
    assert (WORDS in html) == (not headers), "a page brings the words back, a script has kept them"
    assert said(room) == []
    assert not Doc.objects.filter(body__contains=KEY)


@pytest.mark.parametrize(("choice", "heard"), [("out", OUT), ("anyway", WORDS)])
def test_what_was_chosen_is_done_once(choice, heard, ana, room, web, here):
    for _ in range(2):
        assert web(ana).post(here, {"words": WORDS, "key": "k", "slip": choice}).status_code == 303
    assert said(room) == [heard]
    assert Draft.words(ana, room.ref) == ""


def test_a_choice_nobody_offered_is_none(ana, room, web, here):
    assert web(ana).post(here, {"words": WORDS, "slip": "yes"}).status_code == 422
    assert said(room) == []


def test_a_command_typed_in_the_composer_and_a_reply_are_looked_at_too(ana, room, web, here):
    thread = room.say("which key?", by=ana).get_absolute_url()
    for place, words in ((here, f"/say {WORDS}"), (thread, WORDS)):
        assert web(ana).post(place, {"words": words}).status_code == 422
        assert web(ana).post(place, {"words": words, "slip": "out"}).status_code == 303
    assert [m.text for m in Message.objects.order_by("pk")] == ["which key?", OUT, OUT]


def test_a_form_of_a_command_offers_the_same(ana, room, web):
    form = {"room": room.slug, "words": WORDS}
    for headers in ({}, HX):
        answer = web(ana).post("/do/about/", form, headers=headers)
        html = answer.content.decode()
        assert (answer.status_code, html.count('name="slip"')) == (422, 2)
        assert WORDS in html
    web(ana).post("/do/about/", form | {"slip": "out"})
    room.refresh_from_db()
    assert room.about == OUT


def test_what_only_looks_is_not_asked(ana, web, room):
    assert (
        web(ana).post("/do/help/", {"verb": KEY}).status_code == 422
    )  # there is no such verb, and that is all
    assert "Stripe" not in web(ana).get("/search/", {"q": KEY}).content.decode().replace(KEY, "")


def test_the_api_says_what_it_found_and_takes_a_choice(ana, room):
    program = Client(headers={"Authorization": f"Bearer {Key.make(ana, 'x')[1]}"})

    def ask(**more):
        words = json.dumps({"words": WORDS, "room": room.slug} | more)
        return program.post("/api/do/say", words, content_type="application/json")

    answer = ask()
    assert answer.status_code == 422
    assert answer.json()["slips"] == ["a Stripe key"]
    assert answer.json()["field"] == "words"
    assert KEY not in answer.content.decode()
    assert ask(slip="why not").json()["field"] == "slip"
    assert said(room) == []
    assert [ask(slip=choice).status_code for choice in ("out", "anyway")] == [200, 200]
    assert said(room) == [OUT, WORDS]


def test_the_command_line_says_how_to_go_on(ana, room, monkeypatch):
    monkeypatch.setattr("fireside.config.serve.prepare", lambda: None)
    line = ["do", "say", *WORDS.split(), "--room", room.slug, "--as", ana.handle]
    refused = CliRunner().invoke(main, line)
    assert refused.exit_code == 1
    assert "--slip out takes it out" in refused.output
    for choice in ("out", "anyway"):
        assert CliRunner().invoke(main, [*line, "--slip", choice]).exit_code == 0
    assert said(room) == [OUT, WORDS]


def test_words_that_are_changed_are_looked_at_like_new_ones(ana, room):
    message = room.say("the key is lost", by=ana)
    with pytest.raises(Slipped):
        perform(Ask(ana, room), "edit", {"message": str(message.pk), "text": WORDS})
    perform(Ask(ana, room, slip="out"), "edit", {"message": str(message.pk), "text": WORDS})
    message.refresh_from_db()
    assert message.text == OUT


def test_something_learned_today_is_for_everybody_so_it_is_looked_at(ana):
    with pytest.raises(Slipped):
        say_line(Ask(ana), f"/til {WORDS}")


def test_a_file_of_text_is_looked_at_and_kept_without_the_key(ana, room, web, here):
    def sent(**more):
        env = SimpleUploadedFile("prod.env", f"A=1\nSTRIPE={KEY}\n".encode(), "application/octet-stream")
        return web(ana).post(here, {"words": "see", "key": "k", "files": env} | more)

    assert sent().status_code == 422
    assert not File.objects.exists()
    assert sent(slip="out").status_code == 303
    assert inside(File.objects.get()) == b"A=1\nSTRIPE=[Stripe key taken out]\n"
    sent(slip="anyway", key="k2")
    assert KEY.encode() in inside(File.objects.last())


# -- Slack -------------------------------------------------------------------------------------------------


@pytest.fixture
def channel(slack, room):
    return slack.channel(room)


@pytest.mark.parametrize(("label", "heard"), [("Take it out and say it", OUT), ("Say it anyway", WORDS)])
def test_a_command_in_slack_warns_its_author_alone_who_presses_what_to_do(
    label, heard, slack, channel, room, ana, bo
):
    user = slack.stands_in(ana, channel)
    user.types(channel, f"/fireside about {WORDS}")
    slack.settle()
    warning = user.sees(channel)[-1]
    assert warning.ephemeral
    assert "looks like it holds a Stripe key" in warning.words
    assert slack.user(bo).reads(channel) == []
    user.presses(channel, warning.ts, label)
    slack.settle()
    room.refresh_from_db()
    assert room.about == heard


def test_a_form_in_slack_asks_and_takes_it_out_unless_told_otherwise(slack, channel, room, ana):
    user = slack.stands_in(ana, channel)
    user.types(channel, "/fireside about")
    slack.settle()
    user.fills({"words": WORDS})
    user.submits()
    assert "looks like it holds a Stripe key" in user.modal.words
    user.submits()
    slack.settle()
    room.refresh_from_db()
    assert (user.modal, room.about) == (None, OUT)


def test_what_was_already_said_in_slack_is_not_copied_and_its_author_hears_what_helps(
    slack, channel, room, ana, bo
):
    user = slack.stands_in(ana, channel)
    ts = user.says(channel, WORDS, files=[("prod.env", "text/plain", f"KEY={KEY}".encode())])
    slack.settle()
    [message] = room.messages.all()
    assert "Stripe key taken out" in message.text
    assert message.text.replace("\\", "") == OUT
    assert inside(message.files.get()) == b"KEY=[Stripe key taken out]"
    assert not Doc.objects.filter(body__contains=KEY)
    warning = user.sees(channel)[-1]
    assert warning.ephemeral
    assert "Fireside has not copied it" in warning.words
    assert "end it there and make a new one" in warning.words
    assert not [m for m in slack.stands_in(bo, channel).sees(channel) if m.ephemeral]
    user.edits(channel, ts, f"so: {WORDS}")
    slack.settle()
    message.refresh_from_db()
    assert message.text.replace("\\", "") == f"so: {OUT}"


# -- machines and long forms -------------------------------------------------------------------------------


def test_a_machine_cannot_be_asked_so_its_key_is_taken_out_and_the_alert_is_heard(org):
    source = Source.make("Prometheus")[0]
    notes = {"summary": "Payments are refused", "description": f"login with {KEY} failed"}
    hear(source, told(annotations=notes, labels={"dsn": "postgres://u:n0t-a-w0rd@db/x", "shard": "7"}))
    [alert] = Alert.objects.all()
    assert alert.annotations["description"] == "login with [Stripe key taken out] failed"
    assert (alert.labels["dsn"], alert.labels["shard"]) == ("postgres://u:[password taken out]@db/x", "7")
    group = Group.objects.get()
    assert group.title == "Payments are refused"
    assert KEY not in json.dumps(group.message.card)


def test_the_words_of_a_postmortem_are_looked_at_and_stay_with_their_writer(ana, bo, room, web, do_incident):
    record = Postmortem.objects.get()
    page = f"{record.get_absolute_url()}write/summary/"
    form = {"words": WORDS, "revision": "0"}
    answer = web(ana).post(page, form)
    html = answer.content.decode()
    assert (answer.status_code, html.count('name="slip"')) == (422, 2)
    assert WORDS in html
    assert not Section.objects.filter(words__contains=KEY)
    assert web(ana).post(page, form | {"slip": "out"}).status_code == 303
    assert Section.objects.get(kind="summary").words == OUT


def test_a_telling_nobody_reads_yet_is_looked_at_all_the_same(ana, web, do_incident):
    record = Postmortem.objects.get()
    moment = {"at": "2026-11-24T09:00", "saw": WORDS, "knew": "", "thought": ""}
    answer = web(ana).post(record.telling_url, moment)
    assert (answer.status_code, answer.content.decode().count('name="slip"')) == (422, 2)
    assert web(ana).post(record.telling_url, moment | {"slip": "out"}).status_code == 303
    assert Telling.mine(record, ana).moments.get().saw == OUT


@pytest.fixture
def do_incident(ana, room):
    """An incident that is over, and the post-mortem that came of it."""
    from fireside.hearth.workflows import settle
    from fireside.incidents.models import Incident

    Incident.open("Customers cannot pay", by=ana, origin=room).close(by=ana)
    settle()


def test_what_we_hand_out_ourselves_is_known_and_told_where_it_ends(ana):
    """Keys, tokens of sources and secrets of webhooks as they are made now, and keys as they were before."""
    key, token = Key.make(ana, "deploys")[1], Source.make("Prometheus", by=ana)[1]
    secret = Webhook.make("https://hooks.example.org/", ["incident.*"], by=ana)[1]
    handed = {
        key: "My keys",
        token: "Connect your Prometheus",
        secret: "Webhooks",
        f"fs_aB3{key[6:46]}": "My keys",
    }
    for ours, where in handed.items():
        [slip] = find(f"it is {ours}, is it not")
        assert (slip.start, slip.end) == (6, 6 + len(ours))
        assert where in slip.kind.renew
    for start in ("fs_", "fi_"):
        wrong = f"{start}aB3{key[6:46]}00000000"
        assert find(wrong) == [], "the checksum says that it is none of ours"
