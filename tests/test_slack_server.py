"""The stand-in for Slack behaves as Slack does, seen through Slack's own client library."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode import SocketModeClient
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.webhook import WebhookClient

from tests.slack_server import Channel, SlackServer, User, Workspace

pytestmark = pytest.mark.slack

Json = dict[str, Any]
SCOPES = [
    "app_mentions:read", "bookmarks:read", "bookmarks:write", "channels:history", "channels:join",
    "channels:manage", "channels:read", "chat:write", "commands", "files:read", "files:write",
    "groups:history", "groups:read", "groups:write", "im:history", "im:write", "pins:read", "pins:write",
    "reactions:read", "reactions:write", "team:read", "usergroups:read", "users:read", "users:read.email",
]  # fmt: skip
EVENTS = [
    "app_home_opened", "app_mention", "app_uninstalled", "channel_archive", "channel_rename",
    "member_joined_channel", "message.channels", "message.groups", "message.im", "pin_added",
    "reaction_added", "reaction_removed", "tokens_revoked", "user_change",
]  # fmt: skip
HOST = "https://fireside.example.org"


def manifest(**settings: Any) -> Json:
    return {
        "display_information": {"name": "Fireside"},
        "features": {
            "app_home": {"home_tab_enabled": True, "messages_tab_enabled": True},
            "bot_user": {"display_name": "fireside"},
            "slash_commands": [{"command": "/incident", "url": f"{HOST}/slack/events", "should_escape": True},
                               {"command": "/plain", "url": f"{HOST}/slack/events"}],
            "shortcuts": [{"name": "Add", "type": "message", "callback_id": "timeline_add"},
                          {"name": "Drift", "type": "global", "callback_id": "drift_open"}],
        },
        "oauth_config": {"redirect_urls": [f"{HOST}/slack/oauth_redirect"], "scopes": {"bot": SCOPES[:]}},
        "settings": {
            "event_subscriptions": {"request_url": f"{HOST}/slack/events", "bot_events": EVENTS[:]},
            "interactivity": {"is_enabled": True, "request_url": f"{HOST}/slack/events"},
            **settings,
        },
    }  # fmt: skip


class Listening:
    """An app that keeps what it hears, and answers what it was told to answer."""

    def __init__(self) -> None:
        self.heard: list[Json] = []
        self.headers: list[dict[str, str]] = []
        self.answers: list[tuple[int, bytes]] = []
        self.then: Callable[[Json], tuple[int, bytes] | None] = lambda _: None

    def __call__(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        assert path == "/slack/events"
        if headers["Content-Type"] == "application/json":
            payload = json.loads(body)
        else:
            form = dict(parse_qsl(body.decode(), keep_blank_values=True))
            payload = json.loads(form["payload"]) if "payload" in form else form
        self.heard.append(payload)
        self.headers.append(headers)
        return self.then(payload) or (self.answers.pop(0) if self.answers else (200, b""))

    @property
    def command(self) -> Json:
        return next(told for told in reversed(self.heard) if "command" in told)

    @property
    def events(self) -> list[Json]:
        return [told["event"] for told in self.heard if told.get("type") == "event_callback"]

    def of(self, kind: str) -> list[Json]:
        return [event for event in self.events if event["type"] == kind]


@pytest.fixture
def server() -> Iterator[SlackServer]:
    with SlackServer() as running:
        yield running


class House:
    """Unicorn Rentals in Slack, with the app let in and its bot in #payments."""

    def __init__(self, server: SlackServer) -> None:
        self.server = server
        self.app_hears = Listening()
        self.app = server.app(manifest(), deliver=self.app_hears)
        self.here: Workspace = server.workspace("T111", name="Unicorn Rentals")
        self.ana: User = self.here.user(
            "Ana Ngata", name="ana", email="ana@example.org", tz="Pacific/Auckland"
        )
        self.bo: User = self.here.user("Bo Lund", name="bo")
        self.payments: Channel = self.here.channel("payments", members=[self.ana, self.bo])
        self.cave: Channel = self.here.channel("cave", private=True, members=[self.ana])
        self.token = self.here.install(self.app)
        self.bot = self.here.bot(self.app)
        self.payments.invite(self.bot)
        self.client = WebClient(self.token, base_url=server.url, retry_handlers=[])
        self.app_hears.heard.clear()

    def refused(self, method: str, **args: Any) -> str:
        with pytest.raises(SlackApiError) as told:
            getattr(self.client, method)(**args)
        return str(told.value.response["error"])


@pytest.fixture
def house(server: SlackServer) -> House:
    return House(server)


def button(words: str, **more: Any) -> Json:
    return {
        "type": "button",
        "text": {"type": "plain_text", "text": words},
        "action_id": f"do:{words}",
        **more,
    }


def section(words: str) -> Json:
    return {"type": "section", "text": {"type": "mrkdwn", "text": words}}


def modal(*blocks: Json, **more: Any) -> Json:
    title, submit = ({"type": "plain_text", "text": words} for words in ("New incident", "Open"))
    return {"type": "modal", "title": title, "submit": submit, "blocks": list(blocks), **more}


def asks(block_id: str, kind: str = "plain_text_input", **element: Any) -> Json:
    label = {"type": "plain_text", "text": block_id.capitalize()}
    return {"type": "input", "block_id": block_id, "label": label,
            "element": {"type": kind, "action_id": "given", **element}}  # fmt: skip


