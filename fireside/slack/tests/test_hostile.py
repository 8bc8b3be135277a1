"""What should not come: bodies nobody can read, words that pretend, people who may not, all at once."""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from threading import Barrier
from urllib.parse import parse_qs, urlencode

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction
from django.db.models import CharField
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from slack_sdk import WebClient

from fireside.hearth.cards import Button, Card, text
from fireside.hearth.commands import Ask, say_line
from fireside.hearth.models import Message, Person, Room
from fireside.hearth.rooms import LONGEST
from fireside.slack import asking, door, front, inbox
from fireside.slack.fetching import link_to
from fireside.slack.models import Account, Arrival, Channel, Installation, Post
from fireside.web.prose import markdown
from tests.fuzzing import many
from tests.slack_server.post import sign

pytestmark = pytest.mark.django_db

FORM = "application/x-www-form-urlencoded"
ODD = [
    None, True, 0, -1, 1e300, "", " ", "x", "nan", "1e9", "\0", "\ud800", "A" * 300, "<!channel>", "U0", "C0",
    "../../x", "javascript:alert(1)", "http://[", "T0UNICORN", "app_uninstalled", "message_changed",
    [], {}, [None], ["x"], [[]], {"id": None}, {"id": "x"}, {"ts": "x"}, [{"value": "[1]"}], "{}",
    '{"v":[1]}', '{"verb":1}', "1700000000.000100", "9" * 30 + ".000100", "😀" * 200,
]  # fmt: skip


def knock(slack, body, kind="application/json", **headers):
    """A body as Slack sends it, with Slack's signature."""
    signed = {"Content-Type": kind, **sign(slack.app, body), **headers}
    return door.knock(body.decode(errors="replace"), signed)


def read(delivery):
    """What a delivery says, and whether it was JSON, a form with a payload, or a form."""
    if delivery.body.startswith(b"{"):
        return json.loads(delivery.body), "json"
    form = {name: values[0] for name, values in parse_qs(delivery.body.decode()).items()}
    return (json.loads(form["payload"]), "payload") if "payload" in form else (form, "form")


def send(slack, said, how):
    if how == "json":
        return knock(slack, json.dumps(said).encode())
    form = {"payload": json.dumps(said)} if how == "payload" else said
    return knock(slack, urlencode(form, errors="replace").encode(), FORM)


def paths(said, so_far=()):
    """The way to every field, however deep."""
    inside = said.items() if isinstance(said, dict) else enumerate(said) if isinstance(said, list) else ()
    for name, value in inside:
        yield (*so_far, name)
        yield from paths(value, (*so_far, name))


def changed(said, path, value, *, gone=False):
    """The same with another value there, or with nothing."""
    copy = json.loads(json.dumps(said))
    inner = copy
    for name in path[:-1]:
        inner = inner[name]
    if gone:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    return copy


@pytest.fixture
def everything(slack, ana, bo, room):
    """One delivery of every kind, recorded while people did what people do."""
    say_line(Ask(ana, room), "/incident customers cannot pay")
    trouble = apps.get_model("incidents", "Incident").objects.get()
    trouble.room.seat(bo)
    slack.settle()
    channel = slack.channel(trouble.room)
    user, other = slack.stands_in(ana, channel), slack.stands_in(bo, channel)
    ts = user.says(channel, "look", files=[("a.txt", "text/plain", b"words")])
    user.says(channel, f"@{bo.handle} *yes*", thread=ts)
    user.edits(channel, ts, "look here")
    other.reacts(channel, ts, "tada")
    other.unreacts(channel, ts, "tada")
    other.reacts(channel, ts, "pushpin")
    other.pins(channel, ts)
    other.unpins(channel, ts)
    other.leaves(channel)
    other.joins(channel)
    other.renames(channel, "renamed")
    other.becomes(tz="Asia/Tokyo")
    other.opens_home()
    other.deletes(channel, other.says(channel, "gone"))
    slack.settle()
    user.uses("message:star", channel, ts)
    user.uses("global:help")
    user.types(channel, slack.typed("/join"))
    slack.settle()
    user.suggestions("name", "magic")
    user.fills({"name": f"#{room.slug}"})
    user.submits()
    [home] = other.homes.values()
    other.presses_in(home, "What could I say")
    user.archives(channel)
    user.unarchives(channel)
    slack.settle()
    kinds = {}
    for delivery in slack.server.deliveries:
        said, how = read(delivery)
        event = said.get("event", said)
        kinds[event.get("type", "command"), event.get("subtype")] = (said, how)
    return list(kinds.values())


