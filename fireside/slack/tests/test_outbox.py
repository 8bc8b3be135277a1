"""What is said in Fireside stands in Slack: once, in order, as it is now, whatever the network does."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from fireside.hearth.cards import Button, Card, Chart, text
from fireside.hearth.models import Person, Room
from fireside.slack import inbox, sender
from fireside.slack.models import Channel, Installation, Post
from fireside.slack.names import Known
from tests.attaching import attach, picture
from tests.slack_door import Slack
from tests.slack_server import Channel as SlackChannel

pytestmark = pytest.mark.django_db


@pytest.fixture
def channel(slack: Slack, room: Room) -> SlackChannel:
    return slack.channel(room)


@pytest.fixture
def reads(slack: Slack, channel: SlackChannel, bo: Person) -> Any:
    """What Bo reads in the channel now."""

    def read(thread: str | None = None) -> list[str]:
        slack.settle()
        return slack.user(bo).reads(channel, thread=thread)

    return read


def later(seconds: float) -> None:
    """As if so much time had passed for those who wait."""
    moved = timezone.now() - timedelta(seconds=seconds)
    Channel.objects.exclude(not_before=None).update(not_before=moved)


def test_words_go_out_with_who_said_them_and_when(slack: Slack, room: Room, ana: Person, reads: Any) -> None:
    room.say("the **queue** is full", by=ana)
    [words] = reads()
    assert "Ana Ngata" in words
    assert "the *queue* is full" in words or "the queue is full" in words


def test_only_what_is_said_after_the_link_goes_out(slack: Slack, room: Room, ana: Person, bo: Person) -> None:
    room.say("from before", by=ana)
    channel = slack.channel(room)
    room.say("from after", by=ana)
    slack.settle()
    assert "from before" not in str(slack.user(bo).reads(channel))
    assert "from after" in str(slack.user(bo).reads(channel))


def test_a_card_is_redrawn_in_place_with_a_trace_in_its_thread(
    slack: Slack, room: Room, channel: SlackChannel, bo: Person, reads: Any
) -> None:
    message = room.say(card=Card(title=text("Three are firing")), voice="Alerts")
    reads()
    message.redraw(Card(title=text("All is well")), trace="Back to normal after 12 minutes")
    [words] = reads()
    assert "All is well" in words
    [post] = slack.user(bo).sees(channel)
    assert "Back to normal after 12 minutes" in reads(post.ts)[-1]


def test_ten_changes_in_a_row_are_one_call(slack: Slack, room: Room, reads: Any) -> None:
    message = room.say(card=Card(title=text("0")), voice="Alerts")
    reads()
    calls = len(slack.server.calls)
    for number in range(1, 11):
        message.redraw(Card(title=text("{n}", n=number)))
    [words] = reads()
    assert "10" in words
    assert len(slack.server.calls) - calls == 1


def test_edits_deletions_claps_and_pins_cross_over(
    slack: Slack, room: Room, channel: SlackChannel, ana: Person, bo: Person, reads: Any
) -> None:
    message = room.say("roll back to v40", by=ana)
    reads()
    message.edit("roll back to v41", by=ana)
    message.clap("🎉", by=bo)
    message.pin(by=ana)
    [words] = reads()
    assert "v41" in words
    [post] = slack.user(bo).sees(channel)
    assert list(post.reactions) == ["tada"]
    assert channel.pins == [post.ts]
    message.clap("🎉", by=bo)
    message.pin(by=ana, on=False)
    reads()
    [post] = slack.user(bo).sees(channel)
    assert (post.reactions, channel.pins) == ({}, [])
    message.delete_words(by=ana)
    assert reads() == []


def test_a_clap_from_slack_is_not_given_once_more_by_our_bot(
    slack: Slack, room: Room, channel: SlackChannel, ana: Person, bo: Person
) -> None:
    ts = slack.user(ana).says(channel, "it works")
    slack.user(bo).reacts(channel, ts, "clap")
    slack.settle()
    [post] = slack.user(bo).sees(channel)
    assert post.reactions == {"clap": [slack.user(bo).id]}
    room.messages.get().clap("👏", by=ana)
    slack.settle()
    [post] = slack.user(bo).sees(channel)
    assert len(post.reactions["clap"]) == 2


def test_replies_are_in_the_thread_on_both_sides(
    slack: Slack, room: Room, channel: SlackChannel, ana: Person, bo: Person, reads: Any
) -> None:
    ts = slack.user(ana).says(channel, "who has the runbook?")
    slack.settle()
    room.say("it is in the drawer", by=bo, thread=room.messages.get())
    assert len(reads()) == 1
    assert "it is in the drawer" in reads(ts)[-1]


def test_files_come_along(slack: Slack, room: Room, channel: SlackChannel, ana: Person, bo: Person) -> None:
    message = room.say("the graph", by=ana)
    attach(message, "graph.png", picture(), "image/png")
    slack.settle()
    [post] = slack.user(bo).sees(channel)
    files = [file["name"] for reply in slack.user(bo).sees(channel, thread=post.ts) for file in reply.files]
    assert files == ["graph.png"]


@pytest.fixture
def charted(slack: Slack, room: Room, channel: SlackChannel) -> Chart:
    """A card with a chart, whose picture Slack has had time to look at."""
    chart = Chart((1.0, 4.0, 2.0), "Firing over the last hour: at most 4, now 2")
    room.say(card=Card(title=text("Firing"), chart=chart), voice="Alerts")
    slack.settle()
    earlier = timezone.now() - timedelta(seconds=6)
    Post.objects.update(pictured_at=earlier, due_at=earlier)
    return chart


def pictures_in(slack: Slack, channel: SlackChannel, person: Person) -> list[dict[str, Any]]:
    [post] = slack.user(person).sees(channel)
    return [block for block in post.blocks if block["type"] == "image"]


def test_a_chart_is_a_picture_with_words_for_those_who_listen(
    slack: Slack, channel: SlackChannel, bo: Person, charted: Chart
) -> None:
    assert charted.words in slack.user(bo).reads(channel)[0], "the words go out before it"
    assert pictures_in(slack, channel, bo) == []
    slack.settle()
    [image] = pictures_in(slack, channel, bo)
    assert image["alt_text"] == charted.words
    assert slack.server.files[image["slack_file"]["id"]]


def test_a_picture_that_slack_does_not_take_holds_up_no_words(
    slack: Slack, room: Room, channel: SlackChannel, bo: Person, charted: Chart
) -> None:
    slack.server.fail("chat.update", "invalid_blocks")
    slack.settle()
    room.messages.get().redraw(Card(title=text("Back to normal"), chart=charted))
    slack.settle()
    assert "Back to normal" in slack.user(bo).reads(channel)[0]
    assert pictures_in(slack, channel, bo) == []


def test_what_is_changed_here_of_words_said_there_is_told_in_their_thread(
    slack: Slack, room: Room, channel: SlackChannel, ana: Person, bo: Person, reads: Any
) -> None:
    ts = slack.user(ana).says(channel, "roll back to v40")
    slack.settle()
    message = room.messages.get()
    message.edit("roll back to v41", by=ana)
    assert "roll back to v41" in reads(ts)[-1]
    message.delete_words(by=ana)
    assert "Taken back in Fireside" in reads(ts)[-1]
    assert len(reads(ts)) == 3


def test_names_of_people_and_rooms_are_names_there(
    slack: Slack, room: Room, channel: SlackChannel, ana: Person, bo: Person
) -> None:
    slack.user(bo).says(channel, "here")
    slack.settle()
    room.say(f"@{bo.handle} look in #{room.slug}, not in <!channel> or <@U1>", by=ana)
    slack.settle()
    post = slack.user(bo).sees(channel)[-1]
    told = str(post.blocks)
    assert f"<@{slack.user(bo).id}>" in told
    assert f"<#{channel.id}>" in told
    assert "<!channel>" not in told


class TestTheNetworkIsAsItIs:
    """Nothing is lost, nothing is doubled."""

    def test_a_lost_answer_is_looked_up_before_anything_is_said_again(
        self, slack: Slack, room: Room, ana: Person, reads: Any
    ) -> None:
        slack.server.fail("chat.postMessage", "lost")
        room.say("once", by=ana)
        assert len(reads()) == 1
        later(5)
        assert len(reads()) == 1
        assert Post.objects.filter(due_at=None).exclude(ts="").count() == 1

    def test_a_lost_answer_in_a_thread_too(
        self, slack: Slack, room: Room, channel: SlackChannel, ana: Person, bo: Person, reads: Any
    ) -> None:
        ts = slack.user(ana).says(channel, "a question")
        slack.settle()
        slack.server.fail("chat.postMessage", "lost")
        room.say("an answer", by=bo, thread=room.messages.get())
        reads()
        later(5)
        assert len(reads(ts)) == 2

    @pytest.mark.parametrize("how", ["500", "503", "reset", "429", "internal_error"])
    def test_what_went_wrong_is_tried_again(
        self, slack: Slack, room: Room, ana: Person, reads: Any, how: str
    ) -> None:
        slack.server.fail("chat.postMessage", how, times=2)
        room.say("first", by=ana)
        room.say("second", by=ana)
        for _ in range(4):
            reads()
            later(60)
        said = reads()
        assert [("first" in words, "second" in words) for words in said] == [(True, False), (False, True)]

    def test_slack_says_how_long_to_wait_and_the_room_says_so_too(
        self, slack: Slack, room: Room, ana: Person, reads: Any
    ) -> None:
        slack.server.fail("chat.postMessage", "429", retry_after=30)
        room.say("in a while", by=ana)
        assert reads() == []
        link = Channel.objects.get()
        assert link.not_before is not None
        assert 25 < (link.not_before - timezone.now()).total_seconds() <= 30
        assert link.slowed == "Slack asks us to slow down"
        later(1)
        assert len(reads()) == 1
        assert Channel.objects.get().slowed == ""

    def test_a_crash_between_asking_and_knowing_doubles_nothing(
        self, slack: Slack, room: Room, ana: Person, reads: Any
    ) -> None:
        room.say("once", by=ana)
        reads()
        Post.objects.update(ts="", asked_at=timezone.now(), due_at=timezone.now(), drawn="")
        assert len(reads()) == 1

    def test_many_waiting_words_become_one_post_in_their_order(
        self, slack: Slack, room: Room, ana: Person, bo: Person, reads: Any
    ) -> None:
        for number in range(8):
            room.say(f"word {number}", by=ana if number % 2 else bo)
        [words] = reads()
        assert [words.index(f"word {number}") for number in range(8)] == sorted(
            words.index(f"word {number}") for number in range(8)
        )
        room.messages.get(text="word 3").edit("word three", by=ana)
        room.messages.get(text="word 5").delete_words(by=ana)
        [words] = reads()
        assert "word three" in words
        assert "word 5" not in words

    def test_a_channel_that_is_archived_is_told_of_once_and_catches_up(
        self, slack: Slack, room: Room, channel: SlackChannel, ana: Person, bo: Person
    ) -> None:
        slack.user(bo).archives(channel)
        slack.settle()
        room.say("while it was closed", by=ana)
        slack.settle()
        assert [str(m) for m in room.messages.filter(author=None)] == [
            f"@{ana.handle} #magic-sparkles in Slack is archived, so words said here stay here."
        ]
        slack.user(bo).unarchives(channel)
        slack.settle()
        assert "while it was closed" in str(slack.user(bo).reads(channel))

    def test_a_channel_that_is_gone_without_a_word(self, slack: Slack, room: Room, ana: Person) -> None:
        slack.channel(room)
        slack.server.fail("chat.postMessage", "channel_not_found", times=5)
        room.say("hello?", by=ana)
        room.say("anybody?", by=ana)
        slack.settle()
        told = [str(m) for m in room.messages.filter(author=None)]
        assert len(told) == 1
        assert "cannot be found" in told[0]

    def test_what_slack_refuses_does_not_hold_up_what_comes_after(
        self, slack: Slack, room: Room, ana: Person, reads: Any
    ) -> None:
        slack.server.fail("chat.postMessage", "invalid_blocks")
        room.say("odd", by=ana)
        reads()
        room.say("even", by=ana)
        [words] = reads()
        assert "even" in words
        assert Post.objects.get(message__text="odd").trouble == "invalid_blocks"

    def test_a_post_that_somebody_deleted_in_slack_is_not_brought_back(
        self, slack: Slack, room: Room, channel: SlackChannel, ana: Person, reads: Any
    ) -> None:
        message = room.say("hello", by=ana)
        reads()
        with slack.server.lock:
            channel.remove(next(iter(channel.messages.values())))
        slack.settle()
        message.edit("hello again", by=ana)
        assert reads() == []
        message.refresh_from_db()
        assert message.text == "hello again"


def test_a_private_channel_that_is_opened_to_all_hears_nothing_more(
    slack: Slack, ana: Person, bo: Person
) -> None:
    cave = Room.make("cave", by=ana, private=True)
    channel = slack.channel(cave)
    channel.private = False
    sender.health()
    cave.say("the woozle is ill", by=ana)
    slack.settle()
    assert "woozle" not in str(slack.stands_in(bo, channel).reads(channel))


@pytest.mark.parametrize(
    "asked",
    [
        lambda: Post.objects.filter(channel=1, ts="1.1", within=None),
        lambda: Post.objects.filter(channel=1, due_at__lte=timezone.now()).order_by("pk"),
        lambda: Channel.objects.filter(installation=1, channel_id="C1"),
        inbox.waiting,
    ],
)
@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL goes through small tables as a whole")
def test_what_is_asked_for_every_word_does_not_go_through_all_that_was_said(asked: Any) -> None:
    plan = asked().explain()
    assert "SEARCH slack_" in plan
    assert "SCAN slack_" not in plan.replace("SCAN slack_arrival USING INDEX arrival_untold", "")


def test_two_workspaces_share_a_room(
    slack: Slack, room: Room, channel: SlackChannel, ana: Person, bo: Person
) -> None:
    other = slack.server.workspace("T0PARTNER", name="The other half")
    token = other.install(slack.app)
    installation = Installation.install(
        team_id="T0PARTNER", enterprise_id="", token=token, bot_user_id=other.bot(slack.app).id,
        scopes=slack.installation.scopes, bot_id=slack.app.bot_id,
    )  # fmt: skip
    eve = other.user("Eve Ito", name="eve")
    there = other.channel("sparkles", members=[eve, other.bot(slack.app)])
    Channel.link(installation, room, by=ana, channel_id=there.id, name="sparkles", team_id="T0PARTNER")
    slack.user(bo).says(channel, "hello over there")
    slack.settle()
    eve.says(there, "hello yourselves")
    slack.settle()
    assert ["hello over there" in eve.reads(there)[0], len(eve.reads(there))] == [True, 2]
    assert "hello yourselves" in slack.user(bo).reads(channel)[-1]
    assert room.messages.count() == 2
    assert token not in str(list(Installation.objects.values())), "kept sealed"


def test_the_pace_of_a_channel_is_three_at_once_and_then_one_a_second() -> None:
    pace, now = sender.Pace(), 100.0
    for _ in range(3):
        assert pace.wait(1, now) == 0
        pace.spend(1, now)
    assert pace.wait(1, now) == pytest.approx(sender.PACE)
    assert pace.wait(2, now) == 0, "every channel has its own"
    assert pace.wait(1, now + 0.4) == pytest.approx(sender.PACE - 0.4)
    assert pace.wait(1, now + sender.PACE) == pytest.approx(0)


def test_while_slack_is_away_one_question_a_second_asks_whether_it_is_back() -> None:
    reach = sender.Reach()
    assert reach.may(1, 100.0)
    reach.heard(1, 100.0, there=False)
    assert not reach.may(1, 100.5)
    assert reach.may(1, 101.0), "one asks"
    assert not reach.may(1, 101.2), "and the others wait for the answer"
    assert reach.may(2, 101.2), "another workspace is another Slack"
    assert not reach.heard(1, 101.3, there=True), "it was only for a moment"
    assert reach.may(1, 101.3)
    reach.heard(1, 102.0, there=False)
    reach.heard(1, 104.0, there=False)
    assert reach.heard(1, 108.0, there=True), "and now it is back"


def test_when_slack_is_back_what_waited_goes_out(slack: Slack, room: Room, ana: Person, reads: Any) -> None:
    slack.server.fail("chat.postMessage", "503")
    room.say("in a while", by=ana)
    assert reads() == []
    slack.installation.wait_no_more()
    assert len(reads()) == 1


def test_a_button_says_where_it_acts(slack: Slack, room: Room, channel: SlackChannel, bo: Person) -> None:
    room.say(card=Card(title=text("Who?"), buttons=(Button("Everybody", "rooms"),)), voice="Fireside")
    slack.settle()
    [post] = slack.user(bo).sees(channel)
    slack.user(bo).presses(channel, post.ts, "Everybody")
    slack.settle()
    assert any("Rooms you could enter" in words for words in slack.user(bo).reads(channel))


def test_a_list_of_rooms_asks_for_all_their_channels_at_once(
    slack: Slack, ana: Person, django_assert_max_num_queries: Any
) -> None:
    there = {room.slug: slack.channel(room).id for room in (Room.make(f"r-{n}", by=ana) for n in range(10))}
    cave = Room.make("cave", by=ana, private=True)
    slack.channel(cave)
    names = Known(slack.installation)
    with django_assert_max_num_queries(5):
        assert {slug: names.channel(slug) for slug in there} == there
        assert names.channel("cave") == names.channel("nowhere") == "", (
            "what is private is named nowhere else"
        )
    assert Known(slack.installation, room=cave).channel("cave")