def option(words: str) -> Json:
    return {"text": {"type": "plain_text", "text": words}, "value": words.lower()}


# -- what people say, and what the app hears of it


def test_an_app_hears_what_is_said_where_its_bot_is_and_only_there(house: House) -> None:
    ts = house.ana.says(house.payments, "customers cannot pay & @bo is asleep, see #payments")
    house.ana.says(house.cave, "a woozle")
    [told] = house.app_hears.of("message")
    assert (
        told["text"]
        == f"customers cannot pay &amp; <@{house.bo.id}> is asleep, see <#{house.payments.id}|payments>"
    )
    assert (told["ts"], told["event_ts"], told["channel_type"], told["team"]) == (ts, ts, "channel", "T111")
    assert told["client_msg_id"]
    assert {"type": "user", "user_id": house.bo.id} in told["blocks"][0]["elements"][0]["elements"]
    envelope = house.app_hears.heard[0]
    assert envelope["api_app_id"] == house.app.id
    assert envelope["authorizations"][0]["user_id"] == house.bot.id
    assert house.bo.reads(house.payments) == ["customers cannot pay & @Bo Lund is asleep, see #payments"]
    with pytest.raises(LookupError):
        house.bo.sees(house.cave)


def test_each_delivery_is_signed_over_its_raw_body(house: House) -> None:
    house.ana.says(house.payments, "hello")
    sent = house.server.deliveries[-1]
    base = b"v0:" + sent.headers["X-Slack-Request-Timestamp"].encode() + b":" + sent.body
    right = hmac.new(house.app.signing_secret.encode(), base, hashlib.sha256).hexdigest()
    assert sent.headers["X-Slack-Signature"] == f"v0={right}"
    house.server.replay(age=600)
    again = house.server.deliveries[-1]
    assert again.body == sent.body
    assert int(again.headers["X-Slack-Request-Timestamp"]) <= time.time() - 600


def test_edits_deletions_and_marks_are_told_with_what_was_there_before(house: House) -> None:
    ts = house.ana.says(house.payments, "custmers cannot pay")
    house.ana.edits(house.payments, ts, "customers cannot pay")
    house.bo.reacts(house.payments, ts, "clap")
    house.bo.pins(house.payments, ts)
    house.bo.unreacts(house.payments, ts, "clap")
    house.ana.deletes(house.payments, ts)
    said, edited, deleted = house.app_hears.of("message")
    assert edited["subtype"] == "message_changed"
    assert edited["message"]["edited"]["user"] == house.ana.id
    assert edited["previous_message"]["text"] == said["text"]
    assert (deleted["subtype"], deleted["deleted_ts"]) == ("message_deleted", ts)
    [clap] = house.app_hears.of("reaction_added")
    assert (clap["reaction"], clap["item"]["ts"], clap["item_user"]) == ("clap", ts, house.ana.id)
    assert house.app_hears.of("pin_added")[0]["item"]["message"]["text"] == "customers cannot pay"
    assert house.app_hears.of("reaction_removed")
    assert house.ana.sees(house.payments) == []


def test_a_deleted_head_of_a_thread_leaves_a_tombstone_and_a_preview_is_an_edit_by_nobody(
    house: House,
) -> None:
    ts = house.ana.says(house.payments, "see https://example.org/")
    house.server.unfurls(house.payments, ts)
    seen = house.app_hears.of("message")[-1]
    assert seen["hidden"]
    assert "edited" not in seen["message"]
    house.bo.says(house.payments, "looking", thread=ts)
    assert house.app_hears.of("message")[-1]["thread_ts"] == ts
    house.ana.deletes(house.payments, ts)
    assert house.app_hears.of("message")[-1]["message"]["subtype"] == "tombstone"
    assert house.bo.reads(house.payments) == ["This message was deleted."]
    assert house.bo.reads(house.payments, thread=ts)[1] == "looking"


def test_a_mention_a_direct_message_and_a_file_have_events_of_their_own(house: House) -> None:
    house.ana.says(house.payments, "@fireside what now?")
    assert house.app_hears.of("app_mention")[0]["text"] == f"<@{house.bot.id}> what now?"
    house.ana.says(house.ana.dm(house.bot), "just between us")
    assert house.app_hears.of("message")[-1]["channel_type"] == "im"
    house.ana.says(house.payments, "the graph", files=[("graph.png", "image/png", b"\x89PNG")])
    shared = house.app_hears.of("message")[-1]
    assert shared["subtype"] == "file_share"
    url = shared["files"][0]["url_private"]
    assert fetched(url, house.token) == b"\x89PNG"
    assert b"Sign in" in fetched(url, "xoxb-nobody")
    assert house.ana.reads(house.payments)[-1] == "the graph\ngraph.png"


def test_an_app_without_the_scope_or_the_subscription_hears_nothing(house: House) -> None:
    house.here.install(house.app, scopes=["chat:write", "reactions:read"])
    ts = house.ana.says(house.payments, "hello")
    house.ana.reacts(house.payments, ts, "eyes")
    assert [event["type"] for event in house.app_hears.events] == ["reaction_added"]