# -- at the door ---------------------------------------------------------------------------------------------

BODIES = [
    b"", b" ", b"{", b"[]", b"[1]", b'"x"', b"null", b"1", b"{}", b"payload=", b"payload=%5B1%5D",
    b"payload={", b"\xff\xfe", b"a=b&" * 2000, b'{"a":' * 5000, b'{"a":' * 400 + b"1" + b"}" * 400,
    b'{"authorizations":[' * 400 + b"]}" * 400, b'{"type":"event_callback","team_id":"\\u0000"}',
    b'{"type":"event_callback","team_id":"T0UNICORN","event":[]}',
]  # fmt: skip


@pytest.mark.parametrize("kind", ["application/json", FORM, "text/plain", "multipart/form-data", ""])
def test_what_nobody_can_read_is_refused_once_and_for_all_and_nothing_of_it_is_kept(slack, kind):
    for body in BODIES:
        answer = knock(slack, body, kind)
        assert answer.status < 500, body
        if answer.status == 400:
            assert answer.headers["x-slack-no-retry"] == ["1"]
    assert not Arrival.objects.exists()


def test_what_is_not_signed_is_not_even_read(slack, caplog):
    body = b'{"a":' * 5000
    odd = ({}, {"X-Slack-Signature": "v0=é"}, {"X-Slack-Request-Timestamp": "soon"},
           {"X-Slack-Request-Timestamp": "9" * 5000}, {"X-Slack-Signature": ""})  # fmt: skip
    answers = [knock(slack, body, **{"X-Slack-Signature": "v0=00", **more}).status for more in odd]
    assert set(answers) == {401}
    assert caplog.records == [], "a stranger fills no log"


@pytest.mark.parametrize(("method", "size", "status"), [("POST", front.LARGEST + 1, 413), ("GET", 0, 405)])
def test_more_than_slack_sends_is_not_taken(slack, method, size, status):
    said = []

    async def receive():
        return {"type": "http.request", "body": b"a" * size}

    async def send(event):
        said.append(event)

    asyncio.run(front.app({"type": "http", "method": method, "headers": []}, receive, send))
    assert said[0]["status"] == status


@settings(max_examples=many(200), deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_whatever_stands_in_a_delivery_it_is_handled_or_set_aside_at_once(slack, everything, data):
    said, how = data.draw(st.sampled_from(everything))
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from([one for one in paths(said) if one[-1] != "trigger_id"]))
        said = changed(said, path, data.draw(st.sampled_from(ODD)), gone=data.draw(st.booleans()))
    with transaction.atomic():
        assert send(slack, said, how).status in (200, 400, 404)
        inbox.drain()
        assert not inbox.waiting().exists(), "nothing is tried again and again"
        assert not Arrival.objects.filter(handled_at=None, trouble="").exists(), "and it says why"
        assert too_long() == []
        transaction.set_rollback(True)


def too_long():
    """What PostgreSQL would refuse, and SQLite takes."""
    return [
        (model.__name__, field.name, value)
        for model in (Account, Arrival, Channel, Installation, Post, Person, Message)
        for field in model._meta.concrete_fields
        if isinstance(field, CharField)
        for value in model.objects.values_list(field.name, flat=True)
        if len(value or "") > (field.max_length or 0)
    ]


def test_what_can_have_no_effect_is_set_aside_and_whoever_looks_after_slack_reads_of_it(
    slack, room, ana, web, caplog
):
    slack.user(ana).says(slack.channel(room), "a secret of the team")
    said, how = read(slack.server.deliveries[-1])
    send(slack, changed(changed(said, ("event", "ts"), "soon"), ("event_id",), "Ev1"), how)
    inbox.drain()
    [arrival] = Arrival.objects.filter(key="event:Ev1")
    assert "'soon' is not a time of Slack's" in arrival.trouble
    assert "could not be handled" in web(ana).get("/settings/slack/").content.decode()


