"""What Slack is asked for is what is used, and no more."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from slack_sdk import WebClient

from fireside.hearth.commands import Ask, Whisper, book, command
from fireside.slack import hearing, manifest, shortcuts
from fireside.slack.scopes import ELSE, EVENTS, FEATURES, METHODS, SCOPES, events, used_by, wanted

HERE = Path(manifest.__file__).parent
MODULES = [path for path in sorted(HERE.glob("*.py")) if path.name != "scopes.py"]


@pytest.fixture(autouse=True)
def nothing_set(settings: Any) -> None:
    settings.SLACK = dict.fromkeys(settings.SLACK, "")
    settings.PUBLIC_URL = "https://fireside.example.org"


@pytest.fixture(params=["", "claps", "private", " ".join(FEATURES)])
def chosen(request: pytest.FixtureRequest, settings: Any) -> str:
    settings.SLACK["WITH"] = request.param
    return str(request.param)


def called() -> Iterator[str]:
    """The methods of Slack's Web API that our code names, as slack_sdk calls them."""
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text())):
            name = ""
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                name = node.value
            elif isinstance(node, ast.Attribute):
                name = node.attr
            if "_" in name and not name.startswith("_") and callable(getattr(WebClient, name, None)):
                yield name


def test_every_method_that_is_called_says_which_scope_it_needs() -> None:
    assert set(called()) == METHODS.keys()
    assert "chat_postMessage" in set(called())


def test_no_scope_is_asked_for_that_nothing_uses() -> None:
    ours = {scope.name for scope in SCOPES}
    used = {scope for scopes in METHODS.values() for scope in scopes}
    used |= {scope for scope in EVENTS.values() if scope} | set(ELSE.values())
    assert ours == used
    for scope in SCOPES:
        assert used_by(scope.name), scope
        assert scope.why.endswith("."), scope
        assert scope.feature in {"", *FEATURES}, scope


def test_nothing_is_asked_for_that_could_read_all_or_act_as_somebody() -> None:
    for scope in SCOPES:
        assert not scope.name.startswith(("admin", "search", "im:", "mpim:", "identity", "team")), scope
        assert scope.name not in ("users:write", "chat:write.customize", "chat:write.public"), scope


def test_every_event_we_hear_is_subscribed_and_the_other_way_round() -> None:
    heard = hearing.IN_A_CHANNEL.keys() | hearing.ABOUT_US.keys()
    assert {event.partition(".")[0] for event in EVENTS} == heard


def test_no_event_is_subscribed_that_what_was_granted_does_not_let_us_hear(chosen: str) -> None:
    assert [event for event in events() if EVENTS[event] and EVENTS[event] not in wanted()] == []
    assert ("message.groups" in events()) == ("private" in chosen)
    assert "message.channels" in events()


def test_the_manifest_asks_for_what_is_wanted_and_no_more(chosen: str) -> None:
    made = manifest.made()
    assert made["oauth_config"] == {"scopes": {"bot": wanted()}}
    assert made["settings"]["event_subscriptions"] == {"bot_events": events()}
    assert ("groups:history" in wanted()) == ("private" in chosen)
    assert ("reactions:write" in wanted()) == ("claps" in chosen)


def test_every_command_and_shortcut_in_the_manifest_is_answered() -> None:
    made = manifest.made()["features"]
    verbs = {command.verb for command in book.all()}
    names = [listed["command"].lstrip("/") for listed in made["slash_commands"]]
    assert names[0] == "fireside"
    assert set(names[1:]) <= verbs
    assert names[1:] == sorted(names[1:])
    assert [one["callback_id"] for one in made["shortcuts"]] == [s.callback_id for s in shortcuts.listed()]
    assert {one["callback_id"].partition(":")[2] for one in made["shortcuts"]} <= verbs


def test_what_slack_would_refuse_is_not_in_it() -> None:
    made = manifest.made(socket=False, oauth=True)
    shown = made["features"]
    assert len(made["display_information"]["name"]) <= 35
    assert len(made["display_information"]["description"]) <= 140
    assert len(shown["slash_commands"]) == 50, "a new command takes the place of the longest"
    for listed in shown["slash_commands"]:
        assert len(listed["command"]) <= 32
        assert listed["command"].lstrip("/") not in manifest.TAKEN
        assert 0 < len(listed["description"]) <= 2000
        assert len(listed.get("usage_hint", "words")) <= 1000
        assert listed["should_escape"] is True
    assert len(shown["shortcuts"]) <= 10
    for one in shown["shortcuts"]:
        assert len(one["name"]) <= 24
        assert len(one["description"]) <= 150
        assert one["type"] in ("message", "global")


@pytest.mark.parametrize("verb", ["call", "star"])
def test_a_verb_that_slack_has_itself_is_left_to_slack(verb: str) -> None:
    assert book.find(verb).where, "it would be there by itself"
    assert verb not in {command.verb for command in manifest.standalone()}


def test_a_new_command_finds_its_way_into_the_manifest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(book, "_commands", dict(book._commands))

    @command("/brush", example="/brush the unicorns", where=("team",))
    def brush(ask: Ask, what: str, well: str = "") -> Whisper:
        """Brush what needs brushing."""
        return Whisper()

    assert {
        "command": "/brush", "description": "Brush what needs brushing.", "usage_hint": "what [well: …]",
        "should_escape": True,
    } in manifest.made()["features"]["slash_commands"]  # fmt: skip


def test_socket_mode_needs_no_address(settings: Any) -> None:
    assert "https://" not in manifest.as_json(manifest.made())
    assert manifest.made()["settings"]["socket_mode_enabled"] is True
    settings.SLACK["APP_TOKEN"], settings.SLACK["SIGNING_SECRET"] = "xapp-1", "s"
    assert manifest.made()["settings"]["socket_mode_enabled"] is True


def test_over_http_all_of_it_comes_to_one_address(settings: Any) -> None:
    settings.SLACK["SIGNING_SECRET"] = "s"
    made, there = manifest.made(), "https://fireside.example.org/slack/events"
    assert made["settings"]["socket_mode_enabled"] is False
    assert made["settings"]["event_subscriptions"]["request_url"] == there
    assert made["settings"]["interactivity"] == {
        "is_enabled": True, "request_url": there, "message_menu_options_url": there,
    }  # fmt: skip
    assert {listed["url"] for listed in made["features"]["slash_commands"]} == {there}
    assert "redirect_urls" not in made["oauth_config"]
    assert made["settings"]["org_deploy_enabled"] is False
    assert made["settings"]["token_rotation_enabled"] is False


def test_for_several_workspaces_it_names_the_way_back_and_lets_tokens_rotate(settings: Any) -> None:
    settings.SLACK["CLIENT_ID"] = "1.2"
    made = manifest.made()
    assert made["oauth_config"]["redirect_urls"] == ["https://fireside.example.org/slack/oauth_redirect"]
    assert made["settings"]["org_deploy_enabled"] is True
    assert made["settings"]["token_rotation_enabled"] is True


def test_yaml_and_json_say_the_same(chosen: str) -> None:
    made = manifest.made(socket=False, oauth=True)
    assert yaml.safe_load(manifest.as_yaml(made)) == made
    assert json.loads(manifest.as_json(made)) == made
    odd = {"a": [], "b": {}, "c": [{"d": 'say "yes": #no', "e": [1, None]}], "f": "…: - *"}
    assert yaml.safe_load(manifest.as_yaml(odd)) == odd
