"""What the environment says of Slack is understood, or refused with a sentence that helps."""

from __future__ import annotations

import json

import pytest
import yaml
from click.testing import CliRunner

from fireside.config.cli import main
from fireside.config.env import Nonsense
from fireside.config.slack import slack_settings
from fireside.slack import manifest


def test_the_command_line_prints_it() -> None:
    printed = CliRunner().invoke(main, ["manifest", "--http", "--oauth", "--format", "json"])
    assert json.loads(printed.output) == manifest.made(socket=False, oauth=True)
    printed = CliRunner().invoke(main, ["manifest"])
    assert yaml.safe_load(printed.output) == manifest.made()


def given(**more: str) -> dict[str, str]:
    known = {
        "API_URL": "https://slack.com/api",
        "AUTHORIZE_URL": "https://slack.com/oauth/v2/authorize",
    } | more
    return slack_settings(lambda name: known.get(name.removeprefix("SLACK_"), ""))


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"APP_TOKEN": "xoxb-1"}, "SLACK_APP_TOKEN begins with xapp-"),
        ({"BOT_TOKEN": "xapp-1"}, "SLACK_BOT_TOKEN begins with xoxb-"),
        ({"API_URL": "slack.com"}, "SLACK_API_URL begins with http"),
        ({"WITH": "claps, moods"}, "SLACK_WITH names moods; it can hold claps, emails"),
        ({"BOT_TOKEN": "xoxb-1", "CLIENT_ID": "1", "CLIENT_SECRET": "s"}, "keep one of them"),
        ({"CLIENT_ID": "1"}, "go together"),
        ({"CLIENT_SECRET": "s"}, "go together"),
        ({"BOT_TOKEN": "xoxb-1"}, "Slack has no way in yet"),
    ],
)
def test_what_cannot_be_meant_is_said_at_once(more: dict[str, str], sentence: str) -> None:
    with pytest.raises(Nonsense, match=sentence):
        given(**more)


def test_with_nothing_set_there_is_no_slack_and_no_trouble() -> None:
    known = given()
    assert known["BOT_TOKEN"] == known["CLIENT_ID"] == ""
    assert known["API_URL"] == "https://slack.com/api/"