@pytest.mark.django_db(transaction=True)
def test_what_was_set_aside_is_tried_once_more_when_the_house_starts(slack, room, ana, monkeypatch):
    channel = slack.channel(room)
    with monkeypatch.context() as broken:
        broken.setattr("fireside.slack.saying.moment", lambda ts: {}[ts])
        slack.user(ana).says(channel, "words that a bug of ours held up")
        inbox.drain()
        assert not room.messages.exists()
    inbox.start()
    inbox.stop()
    inbox.drain()
    assert [str(message) for message in room.messages.all()] == ["words that a bug of ours held up"]
    assert not Arrival.objects.filter(handled_at=None).exists()


def test_a_no_of_slacks_stays_a_no(slack, ana, caplog):
    slack.server.fail("views.publish", "not_enabled", times=20)
    slack.user(ana).opens_home()
    inbox.drain()
    assert not inbox.waiting().exists()
    assert [call.method for call in slack.server.calls].count("views.publish") == 1


# -- words that pretend --------------------------------------------------------------------------------------


def program(slack, channel):
    """A program of somebody else's, which may say anything in a channel."""
    app = slack.server.app(
        {"display_information": {"name": "Noise"}, "oauth_config": {"scopes": {"bot": ["chat:write"]}}}
    )
    token = slack.workspace.install(app)
    channel.invite(slack.workspace.bot(app))
    return lambda text: WebClient(token, base_url=slack.server.url).chat_postMessage(
        channel=channel.id, text=text
    )


def test_words_call_nobody_lead_nowhere_and_make_nobody_up(slack, room, ana, bo, web):
    channel = slack.channel(room)
    say = program(slack, channel)
    slack.settle()
    people = Person.objects.count()
    script = "&lt;script&gt;alert(2)&lt;/script&gt;"
    say(f"<!channel> <javascript:alert(1)|press> {script} \u202eback <@U0NOBODY|eve>")
    slack.settle()
    [message] = room.messages.all()
    assert "@eve" in message.text
    assert Person.objects.count() == people, "whom Slack does not know is nobody"
    assert "\u202e" not in message.text
    shown = web(ana).get(message.get_absolute_url()).content.decode()
    assert "javascript:" not in shown.partition("<main")[2]
    assert "<script>alert" not in shown
    room.say("<!channel> <@U0NOBODY> <!here|here>", by=bo)
    slack.settle()
    sent = [call for call in slack.server.calls if call.method == "chat.postMessage"][-1].args
    assert "<!" not in json.dumps(sent["blocks"]).replace("<!date", "")
    assert "&lt;!channel&gt;" in json.dumps(sent["blocks"])
    assert "would ring everyone" in slack.server.violations.pop(), "which was the program, not we"


def test_a_message_of_forty_thousand_characters_is_cut_and_says_so(slack, room, ana):
    slack.user(ana).says(slack.channel(room), "*_~`<&" * 6600)
    slack.settle()
    [message] = room.messages.all()
    assert len(message.text) <= LONGEST
    assert message.text.endswith("(The rest is in Slack.)")


@settings(max_examples=many(40), deadline=None, suppress_health_check=list(HealthCheck))
@given(name=st.text(max_size=200), handle=st.text(max_size=200), zone=st.text(max_size=80))
def test_any_name_becomes_one_line_that_fits(slack, name, handle, zone):
    with transaction.atomic():
        profile = {"real_name": name, "display_name": handle}
        account = Account.learn(slack.installation, {"id": "U1", "tz": zone, "profile": profile})
        assert account.person.name
        assert account.person.name == " ".join(account.person.name.split())
        assert not {"\u202e", "\0"} & set(account.person.name)
        assert too_long() == []
        transaction.set_rollback(True)


@pytest.mark.parametrize(
    "name",
    ["../../etc/passwd", "..", ".", "/", "", "a](https://evil.example/)[b.png", "x\\", "<b>`c`", "a" * 400],
)
def test_the_name_of_a_file_is_a_name_and_nothing_else(slack, name):
    file = {"name": name, "permalink": "https://files.example.org/x>) [press](https://evil.example/)"}
    link = link_to(file)
    drawn = str(markdown(link))
    assert drawn.count("<a ") == 1
    assert 'evil.example/"' not in drawn
    assert "<b>" not in drawn
    assert "passwd" in link or "/" not in link.partition("](")[0]