def test_an_event_that_is_not_taken_comes_again_three_times(house: House) -> None:
    house.app_hears.answers = [(500, b""), (404, b"")]
    house.ana.says(house.payments, "hello")
    assert [h.get("X-Slack-Retry-Num") for h in house.app_hears.headers[-3:]] == [None, "1", "2"]
    assert house.app_hears.headers[-1]["X-Slack-Retry-Reason"] == "http_error"
    assert len({told["event_id"] for told in house.app_hears.heard}) == 1
    house.app_hears.answers = [(500, b"")] * 9
    house.ana.says(house.payments, "still there?")
    assert len(house.app_hears.heard) == 3 + 4


def test_copies_and_disorder_come_on_demand(house: House) -> None:
    house.server.duplicate = house.server.reorder = True
    house.server.auto = False
    for number in range(9):
        house.ana.says(house.payments, f"number {number}")
    assert house.app_hears.heard == []
    house.server.pump()
    heard = [event["text"] for event in house.app_hears.events]
    assert len(heard) == 18
    assert heard != sorted(heard)


# -- commands, shortcuts and buttons


def test_a_command_brings_names_as_ids_and_its_answer_is_seen_by_the_asker_alone(house: House) -> None:
    house.app_hears.answers = [(200, b"Opened.")]
    answer = house.ana.types(house.payments, "/incident @bo & others cannot pay, see #payments")
    assert (answer.status, answer.body) == (200, "Opened.")
    told = house.app_hears.heard[-1]
    assert told["text"] == f"<@{house.bo.id}|bo> &amp; others cannot pay, see <#{house.payments.id}|payments>"
    assert (told["channel_name"], told["is_enterprise_install"]) == ("payments", "false")
    assert house.ana.reads(house.payments) == ["Opened."]
    assert house.bo.reads(house.payments) == []
    house.ana.types(house.cave, "/plain @bo")
    assert house.app_hears.heard[-1]["text"] == "@bo"
    assert house.app_hears.heard[-1]["channel_name"] == "privategroup"


def test_a_command_nobody_takes_says_so_to_the_person(house: House) -> None:
    house.app_hears.answers = [(500, b"")]
    house.ana.types(house.payments, "/incident help")
    house.server.patience = 0.01
    house.app_hears.then = lambda _: (time.sleep(0.02), (200, b"late"))[1]
    house.ana.types(house.payments, "/incident help")
    failed = house.ana.reads(house.payments)
    assert ["dispatch_failed" in failed[0], "operation_timeout" in failed[1]] == [True, True]
    assert "an answer took" in house.server.violations[0]


def test_a_response_url_works_five_times_in_half_an_hour(house: House) -> None:
    house.ana.types(house.payments, "/incident help")
    hook = WebhookClient(house.app_hears.command["response_url"])
    assert hook.send(text="for all", response_type="in_channel").status_code == 200
    assert [hook.send(text=f"{n}").status_code for n in range(5)] == [200, 200, 200, 200, 404]
    assert "used_url" in hook.send(text="more").body
    assert house.bo.reads(house.payments) == ["for all"]
    house.ana.types(house.payments, "/incident help")
    house.server.advance(1801)
    assert "expired_url" in WebhookClient(house.app_hears.command["response_url"]).send(text="late").body


def test_a_button_on_an_aside_can_replace_the_aside_but_brings_no_message(house: House) -> None:
    blocks = [section("Who leads?"), {"type": "actions", "elements": [button("I lead", value="ana")]}]
    sent = house.client.chat_postEphemeral(
        channel=house.payments.id, user=house.ana.id, text="Who?", blocks=blocks
    )
    [aside] = house.ana.sees(house.payments)
    assert aside.ephemeral
    assert aside.words == "Who leads?\n[I lead]"
    house.ana.presses(house.payments, sent["message_ts"], "I lead")
    told = house.app_hears.heard[-1]
    assert "message" not in told
    assert told["container"]["is_ephemeral"]
    assert told["actions"][0]["value"] == "ana"
    WebhookClient(told["response_url"]).send(text="You lead.", replace_original=True)
    assert house.ana.reads(house.payments) == ["You lead."]
    assert (
        house.refused("chat_update", channel=house.payments.id, ts=sent["message_ts"], text="x")
        == "message_not_found"
    )
    WebhookClient(told["response_url"]).send(delete_original=True)
    assert house.ana.reads(house.payments) == []


def test_a_button_and_a_menu_on_a_message_bring_it_along(house: House) -> None:
    menu = {"type": "static_select", "action_id": "pick", "options": [option("High"), option("Low")],
            "placeholder": {"type": "plain_text", "text": "How bad"}}  # fmt: skip
    blocks = [{"type": "actions", "block_id": "row", "elements": [button("Close"), menu]}]
    ts = house.client.chat_postMessage(channel=house.payments.id, text="An incident", blocks=blocks)["ts"]
    house.server.pump()
    house.bo.chooses(house.payments, ts, "How bad", "Low")
    assert house.app_hears.heard[-1]["actions"][0]["selected_option"]["value"] == "low"
    house.bo.presses(house.payments, ts, "Close")
    told = house.app_hears.heard[-1]
    assert told["message"]["ts"] == ts
    assert told["state"]["values"]["row"]["pick"]["selected_option"]["value"] == "low"
    with pytest.raises(LookupError, match="Close"):
        house.bo.presses(house.payments, ts, "Open")


