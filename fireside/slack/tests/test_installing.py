"""A workspace lets Fireside in by a link, and takes it out again."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from slack_bolt.oauth import internals

from fireside.hearth.models import Entry, Person
from fireside.hearth.seal import unseal
from fireside.slack import installing, manifest
from fireside.slack.calls import call
from fireside.slack.installation import State
from fireside.slack.models import Channel, Installation
from fireside.slack.scopes import wanted
from tests.slack_door import deliver
from tests.slack_server import SlackServer

pytestmark = pytest.mark.django_db

Web = Callable[[Person], Client]
HOUSE = "https://fireside.example.org"


class Setup:
    """A Slack with an app for several workspaces, and a Fireside that knows its client id."""

    def __init__(self, server: SlackServer, settings: Any) -> None:
        self.server, self.settings = server, settings
        settings.PUBLIC_URL = HOUSE
        settings.SLACK = {
            "API_URL": server.url, "AUTHORIZE_URL": server.authorize_url, "APP_TOKEN": "", "BOT_TOKEN": "",
            "SIGNING_SECRET": "", "CLIENT_ID": "", "CLIENT_SECRET": "", "WITH": "claps",
        }  # fmt: skip
        self.app = server.app(manifest.made(socket=False, oauth=True), deliver=deliver)
        settings.SLACK |= {
            "CLIENT_ID": self.app.client_id, "CLIENT_SECRET": self.app.client_secret,
            "SIGNING_SECRET": self.app.signing_secret,
        }  # fmt: skip

    def workspace(self, ident: str, name: str, enterprise: str = "") -> Any:
        """A workspace, with somebody in front of it who may install apps."""
        made = self.server.workspace(ident, name=name, enterprise=enterprise)
        self.server.installer = made.user("Installing Ira", name="ira")
        return made


@pytest.fixture
def setup(org: object, settings: Any) -> Iterator[Setup]:
    with SlackServer() as server:
        yield Setup(server, settings)
        assert server.violations == []


def to_slack(browser: Client) -> str:
    """Press "Connect with Slack"; gives where the browser is sent."""
    answer = browser.get("/slack/install")
    assert answer.status_code == 302
    return str(answer["Location"])


def allowed(there: str) -> str:
    """Agree at Slack; gives the path with which the browser comes back."""
    back = httpx.get(there).headers["Location"]
    assert back.startswith(f"{HOUSE}/slack/oauth_redirect?")
    return str(back.removeprefix(HOUSE))


def connect(browser: Client) -> None:
    answer = browser.get(allowed(to_slack(browser)), follow=True)
    assert answer.redirect_chain == [("/settings/slack/", 303)]


def test_a_keeper_connects_a_workspace(setup: Setup, ana: Person, web: Web) -> None:
    setup.workspace("T1", "Unicorn Rentals")
    browser = web(ana)
    there = to_slack(browser)
    asked = parse_qs(urlsplit(there).query)
    assert asked["scope"] == [",".join(wanted())]
    assert asked["redirect_uri"] == [f"{HOUSE}/slack/oauth_redirect"]
    assert "user_scope" not in asked, "nothing is asked for in somebody's own name"
    page = browser.get(allowed(there), follow=True).content.decode()
    assert "Unicorn Rentals is connected." in page
    [kept] = Installation.objects.all()
    assert (kept.team_id, kept.enterprise_id, kept.missing) == ("T1", "", [])
    assert kept.secret() in setup.server.tokens
    assert kept.token != kept.secret(), "it is sealed"
    assert kept.expires_at is not None
    assert timedelta(hours=11) < kept.expires_at - timezone.now() < timedelta(hours=13)
    assert Entry.objects.filter(verb="slack.installed", words="Unicorn Rentals is connected").count() == 1


def test_several_workspaces_stand_side_by_side(setup: Setup, ana: Person, web: Web) -> None:
    browser = web(ana)
    for ident, name in (("T1", "Unicorn Rentals"), ("T2", "Dragon Insurance")):
        setup.workspace(ident, name)
        connect(browser)
    assert {one.team_id: str(one) for one in Installation.living()} == {
        "T1": "Unicorn Rentals", "T2": "Dragon Insurance",
    }  # fmt: skip
    assert Installation.of("T2") != Installation.of("T1")


def test_a_whole_organisation_lets_us_in_at_once(setup: Setup, ana: Person, web: Web) -> None:
    setup.workspace("T1", "Unicorn Rentals", enterprise="E1")
    setup.server.for_org = True
    connect(web(ana))
    [kept] = Installation.objects.all()
    assert (kept.team_id, kept.enterprise_id, kept.is_org) == ("", "E1", True)
    assert Installation.of("T7", "E1") == kept, "it answers for each of its workspaces"


def test_who_installs_again_gets_a_new_token_and_loses_no_link(
    setup: Setup, ana: Person, room: Any, web: Web
) -> None:
    setup.workspace("T1", "Unicorn Rentals")
    connect(web(ana))
    kept = Installation.objects.get()
    Channel.link(kept, room, by=ana, channel_id="C1", name="payments")
    before = kept.secret()
    connect(web(ana))
    again = Installation.objects.get()
    assert again.pk == kept.pk
    assert again.secret() != before
    assert Channel.objects.get().installation == again


def test_nobody_but_a_keeper_comes_near(setup: Setup, bo: Person, web: Web) -> None:
    setup.workspace("T1", "Unicorn Rentals")
    for path in ("/slack/install", "/slack/oauth_redirect?code=x&state=y"):
        assert web(bo).get(path).status_code == 404
        assert Client().get(path)["Location"].startswith("/account/login/")
    assert not State.objects.exists()


def test_without_a_client_id_there_is_nothing_to_install(setup: Setup, ana: Person, web: Web) -> None:
    setup.settings.SLACK["CLIENT_ID"] = ""
    assert web(ana).get("/slack/install").status_code == 404
    assert web(ana).get("/slack/oauth_redirect").status_code == 404


def refused(answer: Any, status: int, words: str) -> None:
    page = answer.content.decode()
    assert answer.status_code == status
    assert words in page
    assert "Begin anew" in page
    assert not Installation.objects.exists()


def test_who_says_no_at_slack_reads_that_nothing_was_changed(setup: Setup, ana: Person, web: Web) -> None:
    setup.workspace("T1", "Unicorn Rentals")
    browser = web(ana)
    refused(browser.get(allowed(f"{to_slack(browser)}&denied=1")), 403, "Slack says that it was not allowed.")


def test_an_answer_that_is_brought_by_another_browser_is_not_taken(
    setup: Setup, ana: Person, web: Web
) -> None:
    setup.workspace("T1", "Unicorn Rentals")
    back = allowed(to_slack(web(ana)))
    refused(web(ana).get(back), 400, "belongs to another browser")


def test_an_answer_counts_once(setup: Setup, ana: Person, web: Web) -> None:
    setup.workspace("T1", "Unicorn Rentals")
    browser = web(ana)
    back = allowed(to_slack(browser))
    state = browser.cookies["slack-app-oauth-state"].value
    browser.get(back)
    Installation.objects.all().delete()
    browser.cookies["slack-app-oauth-state"] = state
    refused(browser.get(back), 401, "was used already")


def test_an_answer_that_comes_after_ten_minutes_is_too_late(setup: Setup, ana: Person, web: Web) -> None:
    setup.workspace("T1", "Unicorn Rentals")
    browser = web(ana)
    back = allowed(to_slack(browser))
    State.objects.update(made_at=timezone.now() - timedelta(minutes=11))
    refused(browser.get(back), 401, "later than ten minutes")
    assert not State.objects.exists(), "nothing of it is kept"


def test_a_code_that_slack_does_not_know_is_said_in_plain_words(setup: Setup, ana: Person, web: Web) -> None:
    setup.workspace("T1", "Unicorn Rentals")
    browser = web(ana)
    state = parse_qs(urlsplit(to_slack(browser)).query)["state"][0]
    answer = browser.get("/slack/oauth_redirect", {"code": "made-up", "state": state})
    refused(answer, 401, "did not take its own answer")


def test_what_slack_has_no_words_for_is_shown_as_words_and_nothing_else(
    setup: Setup, ana: Person, web: Web
) -> None:
    answer = web(ana).get("/slack/oauth_redirect", {"error": "<script>alert(1)</script>"})
    refused(answer, 400, "&lt;script&gt;alert(1)&lt;/script&gt;")


def test_while_slack_is_away_nothing_is_lost(
    setup: Setup, ana: Person, web: Web, caplog: pytest.LogCaptureFixture
) -> None:
    setup.workspace("T1", "Unicorn Rentals")
    browser = web(ana)
    back = allowed(to_slack(browser))
    setup.server.fail("oauth.v2.access", "reset")
    with caplog.at_level(logging.CRITICAL):
        refused(browser.get(back), 502, "Slack could not be reached")
    connect(browser)


def test_the_cookie_is_for_us_alone_and_goes_when_it_has_done_its_work(
    setup: Setup, ana: Person, web: Web
) -> None:
    setup.workspace("T1", "Unicorn Rentals")
    browser = web(ana)
    back = allowed(to_slack(browser))
    cookie = browser.cookies["slack-app-oauth-state"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["max-age"] == "600"
    browser.get(back)
    assert browser.cookies["slack-app-oauth-state"].value == "deleted"


def test_nothing_is_read_from_the_environment_behind_our_back(
    setup: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("CLIENT_ID", "CLIENT_SECRET", "SCOPES", "USER_SCOPES", "REDIRECT_URI", "INSTALL_PATH"):
        monkeypatch.setenv(f"SLACK_{name}", f"strange-{name}")
    monkeypatch.setattr(internals, "default_installation_stores", {})
    flow = installing.flow()
    assert flow is not None
    known = vars(flow.settings)
    assert "strange" not in repr({**known, "url": flow.settings.authorize_url_generator.generate("s")})
    assert isinstance(known["installation_store"], installing.Kept)
    assert internals.default_installation_stores == {}, "no file is written"


def test_a_workspace_that_takes_us_out_can_let_us_in_again(setup: Setup, ana: Person, web: Web) -> None:
    workspace = setup.workspace("T1", "Unicorn Rentals")
    connect(web(ana))
    workspace.uninstall(setup.app)
    from fireside.slack import inbox

    inbox.drain()
    gone = Installation.objects.get()
    assert gone.ended_at is not None
    assert (gone.token, gone.refresh) == ("", "")
    connect(web(ana))
    assert Installation.living().get().pk == gone.pk


@pytest.mark.django_db(transaction=True)
def test_two_who_need_a_new_token_at_once_exchange_it_once(setup: Setup, ana: Person, web: Web) -> None:
    setup.workspace("T1", "Unicorn Rentals")
    connect(web(ana))
    Installation.objects.update(expires_at=timezone.now() + timedelta(hours=1))
    before = Installation.objects.get()
    together = Barrier(2)

    def ask() -> str:
        mine = Installation.objects.get()
        together.wait()
        try:
            return str(call(mine, "auth_test")["team_id"])
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        assert [one.result() for one in (pool.submit(ask), pool.submit(ask))] == ["T1", "T1"]
    asked = [one for one in setup.server.calls if one.args.get("grant_type") == "refresh_token"]
    assert len(asked) == 1
    after = Installation.objects.get()
    assert after.secret() != before.secret()
    assert unseal(after.refresh) != unseal(before.refresh)
    assert after.fresh()