def test_a_file_of_any_name_is_kept(slack, room, ana):
    files = [("..", "text/plain", b"one"), ("../../x", "text/plain", b"two")]
    slack.user(ana).says(slack.channel(room), "look", files=files)
    slack.settle()
    [message] = room.messages.all()
    assert [file.name for file in message.files.all()] == ["file", "x"]


def test_answers_go_to_slack_and_nowhere_else(slack, room, ana, monkeypatch):
    channel = slack.channel(room)
    user = slack.stands_in(ana, channel)
    user.types(channel, "/fireside rooms")
    slack.settle()
    said = read([one for one in slack.server.deliveries if b"response_url" in one.body][-1])[0]
    before = len(user.sees(channel))
    for number, url in enumerate(
        ["https://evil.example/", "http://localhost:1/", "file:///x", "http://[", "x"]
    ):
        send(slack, {**said, "response_url": url, "trigger_id": f"t{number}"}, "form")
        strange = send(slack, {**said, "response_url": url, "team_id": "T0STRANGE"}, "form")
        assert door.STRANGER in strange.body
    slack.settle()
    assert len(user.sees(channel)) == before + 5, "told in their own eyes instead"


# -- forms that were changed on their way --------------------------------------------------------------------


@pytest.fixture
def form(slack, ana, bo):
    """A form that Ana sent from her private room; gives what was delivered."""
    den = Room.make("den", by=ana, private=True)
    channel = slack.channel(den)
    user = slack.stands_in(ana, channel)
    user.types(channel, slack.typed("/say"))
    slack.settle()
    user.fills({"words": "only here"})
    user.submits()
    slack.settle()
    slack.user(bo)
    return read(next(one for one in reversed(slack.server.deliveries) if b"view_submission" in one.body))[0]


def test_a_form_gives_nobody_the_rights_of_who_opened_it(slack, form, bo):
    form["user"]["id"], form["view"]["id"] = slack.user(bo).id, "V1"
    assert "There is no such room." in send(slack, form, "payload").body
    assert [str(one) for one in Room.objects.get(slug="den").messages.filter(text__contains="only")] == [
        "only here"
    ]


def test_a_form_sent_again_with_other_words_changes_nothing(slack, form):
    form["view"]["state"]["values"]["words"]["v:words"]["value"] = "something else"
    answer = send(slack, form, "payload")
    assert (answer.status, answer.body) == (200, "")
    assert not Message.objects.filter(text__contains="something else").exists()


@pytest.mark.parametrize(
    "kept", ["", "{", "[]", "1", "{}", '{"verb":"nothing"}', '{"verb":"say","x":1}', '{"verb":["say"]}']
)
def test_a_form_we_do_not_know_says_how_to_begin_anew(slack, form, kept):
    form["view"] |= {"private_metadata": kept, "id": "V1"}
    assert "does not know this form any more" in send(slack, form, "payload").body
    asked = {**form, "type": "block_suggestion", "block_id": "words", "action_id": "v:words", "value": ""}
    assert json.loads(send(slack, asked, "payload").body) == {"options": []}


def test_a_form_that_pretends_to_come_from_elsewhere_still_shows_nothing(slack, form, bo):
    secret = Room.objects.get(slug="den").messages.first()
    for kept in (
        {"room": "den"},
        {"message": secret.pk},
        {"message": "x"},
        {"hidden": {"words": 1}},
        {"url": 1},
    ):
        form["view"] |= {"private_metadata": json.dumps({"verb": "star", **kept}), "id": f"V{kept}"}
        form["user"]["id"] = slack.user(bo).id
        answer = send(slack, form, "payload")
        assert answer.status == 200
        assert "only here" not in str(answer.body)


def test_what_is_not_among_the_choices_is_said_beside_the_field(slack, room, ana):
    channel = slack.channel(room)
    user = slack.stands_in(ana, channel)
    user.types(channel, slack.typed("/incident"))
    slack.settle()
    user.fills({"what": "the till is slow", "severity": "Some customers feel it"})
    user.modal.state["severity"]["v:choice"]["selected_option"]["value"] = "<!channel>"
    user.submits()
    assert "severity" in user.errors
    assert not apps.get_model("incidents", "Incident").objects.exists()