def test_shortcuts_bring_the_message_they_were_used_on(house: House) -> None:
    ts = house.bo.says(house.payments, "it began at nine")
    house.ana.uses("timeline_add", house.payments, ts)
    told = house.app_hears.heard[-1]
    assert (told["type"], told["message"]["text"], told["user"]["id"]) == (
        "message_action", "it began at nine", house.ana.id,
    )  # fmt: skip
    house.ana.uses("drift_open")
    assert house.app_hears.heard[-1]["type"] == "shortcut"


# -- modals and home


def opening(house: House, view: Json) -> None:
    house.app_hears.then = lambda told: (
        house.client.views_open(trigger_id=told["trigger_id"], view=view) and None
        if "command" in told
        else None
    )
    house.ana.types(house.payments, "/incident")


def test_a_modal_is_filled_sent_refused_beside_its_field_and_closed(house: House) -> None:
    view = modal(
        asks("what", max_length=20), asks("bad", "static_select", options=[option("High"), option("Low")]),
        asks("who", "users_select"), asks("why", min_length=3) | {"optional": True},
        callback_id="open", private_metadata="r1",
    )  # fmt: skip
    opening(house, view)
    assert house.ana.modal is not None
    assert house.ana.modal.title == "New incident"
    assert house.ana.submits().status == 0
    assert set(house.ana.errors) == {"what", "bad", "who"}
    with pytest.raises(ValueError, match="20 characters"):
        house.ana.fills({"what": "x" * 21})
    house.ana.fills({"what": "no payments", "bad": "High", "who": house.bo})
    house.app_hears.answers = [
        (200, json.dumps({"response_action": "errors", "errors": {"what": "Say more"}}).encode())
    ]
    house.ana.submits()
    assert house.ana.errors == {"what": "Say more"}
    house.ana.submits()
    assert house.ana.modal is None
    sent = house.app_hears.heard[-1]["view"]
    assert sent["private_metadata"] == "r1"
    values = {place: held["given"] for place, held in sent["state"]["values"].items()}
    assert values["what"] == {"type": "plain_text_input", "value": "no payments"}
    assert values["bad"]["selected_option"]["value"] == "high"
    assert values["who"]["selected_user"] == house.bo.id
    assert values["why"]["value"] is None
    assert house.server.violations == []


def test_errors_beside_no_field_are_trouble_connecting(house: House) -> None:
    opening(house, modal(asks("what")))
    house.ana.fills({"what": "no payments"})
    house.app_hears.answers = [
        (200, json.dumps({"response_action": "errors", "errors": {"else": "no"}}).encode())
    ]
    house.ana.submits()
    assert house.ana.errors == {"": "We had some trouble connecting. Try again?"}
    assert house.ana.modal is not None
    assert "name no input" in house.server.violations[-1]


def test_a_trigger_works_once_and_for_three_seconds(house: House) -> None:
    opening(house, modal(asks("what")))
    used = house.app_hears.heard[-1]["trigger_id"]
    assert house.refused("views_open", trigger_id=used, view=modal(asks("what"))) == "exchanged_trigger_id"
    house.app_hears.then = lambda _: None
    house.ana.types(house.payments, "/incident")
    house.server.advance(3.1)
    late = house.app_hears.heard[-1]["trigger_id"]
    assert house.refused("views_open", trigger_id=late, view=modal(asks("what"))) == "expired_trigger_id"
    assert (
        house.refused("views_open", trigger_id="12.34.ab", view=modal(asks("what"))) == "invalid_trigger_id"
    )


def test_modals_lie_three_deep_and_keep_what_was_typed_when_they_are_updated(house: House) -> None:
    deeper = {"type": "actions", "elements": [button("Deeper")]}
    opening(house, modal(asks("what"), deeper, notify_on_close=True))
    house.ana.fills({"what": "no payments"})
    root = house.ana.modal
    assert root is not None
    house.client.views_update(view_id=root.id, hash=root.hash, view=modal(asks("what"), asks("more"), deeper))
    assert root.state["what"]["given"]["value"] == "no payments"
    assert (
        house.refused("views_update", view_id=root.id, hash="old", view=modal(asks("what")))
        == "hash_conflict"
    )
    view = {k: v for k, v in modal(deeper).items() if k != "submit"}
    refused = []

    def push(told: Json) -> None:
        try:
            house.client.views_push(trigger_id=told["trigger_id"], view=view)
        except SlackApiError as error:
            refused.append(error.response["error"])

    house.app_hears.then = push
    for _ in range(3):
        house.ana.presses_in(house.ana.modal, "Deeper")
    assert refused == ["push_limit_reached"]
    house.app_hears.then = lambda _: None
    house.ana.closes()
    house.ana.closes()
    assert house.ana.modal is root
    assert root.words.startswith("New incident\nWhat")


def test_options_come_from_the_app_while_typing(house: House) -> None:
    opening(house, modal(asks("system", "external_select", min_query_length=1)))
    house.app_hears.answers = [(200, json.dumps({"options": [option("Payments")]}).encode())]
    assert [o["value"] for o in house.ana.suggestions("system", "pay")] == ["payments"]
    assert house.app_hears.heard[-1]["value"] == "pay"
    house.ana.fills({"system": "Payments"})
    house.ana.submits()
    assert house.ana.modal is None


