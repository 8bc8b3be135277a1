"""The log: each request by its id, what broke by its place, and nothing that anybody said."""

from __future__ import annotations

import json
import logging
import re
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import include, path

from fireside.alerts import intake
from fireside.alerts.models import Source
from fireside.alerts.tests.machines import told, webhook
from fireside.config import asgi, env, logs
from fireside.config.tests.test_front import ask
from fireside.config.urls import handler404, handler500  # noqa: F401 -- this module is a house with a broken page
from fireside.hearth import engine, errand
from fireside.hearth.commands import Ask, perform, say_line
from fireside.hearth.models import Key, Person, Room
from fireside.hearth.workflows import book
from fireside.slack import inbox
from tests.observing import WAYS, logged, stumbling
from tests.slack_door import Slack

pytestmark = pytest.mark.django_db(transaction=True)

WORD = "woozle"
Web = Callable[[Person], Client]


def breaks(request: HttpRequest, name: str = "") -> HttpResponse:
    raise ValueError(f"no {name or request.GET.get('q')} here")


urlpatterns = [path("broken/<slug:name>/", breaks), path("", include("fireside.config.urls"))]


@pytest.fixture
def broken_page(settings: Any) -> None:
    settings.ROOT_URLCONF = __name__


def headers(path_: str, **given: str) -> dict[str, str]:
    """The headers of the answer to one request."""
    heard: list[Any] = []
    scope = {
        "type": "http", "method": "GET", "path": path_, "raw_path": path_.encode(), "query_string": b"",
        "headers": [(name.replace("_", "-").encode(), words.encode()) for name, words in given.items()],
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 8000), "scheme": "http", "http_version": "1.1",
        "root_path": "",
    }  # fmt: skip

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(event: Any) -> None:
        heard.append(event)

    import asyncio

    asyncio.run(asgi.app(scope, receive, send))
    return {name.decode(): value.decode() for name, value in heard[0]["headers"]}


def test_an_id_comes_with_the_request_or_is_made(org: Any) -> None:
    assert headers("/healthz", x_request_id="from-a-proxy.1")["x-request-id"] == "from-a-proxy.1"
    for strange in ("", "abc", "x" * 65, "two words", "a\nline", "<script>", "ö" * 8, "-begins-so"):
        made = headers("/healthz", x_request_id=strange)["x-request-id"]
        assert re.fullmatch(r"[0-9a-f]{16}", made), strange
    assert headers("/healthz")["x-request-id"] != headers("/healthz")["x-request-id"]


def test_each_line_of_a_request_has_its_id_and_the_page_tells_it(org: Any, broken_page: None) -> None:
    with logged(level="INFO") as log:
        status, page = ask("/broken/heffalump/", x_request_id="the-same-one")
    assert status == 500
    assert "<code>the-same-one</code>" in page
    lines = [line for line in log.getvalue().splitlines() if " ERROR " in line or " WARNING " in line]
    assert len(lines) == 2
    assert all("[request the-same-one]" in line for line in lines)
    assert "500 at /broken/<slug:name>/" in lines[0]
    assert "in breaks" in log.getvalue()
    assert log.getvalue().splitlines()[-2].endswith("ValueError")


def test_programs_are_told_the_id_too(org: Any, ana: Person, broken_page: None) -> None:
    with stumbling(), logged() as log:
        client = Client(raise_request_exception=False)
        secret = Key.make(ana, "a program")[1]
        answer = client.post("/api/do/stumble", {"how": "value"}, content_type="application/json",
                             headers={"Authorization": f"Bearer {secret}"})  # fmt: skip
    assert answer.status_code == 500
    number = answer.json()["error"].rsplit(" ", 1)[1].rstrip(".")
    assert f"[request {number}]" in log.getvalue()


def test_as_json_each_line_is_one_object(org: Any, broken_page: None) -> None:
    with logged("json") as log:
        ask("/broken/heffalump/", x_request_id="as-json.1")
        logging.getLogger("fireside.x").info("two\nlines %s", "and\nmore")
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    broke = next(line for line in lines if line["logger"] == "django.request")
    assert (broke["level"], broke["request"]) == ("ERROR", "as-json.1")
    assert broke["error"].endswith("ValueError")
    told_ = next(line for line in lines if line.get("route"))
    assert told_["route"] == "/broken/<slug:name>/"
    assert (told_["status"], told_["method"]) == (500, "read")
    assert 0 < told_["seconds"] < 30
    assert lines[-1]["message"] == "two\nlines and\\nmore"


