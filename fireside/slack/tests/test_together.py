"""Cards that come in a storm stand in one message, which changes as they do."""

from __future__ import annotations

from typing import Any

import pytest

from fireside.hearth.cards import Button, Card, Link, Text, text
from fireside.hearth.models import Person, Room
from fireside.slack import together
from tests.slack_door import Slack
from tests.slack_server import Channel as SlackChannel

pytestmark = pytest.mark.django_db


@pytest.fixture
def channel(slack: Slack, room: Room) -> SlackChannel:
    return slack.channel(room)


@pytest.fixture
def reads(slack: Slack, channel: SlackChannel, bo: Person) -> Any:
    def read(thread: str | None = None) -> list[str]:
        slack.settle()
        return slack.user(bo).reads(channel, thread=thread)

    return read


def fires(title: str, firing: int = 1) -> Card:
    runbook: Text = text("{book}", book=Link(f"Mend {title}", "https://wiki.example.org/mend"))
    return Card(
        title=text("{title}", title=title), kind="alert", tone="hot", tag=f"{firing} firing",
        facts={"Runbook": runbook}, buttons=(Button("I’m helping", "on-it", {"group": "group:1"}),),
    )  # fmt: skip


def test_a_storm_joins_the_first_card_and_is_told_there(room: Room, reads: Any) -> None:
    room.say(card=fires("Queue is full"), voice="Alerts")
    [first] = reads()
    assert "Queue is full" in first
    said = [room.say(card=fires(f"Rule {number}"), voice="Alerts") for number in range(10)]
    [words] = reads()
    assert "Queue is full" in words
    for number in range(10):
        assert f"Rule {number}" in words
        assert f"Mend Rule {number}" in words
    said[4].redraw(fires("Rule 4", 700), voice="Alerts")
    [words] = reads()
    assert "700 firing" in words


def test_a_line_beneath_them_says_which_card_it_is_about(
    slack: Slack, room: Room, channel: SlackChannel, bo: Person, reads: Any
) -> None:
    said = [room.say(card=fires(f"Rule {number}"), voice="Alerts") for number in range(5)]
    reads()
    said[3].redraw(fires("Rule 3", 0), trace="Back to normal after 2 minutes", voice="Alerts")
    reads()
    [post] = slack.user(bo).sees(channel)
    assert "Rule 3: Back to normal after 2 minutes" in reads(post.ts)[-1]


def test_a_few_cards_stand_alone_and_so_does_one_after_an_old_one(
    room: Room, reads: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        room.say(card=fires(f"Rule {number}"), voice="Alerts")
    assert len(reads()) == 3
    monkeypatch.setattr(together, "STORM", -together.STORM)
    for number in range(4):
        room.say(card=fires(f"Later {number}"), voice="Alerts")
    assert len(reads()) == 4


def test_words_between_the_cards_stay_words(room: Room, ana: Person, reads: Any) -> None:
    for number in range(6):
        room.say(card=fires(f"Rule {number}"), voice="Alerts")
        room.say(f"I see it {number}", by=ana)
    cards = [words for words in reads() if "firing" in words]
    assert len(cards) == 1
    assert all(f"I see it {number}" in "\n".join(reads()) for number in range(6))


def test_cards_of_which_every_word_counts_stay_whole(room: Room, reads: Any) -> None:
    for number in range(6):
        because = {"Because": text("{why}", why=f"errors tripled {number}")}
        room.say(
            card=Card(title=text("Decided: {what}", what=f"step {number}"), kind="decision", facts=because)
        )
    said = reads()
    assert len(said) == 6
    assert all(f"errors tripled {number}" in said[number] for number in range(6))