@pytest.mark.parametrize(
    "value", ["", "{", "[]", '"x"', '{"v":[]}', '{"v":{"text":[1]},"r":[]}', '{"r":"den"}']
)
def test_a_button_that_was_tampered_with_does_nothing(slack, room, ana, bo, value):
    Room.make("den", by=bo, private=True)
    channel = slack.channel(room)
    user = slack.stands_in(ana, channel)
    room.say("x", card=Card(text("A card"), buttons=(Button("Go", "about", {"words": "new"}, ask=True),)))
    slack.settle()
    user.presses(channel, user.sees(channel)[-1].ts, "Go")
    said, how = read(slack.server.deliveries[-1])
    said["actions"][0]["value"], said["trigger_id"] = value, "t1"
    assert send(slack, said, how).status == 200
    inbox.drain()
    room.refresh_from_db()
    assert room.about == "Keeps unicorns rentable."
    assert not Arrival.objects.filter(handled_at=None).exists()


def test_a_menu_entry_of_long_ago_is_answered_kindly(slack, room, ana):
    channel = slack.channel(room)
    user = slack.stands_in(ana, channel)
    user.uses("message:til", channel, user.says(channel, "words"))
    said, how = read(slack.server.deliveries[-1])
    send(slack, said | {"callback_id": "message:gone", "trigger_id": "t1"}, how)
    slack.settle()
    assert "There is no /gone." in "\n".join(user.reads(channel))


# -- people who may not --------------------------------------------------------------------------------------


def test_who_is_not_known_while_slack_is_away_does_nothing_until_it_says_who_they_are(slack, room, ana):
    channel = slack.channel(room)
    dee = slack.workspace.user("Dee Rua", name="dee", email="dee@example.org")
    channel.members.append(dee)
    slack.server.fail("users.info", "503")
    dee.types(channel, "/fireside about something else")
    slack.settle()
    assert asking.UNREAD in "\n".join(dee.reads(channel))
    room.refresh_from_db()
    assert room.about == "Keeps unicorns rentable."
    dee.types(channel, "/fireside about what we do")
    slack.settle()
    room.refresh_from_db()
    assert room.about == "what we do", "asked again, Slack says that she is one of us"


@pytest.mark.parametrize("sign", ["guest", "stranger"])
def test_a_guest_presses_and_is_told_and_nothing_is_done(slack, room, ana, sign):
    channel = slack.channel(room)
    gus = slack.workspace.user("Gus Guest", **{sign: True})
    channel.members.append(gus)
    buttons = (Button("Go", "about", {"words": "new"}), Button("Ask", "about", {"words": "new"}, ask=True))
    room.say("x", card=Card(text("A card"), buttons=buttons))
    slack.settle()
    ts = gus.sees(channel)[-1].ts
    for label in ("Go", "Ask"):
        gus.presses(channel, ts, label)
    slack.settle()
    told = "\n".join(gus.reads(channel))
    assert (
        told.count("This is for the people of this organisation." if sign == "guest" else asking.STRANGER)
        == 2
    )
    assert gus.modal is None, "not even a form"
    room.refresh_from_db()
    assert room.about == "Keeps unicorns rentable."


def test_who_was_let_go_here_does_nothing_through_slack(slack, room, ana, bo):
    channel = slack.channel(room)
    user = slack.stands_in(bo, channel)
    user.types(channel, slack.typed("/about"))
    slack.settle()
    bo.deactivate(by=ana)
    user.types(channel, "/fireside about mine")
    slack.settle()
    assert "This account is no longer active." in "\n".join(user.reads(channel))
    user.fills({"words": "mine"})
    user.submits()
    assert "This account is no longer active." in user.modal.words
    user.opens_home()
    slack.settle()
    room.refresh_from_db()
    assert room.about == "Keeps unicorns rentable."


def test_a_workspace_that_took_us_out_is_told_so_and_nothing_is_kept(slack, room, ana):
    channel = slack.channel(room)
    user = slack.stands_in(ana, channel)
    user.types(channel, "/fireside rooms")
    slack.settle()
    said, how = read(slack.server.deliveries[-1])
    slack.workspace.uninstall(slack.app)
    slack.settle()
    kept = Arrival.objects.count()
    answer = send(slack, said | {"trigger_id": "t1", "response_url": ""}, how)
    assert door.STRANGER in answer.body
    assert Arrival.objects.count() == kept


