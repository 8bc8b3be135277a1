"""What people say and do in a linked channel is in the room, once, with their name and their time."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from slack_sdk import WebClient

from fireside.hearth.commands import Ask, say_line
from fireside.hearth.models import Message, Person, Room, Seat
from fireside.slack.fetching import bring
from fireside.slack.models import Account, Arrival, Channel, Post
from tests.attaching import bomb, picture
from tests.slack_door import Slack

pytestmark = pytest.mark.django_db


def said(room: Room) -> list[str]:
    return [str(message) for message in room.messages.filter(deleted_at=None, thread=None)]


def test_words_come_with_their_author_and_their_time(slack: Slack, room: Room, ana: Person) -> None:
    channel = slack.channel(room)
    ts = slack.user(ana).says(channel, "the *queue* is full, see https://example.org/q")
    slack.settle()
    [message] = room.messages.all()
    assert message.author == ana
    assert message.text == "the **queue** is full, see https://example.org/q"
    assert message.at == datetime.fromtimestamp(float(ts), UTC)
    assert slack.user(ana).reads(channel) == ["the *queue* is full, see https://example.org/q"], (
        "it is not said back"
    )


def test_signs_are_signs(slack: Slack, room: Room, ana: Person) -> None:
    slack.user(ana).says(slack.channel(room), "shipped :tada: at 10:20:30 :not-one-of-ours:")
    slack.settle()
    assert [message.text for message in room.messages.all()] == ["shipped 🎉 at 10:20:30 :not-one-of-ours:"]


def test_who_is_not_known_becomes_a_person_without_a_log_in(slack: Slack, room: Room) -> None:
    channel = slack.channel(room)
    dee = slack.workspace.user("Dee Rua", name="dee", email="dee@elsewhere.org", tz="Asia/Tokyo")
    channel.invite(dee)
    dee.says(channel, "hello from afar")
    slack.settle()
    [message] = room.messages.all()
    assert message.author is not None
    assert (message.author.name, message.author.zone, message.author.email) == ("Dee Rua", "Asia/Tokyo", None)
    assert not message.author.has_usable_password()
    assert Seat.objects.filter(room=room, person=message.author).exists()


def test_a_keeper_of_the_house_is_not_whoever_claims_their_address(
    slack: Slack, room: Room, ana: Person
) -> None:
    channel = slack.channel(room)
    stranger = slack.workspace.user("Ana Ngata", name="ana2", email="ana@example.org", stranger=True)
    channel.members.append(stranger)
    stranger.says(channel, "I am Ana")
    slack.settle()
    [message] = room.messages.all()
    assert message.author != ana
    assert Account.objects.get(user_id=stranger.id).guest


def test_changes_and_takings_back_follow(slack: Slack, room: Room, ana: Person) -> None:
    channel, user = slack.channel(room), slack.user(ana)
    ts = user.says(channel, "roll back to v40")
    user.edits(channel, ts, "roll back to v41")
    slack.settle()
    [message] = room.messages.all()
    assert message.text == "roll back to v41"
    assert [version.text for version in message.versions.all()] == ["roll back to v40"]
    user.deletes(channel, ts)
    slack.settle()
    message.refresh_from_db()
    assert message.deleted_at
    assert message.text == ""


def test_a_preview_is_no_change(slack: Slack, room: Room, ana: Person) -> None:
    channel = slack.channel(room)
    ts = slack.user(ana).says(channel, "see https://example.org/")
    slack.server.unfurls(channel, ts)
    slack.settle()
    [message] = room.messages.all()
    assert message.edited_at is None


def test_a_reply_is_in_the_thread(slack: Slack, room: Room, ana: Person, bo: Person) -> None:
    channel = slack.channel(room)
    ts = slack.user(ana).says(channel, "who has the runbook?")
    slack.user(bo).says(channel, "I do", thread=ts)
    slack.settle()
    first, reply = room.messages.order_by("pk")
    assert reply.thread == first
    assert reply.author == bo


def test_a_reply_to_words_from_before_the_link_brings_them_along(
    slack: Slack, room: Room, ana: Person, bo: Person
) -> None:
    channel = slack.workspace.channel(
        "old", members=[slack.user(ana), slack.user(bo), slack.workspace.bot(slack.app)]
    )
    ts = slack.user(ana).says(channel, "from yesterday")
    Channel.link(slack.installation, room, by=ana, channel_id=channel.id, name="old")
    slack.user(bo).says(channel, "still true", thread=ts)
    slack.settle()
    first, reply = room.messages.order_by("pk")
    assert (first.text, first.author, reply.thread) == ("from yesterday", ana, first)


def test_claps_are_claps_on_both_sides(slack: Slack, room: Room, ana: Person, bo: Person) -> None:
    channel = slack.channel(room)
    ts = slack.user(ana).says(channel, "it works again")
    slack.user(bo).reacts(channel, ts, "tada")
    slack.user(bo).reacts(channel, ts, "clap::skin-tone-3")
    slack.user(bo).reacts(channel, ts, "melting_face")
    slack.settle()
    [message] = room.messages.all()
    assert sorted((clap.sign, clap.person) for clap in message.claps.all()) == [("🎉", bo), ("👏", bo)]
    slack.user(bo).unreacts(channel, ts, "tada")
    slack.settle()
    assert [clap.sign for clap in message.claps.all()] == ["👏"]


def test_pins_are_pins_on_both_sides(slack: Slack, room: Room, ana: Person) -> None:
    channel, user = slack.channel(room), slack.user(ana)
    ts = user.says(channel, "the way to the vault")
    user.pins(channel, ts)
    slack.settle()
    [message] = room.messages.all()
    assert message.pinned_by == ana
    user.unpins(channel, ts)
    slack.settle()
    message.refresh_from_db()
    assert message.pinned_at is None


def test_coming_and_going_are_a_seat(slack: Slack, room: Room, cy: Person) -> None:
    channel = slack.channel(room)
    slack.user(cy).joins(channel)
    slack.settle()
    assert Seat.objects.filter(room=room, person=cy).exists()
    slack.user(cy).leaves(channel)
    slack.settle()
    assert not Seat.objects.filter(room=room, person=cy).exists()


def test_a_program_speaks_under_its_own_name(slack: Slack, room: Room) -> None:
    channel = slack.channel(room)
    other = slack.server.app(
        {"display_information": {"name": "Deploy bot"}, "oauth_config": {"scopes": {"bot": ["chat:write"]}}}
    )
    token = slack.workspace.install(other)
    channel.invite(slack.workspace.bot(other))
    WebClient(token, base_url=slack.server.url).chat_postMessage(channel=channel.id, text="v42 is out")
    slack.settle()
    [message] = room.messages.all()
    assert message.author is None
    assert (message.text, message.speaker) == ("v42 is out", "Deploy bot")


def test_files_are_kept_where_we_may_read_them(slack: Slack, room: Room, ana: Person) -> None:
    channel = slack.channel(room)
    ts = slack.user(ana).says(channel, "the graph", files=[("a [1].png", "image/png", picture())])
    slack.settle()
    [message] = room.messages.all()
    [file] = message.files.all()
    assert (file.name, file.type, message.text) == ("a [1].png", "image/png", "the graph")
    slack.user(ana).edits(channel, ts, "the newer graph")
    slack.settle()
    message.refresh_from_db()
    assert message.text == "the newer graph"


def test_files_we_may_not_read_are_linked_to(slack: Slack, room: Room, ana: Person) -> None:
    channel = slack.channel(room)
    slack.installation.scopes = slack.installation.scopes.replace("files:read", "")
    slack.installation.save()
    ts = slack.user(ana).says(channel, "the graph", files=[("a.png", "image/png", b"0000")])
    slack.settle()
    [message] = room.messages.all()
    assert not message.files.exists()
    assert message.text.startswith("the graph\n[a.png](<http")
    slack.user(ana).edits(channel, ts, "the newer graph")
    slack.settle()
    message.refresh_from_db()
    assert message.text.startswith("the newer graph\n[a.png](<http")


def test_a_picture_that_nobody_should_open_stays_in_slack_and_the_words_come(
    slack: Slack, room: Room, ana: Person
) -> None:
    files = [("sun.png", "image/png", bomb(60_000, 60_000)), ("calm.png", "image/png", picture())]
    slack.user(ana).says(slack.channel(room), "the graphs", files=files)
    slack.settle()
    [message] = room.messages.all()
    assert message.text.startswith("the graphs\n[sun.png](<http")
    assert [file.name for file in message.files.all()] == ["calm.png"]


def test_our_token_goes_to_slack_alone(slack: Slack) -> None:
    file = {"name": "x", "size": 5, "permalink": "https://files.example.org/x"}
    for url, more in (
        ("https://evil.example/x", {}),
        (f"{slack.server.origin}/x", {"is_external": True}),
        ("http://127.0.0.1.evil.example/x", {}),
        ("http://[/x", {}),
    ):
        brought = bring(slack.installation, [{**file, **more, "url_private_download": url}])
        assert (brought.uploads, brought.links) == ([], ["[x](<https://files.example.org/x>)"])


def test_mentions_name_people_and_rooms(slack: Slack, room: Room, ana: Person, bo: Person) -> None:
    channel = slack.channel(room)
    slack.user(bo)
    slack.user(ana).says(channel, f"@{bo.handle} could you look in #{room.slug}?")
    slack.settle()
    [message] = room.messages.all()
    assert message.text == f"@{bo.handle} could you look in #{room.slug}?"


def test_only_linked_channels_are_heard(slack: Slack, room: Room, ana: Person) -> None:
    other = slack.workspace.channel("lunch", members=[slack.user(ana), slack.workspace.bot(slack.app)])
    slack.user(ana).says(other, "who wants noodles?")
    assert not Arrival.objects.exists(), "not even written down"
    slack.settle()
    assert not Message.objects.exists()


def test_what_was_handled_is_forgotten_but_for_its_key(slack: Slack, room: Room, ana: Person) -> None:
    slack.user(ana).says(slack.channel(room), "a secret of the team")
    slack.settle()
    assert "secret" not in str(list(Arrival.objects.values()))


class TestTheNetworkIsAsItIs:
    """Copies, retries, disorder and replays change nothing."""

    def test_everything_comes_twice(self, slack: Slack, room: Room, ana: Person, bo: Person) -> None:
        slack.server.duplicate = True
        channel = slack.channel(room)
        ts = slack.user(ana).says(channel, "once")
        slack.user(bo).reacts(channel, ts, "clap")
        slack.user(ana).edits(channel, ts, "once more")
        slack.settle()
        [message] = room.messages.all()
        assert message.claps.count() == 1
        assert message.versions.count() == 1

    @pytest.mark.parametrize("seed", range(6))
    def test_everything_comes_in_disorder(
        self, slack: Slack, room: Room, ana: Person, bo: Person, seed: int
    ) -> None:
        slack.server.seed = seed
        slack.server.reorder, slack.server.auto = True, False
        channel = slack.channel(room)
        ts = slack.user(ana).says(channel, "first")
        slack.user(ana).edits(channel, ts, "second")
        slack.user(ana).edits(channel, ts, "third")
        slack.user(bo).reacts(channel, ts, "clap")
        slack.user(bo).unreacts(channel, ts, "clap")
        slack.user(bo).says(channel, "an answer", thread=ts)
        gone = slack.user(bo).says(channel, "never mind")
        slack.user(bo).deletes(channel, gone)
        slack.settle()
        first = room.messages.get(text="third")
        assert not first.claps.exists()
        assert [str(reply) for reply in first.replies.all()] == ["an answer"]
        assert said(room) == ["third"]

    def test_a_replayed_request_changes_nothing(self, slack: Slack, room: Room, ana: Person) -> None:
        slack.user(ana).says(slack.channel(room), "only once")
        slack.settle()
        assert slack.server.replay().status == 200
        slack.settle()
        assert said(room) == ["only once"]
        assert slack.server.replay(age=600).status == 401, "an old signature opens nothing"

    def test_slack_does_not_say_who_it_was_for_a_while(self, slack: Slack, room: Room) -> None:
        channel = slack.channel(room)
        eli = slack.workspace.user("Eli Moss", name="eli")
        channel.members.append(eli)
        slack.server.fail("users.info", "503")
        eli.says(channel, "hello")
        slack.settle()
        [message] = room.messages.all()
        assert message.author is not None
        Account.objects.update(read_at=datetime(2026, 1, 1, tzinfo=UTC))
        eli.says(channel, "hello again")
        slack.settle()
        message.author.refresh_from_db()
        assert message.author.name == "Eli Moss"


def test_a_channel_that_turns_private_is_no_longer_one_with_an_open_room(
    slack: Slack, room: Room, ana: Person
) -> None:
    channel = slack.channel(room)
    channel.private = True
    slack.user(ana).says(channel, "only for us")
    slack.settle()
    assert "only for us" not in said(room)
    assert any("not as open" in words and "/unlink-channel" in words for words in said(room))
    told = room.messages.count()
    ts = slack.user(ana).says(channel, "still only for us")
    slack.user(ana).reacts(channel, ts, "pushpin")
    slack.user(ana).archives(channel)
    slack.user(ana).unarchives(channel)
    room.say("in the open room", by=ana)
    slack.settle()
    assert room.messages.count() == told + 1
    assert "in the open room" not in str(slack.user(ana).reads(channel)), (
        "it stays so until it is linked anew"
    )
    say_line(Ask(ana, room), "/unlink-channel")
    assert not Channel.objects.exists()


def test_a_reaction_brings_no_words_out_of_a_channel_that_turned_private(
    slack: Slack, room: Room, ana: Person, bo: Person
) -> None:
    there = [slack.user(ana), slack.user(bo), slack.workspace.bot(slack.app)]
    channel = slack.workspace.channel("old", members=there)
    ts = slack.user(ana).says(channel, "only for us")
    Channel.link(slack.installation, room, by=ana, channel_id=channel.id, name="old")
    slack.settle()
    channel.private = True
    slack.user(bo).reacts(channel, ts, "clap")
    slack.settle()
    assert "only for us" not in said(room)
    assert Channel.objects.get().apart


def test_words_in_a_private_channel_stay_with_those_in_it(
    slack: Slack, ana: Person, bo: Person, cy: Person
) -> None:
    cave = Room.make("cave", by=ana, private=True)
    cave.seat(bo)
    channel = slack.channel(cave)
    slack.user(bo).says(channel, "the woozle is ill")
    slack.settle()
    [message] = cave.messages.all()
    assert not cave.may_enter(cy)
    assert "woozle" not in str(list(Post.objects.exclude(channel__room=cave).values()))
    assert message.author == bo


def test_who_comes_to_the_web_later_is_the_one_they_were(slack: Slack, room: Room) -> None:
    channel = slack.channel(room)
    eve = slack.workspace.user("Eve Ito", name="eve", email="eve@example.org")
    channel.members.append(eve)
    eve.says(channel, "hello")
    slack.settle()
    joined = Person.welcome("Eve Ito", email="eve@example.org")
    eve.becomes(tz="Asia/Tokyo")
    eve.says(channel, "it is me again")
    slack.settle()
    assert room.messages.last().author == joined