def test_a_home_tab_is_published_for_one_person(house: House) -> None:
    house.ana.opens_home()
    [opened] = house.app_hears.of("app_home_opened")
    view = {
        "type": "home",
        "blocks": [section("Good morning, Ana"), {"type": "actions", "elements": [button("TIL")]}],
    }
    house.client.views_publish(user_id=opened["user"], view=view)
    assert house.ana.home is not None
    assert house.ana.home.words == "Good morning, Ana\n[TIL]"
    assert house.bo.home is None
    house.ana.presses_in(house.ana.home, "TIL")
    assert house.app_hears.heard[-1]["view"]["type"] == "home"


# -- what the app calls


def test_posting_is_refused_where_slack_refuses_it(house: House) -> None:
    other = house.here.channel("other", members=[house.bo])
    assert house.refused("chat_postMessage", channel=other.id, text="x") == "not_in_channel"
    assert house.refused("chat_postMessage", channel=house.cave.id, text="x") == "channel_not_found"
    blank = {"channel": house.payments.id, "text": " \n"}
    with pytest.warns(UserWarning, match="text"):
        assert house.refused("chat_postMessage", **blank) == "no_text"
    assert house.refused(
        "chat_postMessage", channel=house.payments.id, text="x", thread_ts="1700000000.000100"
    ) == ("thread_not_found")
    assert (
        house.refused("chat_postEphemeral", channel=other.id, user=house.bo.id, text="x") == "not_in_channel"
    )
    ts = house.ana.says(house.payments, "mine")
    assert (
        house.refused("chat_update", channel=house.payments.id, ts=ts, text="yours") == "cant_update_message"
    )
    mine = house.client.chat_postMessage(channel=house.payments.id, text="ours")["ts"]
    assert house.refused("chat_update", channel=house.payments.id, ts=mine, text="x" * 4001) == "msg_too_long"
    house.ana.archives(house.payments)
    assert house.refused("chat_postMessage", channel=house.payments.id, text="x") == "is_archived"
    assert house.refused("chat_update", channel=house.payments.id, ts=mine, text="x") == "is_inactive"


def test_blocks_that_are_left_out_of_an_update_stay_and_the_app_hears_its_own_words(house: House) -> None:
    sent = house.client.chat_postMessage(
        channel=house.payments.id, text="An incident", blocks=[section("*Head*")]
    )
    house.client.chat_update(channel=house.payments.id, ts=sent["ts"], text="A calmer incident")
    [message] = house.ana.sees(house.payments)
    assert (message.words, message.text) == ("*Head*", "A calmer incident")
    house.client.chat_update(channel=house.payments.id, ts=sent["ts"], text="Words only", blocks=[])
    assert house.ana.reads(house.payments) == ["Words only"]
    house.server.pump()
    told = house.app_hears.of("message")[0]
    assert (told["bot_id"], told["app_id"]) == (house.app.bot_id, house.app.id)
    house.client.chat_postMessage(channel=house.ana.id, text="just for you")
    assert house.ana.reads(house.ana.dm(house.bot)) == ["just for you"]


def test_what_is_sloppy_is_remembered(house: House) -> None:
    house.client.chat_postMessage(channel=house.payments.id, text="<!channel> fire", unfurl_linkz=True)
    with pytest.warns(UserWarning, match="text"):
        house.client.chat_postMessage(channel=house.payments.id, blocks=[section("no words")], text="")
    meta = {"event_type": "said", "event_payload": {"id": "m1"}}
    for _ in range(2):
        house.client.chat_postMessage(channel=house.payments.id, text="twice", metadata=meta)
    assert house.refused("api_call", api_method="chat.shout") == "unknown_method"
    house.client.api_call("auth.test", params={})
    urllib.request.urlopen(f"{house.server.url}auth.test?token={house.token}").close()
    found = "\n".join(house.server.violations)
    for words in ("ring everyone", "unknown argument 'unfurl_linkz'", "blocks without text", "posted twice",
                  "no such method", "a token stands in the query"):  # fmt: skip
        assert words in found


def test_a_scope_that_is_missing_is_named(house: House) -> None:
    house.here.install(house.app, scopes=["chat:write"])
    with pytest.raises(SlackApiError) as told:
        house.client.users_info(user=house.ana.id)
    assert told.value.response["needed"] == "users:read"
    assert told.value.response["provided"] == "chat:write"
    assert told.value.response.headers["x-oauth-scopes"] == "chat:write"


def test_channels_are_made_described_joined_and_archived(house: House) -> None:
    client = house.client
    made = client.conversations_create(name="inc-12-payments")["channel"]["id"]
    assert house.refused("conversations_create", name="inc-12-payments") == "name_taken"
    assert house.refused("conversations_create", name="Inc 12") == "invalid_name_specials"
    assert house.refused("conversations_create", name="x" * 81) == "invalid_name_maxlength"
    client.conversations_invite(channel=made, users=[house.ana.id, house.bo.id])
    assert house.refused("conversations_invite", channel=made, users=house.ana.id) == "already_in_channel"
    cy = house.here.user("Cy Park", name="cy")
    mixed = client.conversations_invite(channel=made, users=f"{house.ana.id},{cy.id}", force=True)
    assert mixed["errors"] == [{"ok": False, "error": "already_in_channel", "user": house.ana.id}]
    assert house.refused("conversations_setTopic", channel=made, topic="x" * 251) == "too_long"
    client.conversations_setTopic(channel=made, topic="No payments")
    client.conversations_rename(channel=made, name="inc-12-done")
    assert house.refused("conversations_rename", channel=house.payments.id, name="mine") == "not_authorized"
    client.conversations_archive(channel=made)
    assert house.refused("conversations_archive", channel=made) == "already_archived"
    assert client.conversations_info(channel=made)["channel"]["topic"]["value"] == "No payments"
    listed = client.conversations_list(exclude_archived=True, types="public_channel,private_channel")[
        "channels"
    ]
    assert [c["name"] for c in listed] == ["payments"]
    assert client.conversations_members(channel=made, limit=2)["response_metadata"]["next_cursor"]
    house.server.pump()
    assert house.app_hears.of("channel_archive")[0]["channel"] == made