@pytest.mark.parametrize(
    "query",
    ["", "&&&=", "code", "code=%00&state=%00", "state=%ff&code=%ff", "code[]=1&state[]=1",
     "state=x&state=y&code=z", "error=%0d%0aSet-Cookie:%20a=b", "error=", "error=" + "%C3%A9" * 900,
     "code=" + "a" * 9000],
)  # fmt: skip
def test_a_hostile_way_back_from_slack_connects_nothing(slack, ana, web, query):
    slack.settings.SLACK |= {"CLIENT_ID": "1.2", "CLIENT_SECRET": "secret"}
    for state in ("x", "\0", ""):
        browser = web(ana)
        browser.cookies["slack-app-oauth-state"] = state
        answer = browser.get(f"/slack/oauth_redirect?{query}")
        assert 400 <= answer.status_code < 500
        assert "Begin anew" in answer.content.decode()
        assert set(answer.cookies) <= {"slack-app-oauth-state", "sessionid", "csrftoken"}
    assert Installation.objects.count() == 1


# -- all at once ---------------------------------------------------------------------------------------------


@pytest.fixture
def lanes(slack, room, ana):
    """The inbox with its threads, as in the house; gives a way to wait until it has handled what came."""
    channel = slack.channel(room)
    slack.user(ana).says(channel, "first")
    slack.settle()
    inbox.start()

    def rest():
        for thread in inbox._running._threads:
            thread.submit(lambda: connection.close()).result(30)

    yield rest
    rest()
    inbox.stop()


def at_once(acts):
    """Every act in a thread of its own, all begun in the same moment."""
    together = Barrier(len(acts))

    def do(act):
        together.wait()
        try:
            return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(do, acts))


def like(slack, words, number):
    """The last message once more, as another one."""
    said, _ = read(next(one for one in reversed(slack.server.deliveries) if b'"first"' in one.body))
    ts = f"17000000{number:02d}.000100"
    event = said["event"] | {"text": words, "ts": ts, "event_ts": ts}
    return said | {"event": event, "event_id": f"Ev{number}"}


@pytest.mark.django_db(transaction=True)
def test_copies_that_come_in_the_same_moment_have_one_effect(slack, room, lanes):
    said = like(slack, "once", 1)
    assert {one.status for one in at_once([lambda: send(slack, said, "json")] * 6)} == {200}
    lanes()
    assert room.messages.filter(text="once").count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_form_that_is_sent_twice_in_the_same_moment_is_done_once(slack, room, ana):
    channel = slack.channel(room)
    user = slack.stands_in(ana, channel)
    user.types(channel, slack.typed("/say"))
    slack.settle()
    user.fills({"words": "just once"})
    user.submits()
    said, how = read(slack.server.deliveries[-1])
    said["view"]["id"] = "V1"
    assert {one.status for one in at_once([lambda: send(slack, said, how)] * 4)} == {200}
    assert room.messages.filter(text="just once").count() == 2, "the first, and one of the four"


@pytest.mark.django_db(transaction=True)
def test_what_could_not_be_written_down_is_asked_for_again_and_nothing_is_half_kept(
    slack, room, lanes, monkeypatch, caplog
):
    real, broken = Arrival.objects.bulk_create, count()

    def sometimes(*given, **more):
        if next(broken) % 2 == 0:
            real(*given, **more)
            raise DatabaseError("the disk is full")
        return real(*given, **more)

    monkeypatch.setattr(Arrival.objects, "bulk_create", sometimes)
    wanted = {f"number {n}": like(slack, f"number {n}", n) for n in range(20)}
    left = dict(wanted)
    while left:
        answers = at_once([lambda said=said: send(slack, said, "json") for said in left.values()])
        assert {one.status for one in answers} <= {200, 500}
        left = {words: left[words] for words, one in zip(left, answers, strict=True) if one.status == 500}
    assert next(broken) >= 2, "it did break"
    lanes()
    said = room.messages.filter(text__startswith="number").values_list("text", flat=True)
    assert sorted(said) == sorted(wanted)
