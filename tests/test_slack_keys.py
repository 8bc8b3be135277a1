"""What holds keys in Slack: our own scopes have words; its list is asked for once, the token kept nowhere."""

import json
import logging
from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.test import Client

from fireside.hearth.commands import Ask, Sorry, perform
from fireside.hearth.models import Person, Room
from fireside.keys.meanings import Place, explain
from fireside.keys.models import Holder
from fireside.keys.pasted import read_scopes
from fireside.slack import held, manifest
from fireside.slack.scopes import SCOPES
from tests.slack_server.faults import Fault

pytestmark = pytest.mark.django_db
Web = Callable[[Person], Client]


def test_every_scope_that_we_ask_of_slack_has_words() -> None:
    unknown = [one.scope for one in explain([scope.name for scope in SCOPES], Place.SLACK) if not one.known]
    assert unknown == []


def test_our_own_manifest_can_be_pasted_as_json_and_as_yaml() -> None:
    made = manifest.made(socket=True, oauth=False)
    asked = made["oauth_config"]["scopes"]["bot"]
    assert read_scopes(json.dumps(made)) == read_scopes(manifest.as_yaml(made)) == asked


def log(change: str, at: int, scope: str = "chat:write", **more: Any) -> dict[str, Any]:
    return {"app_id": "A1", "app_type": "Datadog", "user_id": "U1", "user_name": "bo-lund", "date": str(at),
            "change_type": change, "scope": scope, **more}  # fmt: skip


def test_slack_is_asked_once_and_the_token_is_nowhere_afterwards(
    web: Web,
    ana: Person,
    bo: Person,
    room: Room,
    slack: Any,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setattr(held, "COUNT", 4)
    admin = slack.user(ana)
    admin.admin, slack.workspace.paid = True, True
    channel = slack.channel(room)
    hook = {"service_id": 77, "service_type": "Airbrake", "user_id": "U1", "user_name": "joey",
            "date": "1792163202", "change_type": "enabled", "scope": "incoming-webhook",
            "channel": channel.id}  # fmt: skip
    gone = {**hook, "service_id": 78, "service_type": "Left", "change_type": "removed"}
    slack.workspace.logs = [
        log("updated", 1792163900, "chat:write,channels:history"), hook, gone, log("added", 1792163201),
        *({**hook, "service_id": 1000 + n, "service_type": f"Hook {n}"} for n in range(3)),
    ]  # fmt: skip
    token = slack.workspace.token_of(admin, slack.app, "admin")
    client = web(ana)
    assert 'name="token" type="password" autocomplete="off"' in client.get("/keys/import/").content.decode()
    shown = client.post("/keys/import/", {"token": token})
    assert "5 new, 0 changed, 0 gone" in shown.content.decode()
    assert shown["Cache-Control"].find("no-store") >= 0
    assert [call.args["page"] for call in slack.server.calls if call.method == "team.integrationLogs"] == [
        "1",
        "2",
    ]
    client.post("/do/import-keys/", {"csv": shown.context["csv"], "sure": "yes", "next": "/keys/"})
    assert Holder.objects.get(name="Datadog").scopes == ["chat:write", "channels:history"]
    assert Holder.objects.get(name="Datadog").by == bo
    assert Holder.objects.get(name="Airbrake").room == room
    for told in (
        shown.content.decode(),
        client.get("/keys/import/").content.decode(),
        caplog.text,
        everything(),
    ):
        assert token not in told
        assert token[5:] not in told


def everything() -> str:
    """All rows of all tables, as words."""
    return "\n".join(str(row) for model in apps.get_models() for row in model.objects.values_list())


def test_what_slack_refuses_is_said_kindly_and_the_token_is_not(
    web: Web, ana: Person, slack: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    admin, client = slack.user(ana), web(ana)
    token = slack.workspace.token_of(admin, slack.app, "admin")
    poor = slack.workspace.token_of(admin, slack.app, "users:read")
    bot = slack.settings.SLACK["BOT_TOKEN"]
    for given, words in (
        (token, "admins only"), (poor, "wants the scope admin"), (bot, "begins with xoxp-"),
        ("xoxp-gone-0000000000", "does not know this token"), ("xoxp-a\r\nX-Evil: 1", "begins with xoxp-"),
        ("xoxp-ünïcode-000000", "begins with xoxp-"),
    ):  # fmt: skip
        told = client.post("/keys/import/", {"token": given})
        assert told.status_code == 422
        assert words in told.content.decode()
        assert given not in told.content.decode() + caplog.text
    admin.admin = True
    assert "paid workspaces only" in client.post("/keys/import/", {"token": token}).content.decode()
    slack.workspace.paid = True
    for how in ("500", "429", "reset"):
        slack.server.faults.add(Fault("team.integrationLogs", how, 1, 0))
        told = client.post("/keys/import/", {"token": token})
        assert told.status_code == 422
        assert "Slack" in told.content.decode()
    with pytest.raises(Sorry, match="holds a Slack token"):
        perform(Ask(ana), "import-keys", {"csv": f"name\n{token}"})
    assert token not in caplog.text + everything()