def test_marks_are_added_once(house: House) -> None:
    here, ts = house.payments.id, house.ana.says(house.payments, "hello")
    house.client.reactions_add(channel=here, name="clap", timestamp=ts)
    assert house.refused("reactions_add", channel=here, name="clap", timestamp=ts) == "already_reacted"
    assert house.refused("reactions_add", channel=here, name=":clap:", timestamp=ts) == "invalid_name"
    assert house.ana.sees(house.payments)[0].reactions == {"clap": [house.bot.id]}
    house.client.reactions_remove(channel=here, name="clap", timestamp=ts)
    assert house.refused("reactions_remove", channel=here, name="clap", timestamp=ts) == "no_reaction"
    house.client.pins_add(channel=here, timestamp=ts)
    assert house.refused("pins_add", channel=here, timestamp=ts) == "already_pinned"
    assert house.payments.pins == [ts]
    kept = house.client.bookmarks_add(channel_id=here, title="Room", type="link", link=f"{HOST}/r/1")[
        "bookmark"
    ]
    assert (
        house.refused("bookmarks_add", channel_id=here, title="Bad", type="link", link="ftp://x")
        == "invalid_link"
    )
    house.client.bookmarks_remove(bookmark_id=kept["id"], channel_id=here)
    assert house.payments.bookmarks == []


def test_history_is_read_from_the_newest_and_threads_from_their_head(house: House) -> None:
    first = house.ana.says(house.payments, "first")
    house.bo.says(house.payments, "a reply", thread=first)
    meta = {"event_type": "said", "event_payload": {"id": "m1"}}
    last = house.client.chat_postMessage(channel=house.payments.id, text="last", metadata=meta)["ts"]
    read = house.client.conversations_history(channel=house.payments.id, latest=last, inclusive=True, limit=1)
    assert [m["text"] for m in read["messages"]] == ["last"]
    assert read["has_more"]
    assert "metadata" not in read["messages"][0]
    full = house.client.conversations_history(channel=house.payments.id, include_all_metadata=True)[
        "messages"
    ]
    assert full[0]["metadata"] == meta
    assert next(m for m in full if m["ts"] == first)["reply_count"] == 1
    thread = house.client.conversations_replies(channel=house.payments.id, ts=first)["messages"]
    assert [m["text"] for m in thread] == ["first", "a reply"]


def test_who_is_there_is_told_as_far_as_the_scopes_go(house: House) -> None:
    told = house.client.users_info(user=house.ana.id)["user"]
    assert (told["tz"], told["profile"]["email"]) == ("Pacific/Auckland", "ana@example.org")
    assert house.client.users_lookupByEmail(email="ANA@example.org")["user"]["id"] == house.ana.id
    assert house.refused("users_lookupByEmail", email="no@example.org") == "users_not_found"
    assert house.refused("usergroups_list") == "plan_upgrade_required"
    house.here.paid = True
    house.here.group("on-call", "On call", [house.ana])
    assert house.client.usergroups_list(include_users=True)["usergroups"][0]["users"] == [house.ana.id]
    assert {user["id"] for user in house.client.users_list()["members"]} >= {house.ana.id, house.bot.id}
    house.ana.becomes(tz="Europe/Berlin")
    assert house.app_hears.of("user_change")[-1]["user"]["tz"] == "Europe/Berlin"
    assert house.client.team_info()["team"]["name"] == "Unicorn Rentals"


def test_a_file_goes_up_in_three_steps_and_can_stand_in_a_message(house: House) -> None:
    sent = house.client.files_upload_v2(
        filename="burn.png", content=b"\x89PNG", channel=house.payments.id, title="Burn"
    )
    ident = sent["file"]["id"]
    assert house.ana.reads(house.payments) == ["burn.png"]
    picture = {"type": "image", "slack_file": {"id": ident}, "alt_text": "burn is high"}
    house.client.chat_postMessage(channel=house.payments.id, text="burn", blocks=[picture])
    assert house.ana.reads(house.payments)[-1] == "burn is high"
    wrong = {"type": "image", "slack_file": {"id": "F0"}, "alt_text": "nothing"}
    assert (
        house.refused("chat_postMessage", channel=house.payments.id, text="x", blocks=[wrong])
        == "invalid_blocks"
    )


# -- faults and limits


def test_faults_happen_as_often_as_was_asked(house: House) -> None:
    server, here = house.server, house.payments.id
    server.fail("chat.postMessage", "429", retry_after=7)
    with pytest.raises(SlackApiError) as told:
        house.client.chat_postMessage(channel=here, text="one")
    assert told.value.response.headers["retry-after"] == "7"
    server.fail("chat.postMessage", "channel_not_found", after=1)
    house.client.chat_postMessage(channel=here, text="two")
    assert house.refused("chat_postMessage", channel=here, text="three") == "channel_not_found"
    server.fail("*", "503")
    with pytest.raises(SlackApiError):
        house.client.auth_test()
    server.fail("chat.postMessage", "reset")
    server.fail("chat.postMessage", "lost", after=1)
    for _ in range(2):
        with pytest.raises((ConnectionError, urllib.error.URLError)):
            house.client.chat_postMessage(channel=here, text="four")
    assert house.ana.reads(house.payments) == ["two", "four"]
    assert server.calls[-1].method == "chat.postMessage"