def test_what_goes_well_and_fast_has_no_line_unless_it_is_wished(org: Any) -> None:
    with logged(level="INFO") as log:
        assert ask("/healthz")[0] == 200
        assert ask("/nowhere/")[0] in (302, 404)
        assert ask("/hooks/alertmanager", "POST")[0] == 503, "there are thousands of these in a storm"
    assert log.getvalue() == ""
    with logged(level="DEBUG") as log:
        ask("/healthz")
    assert "DEBUG fireside.config.watch [request " in log.getvalue()
    assert "read /healthz 200 in 0.0" in log.getvalue()


def test_a_request_that_takes_long_has_a_line(org: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fireside.config.watch.SLOW", 0.0)
    with logged(level="INFO") as log:
        ask("/healthz")
    assert "INFO fireside.config.watch" in log.getvalue()


def test_an_app_that_breaks_before_django_is_answered_with_the_id(
    org: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise LookupError(WORD)

    monkeypatch.setattr("fireside.config.metrics.told", broken)
    with logged(level="INFO") as log:
        status, words = ask("/readyz", x_request_id="the-front")
    assert status == 500
    assert "finds it as the-front" in words
    assert "[request the-front] A request broke" in log.getvalue()
    assert WORD not in log.getvalue()


def test_a_job_stands_there_with_its_key(room: Room, ana: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(name: str, entry: int) -> None:
        raise ValueError(WORD)

    monkeypatch.setattr("fireside.hearth.workflows.run", run)
    monkeypatch.setattr(engine, "_put_off", lambda *_: None)
    with logged() as log, errand.run("job", "entry:1:x"):
        engine._try("entry:1:x", "x", 1, 1)
    assert "[job entry:1:x] The workflow x failed at attempt 1 (entry:1:x)" in log.getvalue()
    assert WORD not in log.getvalue()


# -- nothing private -----------------------------------------------------------------------------------------


@pytest.fixture(params=["line", "json"])
def form(request: pytest.FixtureRequest) -> str:
    return str(request.param)


PATHS = [f"/{before}{WORD}/" for before in ("", "join/", "rooms/", "people/", "accounts/password/reset/key/")]
PATHS += [f"/api/{WORD}", f"/static/{WORD}.css", "/search/"]


def words_of(way: str) -> str:
    return f"{WORD} {way}"


@pytest.mark.parametrize("way", WAYS)
def test_commands_that_break_leave_no_words_through_any_door(
    way: str, slack: Slack, web: Web, room: Room, ana: Person
) -> None:
    channel = slack.channel(room)
    client = web(ana)
    client.raise_request_exception = False
    program = Client(raise_request_exception=False)
    key = {"Authorization": f"Bearer {Key.make(ana, 'a program')[1]}"}
    given = {"how": way, "over": words_of(way), "room": room.slug}
    with stumbling(), logged() as log:
        for answer in (
            client.post("/do/stumble/", given),
            client.post(f"/rooms/{room.slug}/", {"text": f"/stumble {way} over: {words_of(way)}"}),
            program.post("/api/do/stumble", given, content_type="application/json", headers=key),
        ):
            assert answer.status_code >= 404 or answer.status_code == 302
        user = slack.stands_in(ana, channel)
        user.types(channel, f"/fireside stumble {way} over: {words_of(way)}")
        slack.server.pump()
        inbox.drain()
    out = log.getvalue()
    assert out.count("in stumble") >= 3, out
    assert WORD not in out.lower()
    assert ana.name not in out


def test_what_is_asked_for_leaves_no_words(
    form: str, web: Web, room: Room, ana: Person, settings: Any
) -> None:
    secret = f"fi_{WORD}"
    _source, real = Source.make("Prometheus")
    cookie = f"sessionid={web(ana).cookies['sessionid'].value}"
    intake.start()
    try:
        with logged(form) as log:
            ask(f"/hooks/alertmanager/{secret}", "POST", webhook(told(WORD)))
            ask("/hooks/alertmanager", "POST", webhook(told(WORD)), authorization=f"Bearer {real}")
            ask("/hooks/alertmanager", "POST", WORD.encode(), authorization=f"Bearer {real}")
            for path_ in PATHS:
                for method in ("GET", "POST"):
                    body = f"q={WORD}&login={WORD}@example.org".encode()
                    ask(path_, method, body, cookie=cookie, referer=f"http://{WORD}.example.org/?q={WORD}",
                        user_agent=WORD, content_type="application/x-www-form-urlencoded")  # fmt: skip
            web(ana).get("/search/", {"q": WORD})
            Client().post("/accounts/login/", {"login": f"{WORD}@example.org", "password": WORD})
            Client(headers={"host": f"{WORD}.example.org"}).get("/")
            say_line(Ask(ana, room), f"/incident the {WORD} escaped")
            room.say(f"a {WORD} came by", by=ana)
    finally:
        intake.stop()
    assert "/join/<" in log.getvalue()
    assert "/hooks/alertmanager 401" in log.getvalue()
    assert WORD not in log.getvalue().lower()
    assert real not in log.getvalue()


def test_what_is_typed_at_the_command_line_leaves_no_words(
    room: Room, ana: Person, capfd: pytest.CaptureFixture[str]
) -> None:
    from fireside.config import hands

    with stumbling(), logged() as log:
        try:
            hands.do(f"/stumble cause over: {WORD}", room=room.slug, handle=ana.handle, token="")
        except RuntimeError as error:
            logs.uncaught(RuntimeError, error, error.__traceback__)
    assert "Nobody caught this" in log.getvalue()
    assert log.getvalue().count(logs.CAUSE) == 1
    assert WORD not in log.getvalue() + "".join(capfd.readouterr())


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_what_nobody_caught_in_a_thread_leaves_no_words(monkeypatch: pytest.MonkeyPatch) -> None:
    for hook in ("sys.unraisablehook", "threading.excepthook"):
        monkeypatch.setattr(hook, None)
    logs.catch()
    with logged() as log:
        thread = threading.Thread(target=lambda: int(WORD))
        thread.start()
        thread.join()
    assert "CRITICAL fireside.config.logs Nobody caught this" in log.getvalue()
    assert log.getvalue().splitlines()[-1] == "ValueError"
    assert f'int("{WORD}")' not in log.getvalue()


def test_a_reaction_that_breaks_leaves_no_words(
    room: Room, ana: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = room.say(f"a {WORD} came by", by=ana)
    reaction = next(iter(book.reactions.values()))
    monkeypatch.setattr(engine, "_put_off", lambda *_: None)
    monkeypatch.setattr("fireside.hearth.workflows._react", lambda _, entry: int(entry.message.text))
    with logged() as log:
        engine._try("key", reaction.name, said.entries.get(verb="message.said").pk, 1)
    assert "ValueError" in log.getvalue()
    assert WORD not in log.getvalue()


def test_lines_of_libraries_leave_no_words(ana: Person) -> None:
    with logged() as log:
        logging.getLogger("asyncio").error("Exception in callback\nhandle: <Handle %s>", WORD)
        logging.getLogger("dbos").error(f"Exception in workflow\n{WORD}")
        logging.getLogger("markdown_it").debug(WORD)
        logging.getLogger("django.db.backends").debug("SELECT %s", WORD)
        logging.getLogger("slack_sdk.web").error(WORD)
        logging.getLogger("fireside.x").error("%s and %s and %s", ana, {"words": WORD}, KeyError(WORD))
        logging.getLogger("fireside.x").error(KeyError(WORD))
        logging.getLogger("fireside.x").error("%(who)s", {"who": ana})
    assert "Exception in callback" in log.getvalue()
    assert f"person {ana.pk} and dict and KeyError" in log.getvalue()
    assert WORD not in log.getvalue()


def test_a_database_says_what_it_refused_without_the_row(room: Room, ana: Person) -> None:
    with stumbling(), logged() as log:
        try:
            perform(Ask(ana, room), "stumble", {"how": "twice", "over": WORD})
        except Exception as error:
            logging.getLogger("fireside.x").exception("It broke: %s", error)
    name = "SQLITE_CONSTRAINT_UNIQUE" if connection.vendor == "sqlite" else "23505 hearth_room"
    assert f"It broke: IntegrityError: {name}" in log.getvalue()
    assert WORD not in log.getvalue()


def test_a_form_or_a_level_that_cannot_be_meant_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib

    from fireside.config import settings

    for name, words in (("LOG_FORMAT", "xml"), ("LEAVE_AFTER", "soon")):
        monkeypatch.setenv(name, words)
        with pytest.raises(env.Nonsense, match=f"{name} is '{words}'"):
            importlib.reload(settings)
        monkeypatch.delenv(name)
    importlib.reload(settings)