def test_rate_limits_are_slacks_own_when_they_are_on(house: House) -> None:
    house.server.limits = "slack"
    for number in range(3):
        house.client.chat_postMessage(channel=house.payments.id, text=f"{number}")
    assert house.refused("chat_postMessage", channel=house.payments.id, text="4") == "ratelimited"
    house.server.advance(1)
    house.client.chat_postMessage(channel=house.payments.id, text="4")
    for _ in range(20):
        house.client.users_list()
    with pytest.raises(SlackApiError) as told:
        house.client.users_list()
    assert 55 <= int(told.value.response.headers["retry-after"]) <= 60
    assert [call.method for call in house.server.limited] == ["chat.postMessage", "users.list"]


# -- coming in and going out


def follow(server: SlackServer, **query: str) -> dict[str, list[str]]:
    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_: object) -> None:
            return None

    try:
        urllib.request.build_opener(Stay).open(f"{server.authorize_url}?{urlencode(query)}").close()
    except urllib.error.HTTPError as answer:
        answer.close()
        return parse_qs(urlsplit(answer.headers["Location"]).query)
    raise AssertionError("nobody was sent back")


def fetched(url: str, token: str) -> bytes:
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request) as answer:
        return bytes(answer.read())


def test_an_installation_by_oauth_has_a_code_that_works_once_and_tokens_that_rotate(
    server: SlackServer,
) -> None:
    app = server.app(manifest(token_rotation_enabled=True), deliver=Listening())
    house = server.workspace("T222", name="Pony Post")
    server.installer = house.user("Ana Ngata", name="ana")
    back = f"{HOST}/slack/oauth_redirect"
    query = {
        "client_id": app.client_id,
        "scope": "chat:write,users:read",
        "redirect_uri": back,
        "state": "s1",
    }
    assert follow(server, **query, denied="1")["error"] == ["access_denied"]
    sent = follow(server, **query)
    assert sent["state"] == ["s1"]
    client = WebClient(base_url=server.url)
    keys = {"client_id": app.client_id, "client_secret": app.client_secret}
    given = client.oauth_v2_access(**keys, code=sent["code"][0], redirect_uri=back)
    assert (given["team"]["id"], given["expires_in"], given["scope"]) == (
        "T222",
        43200,
        "chat:write,users:read",
    )
    with pytest.raises(SlackApiError, match="code_already_used"):
        client.oauth_v2_access(**keys, code=sent["code"][0], redirect_uri=back)
    mine = WebClient(given["access_token"], base_url=server.url)
    assert mine.auth_test()["team_id"] == "T222"
    server.advance(43_201)
    with pytest.raises(SlackApiError, match="token_expired"):
        mine.auth_test()
    fresh = client.oauth_v2_access(**keys, grant_type="refresh_token", refresh_token=given["refresh_token"])
    assert WebClient(fresh["access_token"], base_url=server.url).auth_test()["ok"]
    with pytest.raises(SlackApiError, match="invalid_refresh_token"):
        client.oauth_v2_access(**keys, grant_type="refresh_token", refresh_token=given["refresh_token"])


def test_after_an_uninstall_the_app_is_told_twice_and_its_tokens_are_dead(house: House) -> None:
    house.here.uninstall(house.app)
    assert {event["type"] for event in house.app_hears.events} == {"app_uninstalled", "tokens_revoked"}
    assert house.refused("auth_test") == "account_inactive"
    assert WebClient("xoxb-nobody", base_url=house.server.url).api_test()["ok"]
    with pytest.raises(SlackApiError, match="invalid_auth"):
        WebClient("xoxb-nobody", base_url=house.server.url).auth_test()


def test_an_organisation_has_one_token_for_all_its_workspaces(server: SlackServer) -> None:
    hears = Listening()
    app = server.app(manifest(), deliver=hears)
    north = server.workspace("T333", name="North", enterprise="E111")
    south = server.workspace("T444", name="South", enterprise="E111")
    client = WebClient(north.install(app, org=True), base_url=server.url)
    ana = south.user("Ana Ngata", name="ana")
    room = south.channel("payments", members=[ana])
    room.invite(south.bot(app))
    with pytest.raises(SlackApiError, match="missing_argument"):
        client.conversations_create(name="inc-1")
    made = client.conversations_create(name="inc-1", team_id="T444")["channel"]
    assert made["context_team_id"] == "T444"
    client.chat_postMessage(channel=room.id, text="hello")
    ana.says(room, "hello")
    told = hears.heard[-1]
    assert (told["team_id"], told["enterprise_id"]) == ("T444", "E111")
    assert told["authorizations"][0] == {
        "enterprise_id": "E111", "team_id": None, "user_id": north.bot(app).id, "is_bot": True,
        "is_enterprise_install": True,
    }  # fmt: skip


# -- over real HTTP and real WebSockets


def test_many_people_can_act_at_once(house: House) -> None:
    rooms = [house.here.channel(f"room-{n}", members=[house.ana, house.bot]) for n in range(8)]

    def busy(room: Channel) -> None:
        for number in range(5):
            house.ana.says(room, f"{number}")
            house.client.chat_postMessage(channel=room.id, text=f"heard {number}")

    threads = [threading.Thread(target=busy, args=[room]) for room in rooms]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    house.server.pump()
    assert len(house.app_hears.of("message")) == 80
    assert {tuple(house.ana.reads(room)) for room in rooms} == {
        tuple(words for number in range(5) for words in (f"{number}", f"heard {number}"))
    }
    stamps = [event["ts"] for event in house.app_hears.of("message")]
    assert len(set(stamps)) == 80


class Inbox(BaseHTTPRequestHandler):
    heard: list[Json]

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.heard.append(body)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body.get("challenge", "").encode())

    def log_message(self, *_: object) -> None:
        """Quiet."""


def test_events_go_out_over_http_in_the_background(server: SlackServer) -> None:
    Inbox.heard = []
    with HTTPServer(("127.0.0.1", 0), Inbox) as listener:
        thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        app = server.app(manifest(), request_url=f"http://127.0.0.1:{listener.server_port}/slack/events")
        assert server.verifies(app)
        house = server.workspace("T111", name="Unicorn Rentals")
        ana = house.user("Ana Ngata", name="ana")
        room = house.channel("payments", members=[ana])
        token = house.install(app)
        server.background()
        room.invite(house.bot(app))
        WebClient(token, base_url=server.url).chat_postMessage(channel=room.id, text="hello")
        server.pump()
        listener.shutdown()
        thread.join()
    assert [told["event"]["type"] for told in Inbox.heard[1:]] == [
        "member_joined_channel",
        "message",
        "message",
    ]


class Listener:
    """An app on a WebSocket."""

    def __init__(self, server: SlackServer, app_token: str) -> None:
        self.heard: list[Any] = []
        web = WebClient(base_url=server.url)
        self.socket = SocketModeClient(app_token=app_token, web_client=web, ping_interval=0.2)
        self.socket.socket_mode_request_listeners.append(self.hear)
        self.socket.connect()

    def hear(self, client: Any, request: Any) -> None:
        self.heard.append(request)
        payload = {"text": "Opened."} if request.type == "slash_commands" else None
        client.send_socket_mode_response(SocketModeResponse(request.envelope_id, payload))

    def close(self) -> None:
        with self.socket.connect_operation_lock:  # closed while it reconnects, it would never end
            self.socket.auto_reconnect_enabled = False
        self.socket.close()


@pytest.fixture
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)


def until(true: Callable[[], object]) -> None:
    for _ in range(500):
        if true():
            return
        time.sleep(0.01)
    raise AssertionError("it did not happen in five seconds")


@pytest.mark.usefixtures("no_proxy")
def test_over_sockets_each_thing_goes_to_one_connection_and_survives_a_cut(server: SlackServer) -> None:
    app = server.app(manifest(socket_mode_enabled=True))
    house = server.workspace("T111", name="Unicorn Rentals")
    ana = house.user("Ana Ngata", name="ana")
    room = house.channel("payments", members=[ana])
    house.install(app)
    server.patience = 20  # a busy machine reconnects slowly
    one, two = Listener(server, app.app_token), Listener(server, app.app_token)
    until(lambda: len(server.sockets.live) == 2)
    room.invite(house.bot(app))
    answer = ana.types(room, "/incident no payments")
    assert answer.body == {"text": "Opened."}
    assert ana.reads(room) == ["Opened."]
    server.drop_sockets()
    ana.says(room, "still there?")
    until(lambda: len(server.sockets.live) == 2)
    server.refresh_sockets()
    ana.says(room, "and now?")
    until(lambda: len(server.sockets.live) == 2)
    heard = [request for listener in (one, two) for request in listener.heard]
    said = {
        r.payload["event"]["text"] for r in heard if r.type == "events_api" and "text" in r.payload["event"]
    }
    assert {"still there?", "and now?"} <= said
    leaving = [threading.Thread(target=listener.close) for listener in (one, two)]
    for thread in leaving:
        thread.start()
    for thread in leaving:
        thread.join()
    assert server.violations == []


@pytest.mark.usefixtures("no_proxy")
def test_a_socket_address_opens_once_and_what_is_not_acknowledged_comes_again(server: SlackServer) -> None:
    from websockets.exceptions import InvalidStatus
    from websockets.sync.client import connect

    app = server.app(manifest(socket_mode_enabled=True))
    house = server.workspace("T111", name="Unicorn Rentals")
    house.install(app)
    ana = house.user("Ana Ngata", name="ana")
    room = house.channel("payments", members=[ana, house.bot(app)])
    server.patience = 0.1
    url = WebClient(app.app_token, base_url=server.url).apps_connections_open(app_token=app.app_token)["url"]
    with connect(url, proxy=None) as connection:
        assert json.loads(connection.recv())["num_connections"] == 1
        with pytest.raises(InvalidStatus):
            connect(url, proxy=None)
        until(lambda: server.sockets.live)
        ana.says(room, "anybody?")
        tries = [json.loads(connection.recv()) for _ in range(4)]
    assert [t["retry_attempt"] for t in tries] == [0, 1, 2, 3]
    assert len({t["payload"]["event_id"] for t in tries}) == 1
