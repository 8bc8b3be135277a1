"""A room and a channel become one, and two again."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from fireside.hearth.commands import Ask, Missing, NotYours, Sorry, say_line
from fireside.hearth.models import Entry, Message, Person, Room, Seat
from fireside.hearth.workflows import settle
from fireside.slack.kinds import UNCONNECTED
from fireside.slack.models import Channel, Installation
from tests.slack_door import TEAM, Slack

pytestmark = pytest.mark.django_db

Do = Callable[..., object]
Web = Callable[[Person], Client]


@pytest.fixture
def den(ana: Person) -> Room:
    """A private room, with only Ana in it."""
    return Room.make("den", by=ana, private=True)


def met(slack: Slack, *people: Person) -> None:
    """People whose accounts are known, because they said something in Slack."""
    for person in people:
        slack.stands_in(person, slack.lobby).types(slack.lobby, "/fireside rooms")
    slack.settle()


def heard(slack: Slack, person: Person, channel: object) -> str:
    return "\n".join(slack.user(person).reads(channel))


def test_typed_in_a_channel_it_makes_that_channel_and_the_room_one(
    slack: Slack, room: Room, bo: Person
) -> None:
    user = slack.user(bo)
    channel = slack.workspace.channel("sparkle-talk", members=[user])
    channel.invite(slack.workspace.bot(slack.app))
    user.types(channel, "/fireside link-channel #magic-sparkles")
    slack.settle()
    [link] = Channel.objects.all()
    assert (link.room, link.channel_id, link.name, link.team_id) == (room, channel.id, "sparkle-talk", TEAM)
    assert (link.linked_by, link.made, link.private) == (bo, False, False)
    assert "The room magic-sparkles and #sparkle-talk in Slack are one" in heard(slack, bo, channel)
    assert "#sparkle-talk in Slack and this room are one from now on." in str(room.messages.get())
    user.says(channel, "hello room")
    room.say("hello channel", by=bo)
    slack.settle()
    assert room.messages.filter(text="hello room", author=bo).exists()
    assert "hello channel" in heard(slack, bo, channel)


def test_what_is_one_already_is_said_to_the_asker_alone(
    slack: Slack, room: Room, ana: Person, do: Do
) -> None:
    slack.channel(room)
    outcome = do(ana, "/link-channel #magic-sparkles channel: #magic-sparkles")
    assert "are one already" in str(outcome.whisper.words if outcome.whisper else "")
    assert not room.messages.exists()


def test_words_from_before_stay_where_they_were(slack: Slack, room: Room, ana: Person, do: Do) -> None:
    room.say("long ago", by=ana)
    channel = slack.workspace.channel(
        "sparkle-talk", members=[slack.user(ana), slack.workspace.bot(slack.app)]
    )
    do(ana, "/link-channel #magic-sparkles channel: #sparkle-talk")
    slack.settle()
    assert "long ago" not in heard(slack, ana, channel)


@pytest.mark.parametrize(
    "name", ["sparkle-talk", "#sparkle-talk", "#Sparkle-Talk", "{id}", "<#{id}|sparkle-talk>"]
)
def test_a_channel_is_known_by_its_name_its_id_and_its_tag(
    slack: Slack, room: Room, ana: Person, do: Do, name: str
) -> None:
    channel = slack.workspace.channel("sparkle-talk", members=[slack.workspace.bot(slack.app)])
    do(ana, f"/link-channel #magic-sparkles channel: {name.format(id=channel.id)}")
    assert Channel.objects.get().channel_id == channel.id


def test_in_slack_another_channel_can_be_named_too(slack: Slack, room: Room, ana: Person) -> None:
    there = slack.workspace.channel("sparkle-talk", members=[slack.user(ana), slack.workspace.bot(slack.app)])
    line = "/fireside link-channel #magic-sparkles channel: #sparkle-talk"
    slack.stands_in(ana, slack.lobby).types(slack.lobby, line)
    slack.settle()
    assert Channel.objects.get().channel_id == there.id


def test_a_channel_that_slack_does_not_show_is_not_linked(
    slack: Slack, room: Room, ana: Person, do: Do
) -> None:
    with pytest.raises(Sorry, match="Slack shows Fireside no channel #nowhere"):
        do(ana, "/link-channel #magic-sparkles channel: #nowhere")


def test_in_the_web_the_form_asks_which_channel(slack: Slack, room: Room, ana: Person) -> None:
    with pytest.raises(Missing, match="needs channel"):
        say_line(Ask(ana, room), "/link-channel")


def test_an_archived_channel_is_not_linked(slack: Slack, room: Room, ana: Person, do: Do) -> None:
    channel = slack.workspace.channel("old-talk", members=[slack.workspace.bot(slack.app)])
    channel.archived = True
    with pytest.raises(Sorry, match="#old-talk in Slack is archived"):
        do(ana, f"/link-channel #magic-sparkles channel: {channel.id}")


def test_a_conversation_of_two_is_no_channel(slack: Slack, room: Room, ana: Person) -> None:
    user, bot = slack.user(ana), slack.workspace.bot(slack.app)
    talk = slack.workspace.dm(user, bot)
    user.types(talk, "/fireside link-channel #magic-sparkles")
    slack.settle()
    assert not Channel.objects.exists()


def test_one_room_has_one_channel_and_one_channel_one_room(
    slack: Slack, room: Room, ana: Person, do: Do
) -> None:
    slack.channel(room)
    slack.workspace.channel("other-talk", members=[slack.workspace.bot(slack.app)])
    with pytest.raises(Sorry, match="The room magic-sparkles has a channel already"):
        do(ana, "/link-channel #magic-sparkles channel: #other-talk")
    Room.make("other", by=ana)
    with pytest.raises(Sorry, match="This channel is one with the room magic-sparkles"):
        do(ana, "/link-channel #other channel: #magic-sparkles")


def test_who_links_a_channel_without_us_hears_how_to_let_us_in(
    slack: Slack, room: Room, ana: Person, do: Do
) -> None:
    slack.installation.scopes = "channels:read"
    slack.installation.save()
    slack.workspace.channel("sparkle-talk")
    came = do(ana, "/link-channel #magic-sparkles channel: #sparkle-talk")
    assert "Say /invite @Fireside in #sparkle-talk" in came.whisper.words  # type: ignore[attr-defined]


# -- private ones --------------------------------------------------------------------------------------------


def test_what_is_open_and_what_is_private_stay_apart(
    slack: Slack, room: Room, den: Room, ana: Person, do: Do
) -> None:
    secret = slack.workspace.channel(
        "secret-talk", private=True, members=[slack.user(ana), slack.workspace.bot(slack.app)]
    )
    slack.workspace.channel("open-talk", members=[slack.user(ana), slack.workspace.bot(slack.app)])
    met(slack, ana)
    with pytest.raises(Sorry, match="these two stay apart"):
        do(ana, f"/link-channel #magic-sparkles channel: {secret.id}")
    with pytest.raises(Sorry, match="these two stay apart"):
        do(ana, "/link-channel #den channel: #open-talk")


def test_who_is_in_a_private_channel_gets_a_seat_in_its_room(
    slack: Slack, den: Room, ana: Person, bo: Person, cy: Person
) -> None:
    bot = slack.workspace.bot(slack.app)
    guest = slack.workspace.user("Gil Guest", name="gil", guest=True)
    secret = slack.workspace.channel(
        "secret-talk", private=True, members=[slack.user(ana), slack.user(bo), guest, bot]
    )
    slack.user(ana).types(secret, "/fireside link-channel #den")
    slack.settle()
    assert "Everybody in it gets a seat in the room." in heard(slack, ana, secret)
    settle()
    gil = Person.objects.get(handle="gil")
    assert {seat.person for seat in Seat.objects.filter(room=den)} == {ana, bo, gil}
    assert gil.is_guest, "in the rooms of the channels he was let into, and nowhere else"
    assert Channel.objects.get().private


@pytest.mark.parametrize("named", ["{id}", "#secret-talk"])
def test_a_private_channel_is_not_there_for_who_is_not_in_it(
    slack: Slack, ana: Person, bo: Person, den: Room, do: Do, named: str
) -> None:
    secret = slack.workspace.channel(
        "secret-talk", private=True, members=[slack.user(bo), slack.workspace.bot(slack.app)]
    )
    met(slack, ana)
    words = named.format(id=secret.id)
    with pytest.raises(Sorry, match="Slack shows Fireside no channel"):
        do(ana, f"/link-channel #den channel: {words}")


def test_without_the_feature_private_channels_are_left_alone(slack: Slack, ana: Person, den: Room) -> None:
    secret = slack.workspace.channel(
        "secret-talk", private=True, members=[slack.user(ana), slack.workspace.bot(slack.app)]
    )
    slack.settings.SLACK["WITH"] = "claps"
    slack.user(ana).types(secret, "/fireside link-channel #den")
    slack.settle()
    assert "Private channels are not heard here" in heard(slack, ana, secret)
    assert not Channel.objects.exists()


def test_a_room_behind_a_door_cannot_be_linked_from_outside(
    slack: Slack, den: Room, cy: Person, do: Do
) -> None:
    slack.workspace.channel("open-talk", members=[slack.workspace.bot(slack.app)])
    with pytest.raises(NotYours, match="There is no room called #den"):
        do(cy, "/link-channel #den channel: #open-talk")


def test_a_guest_of_slack_links_nothing(slack: Slack, room: Room) -> None:
    guest = slack.workspace.user("Gil Guest", name="gil", guest=True)
    channel = slack.workspace.channel("sparkle-talk", members=[guest, slack.workspace.bot(slack.app)])
    guest.types(channel, "/fireside link-channel #magic-sparkles")
    slack.settle()
    assert not Channel.objects.exists()


# -- apart again ---------------------------------------------------------------------------------------------


def test_they_come_apart_again_and_keep_what_was_said(slack: Slack, room: Room, bo: Person) -> None:
    channel = slack.channel(room)
    user = slack.stands_in(bo, channel)
    user.says(channel, "hello room")
    slack.settle()
    user.types(channel, "/fireside unlink-channel")
    slack.settle()
    assert not Channel.objects.exists()
    assert "are two again" in heard(slack, bo, channel)
    assert room.messages.filter(text="hello room").exists()
    user.says(channel, "among us")
    room.say("in the room", by=bo)
    slack.settle()
    assert not Message.objects.filter(text="among us").exists()
    assert "in the room" not in heard(slack, bo, channel)
    assert Entry.objects.filter(verb="slack.unlinked", room=room, by=bo).exists()


def test_a_room_without_a_channel_has_nothing_to_take_apart(
    slack: Slack, room: Room, bo: Person, do: Do
) -> None:
    with pytest.raises(Sorry, match="#magic-sparkles has no channel in Slack"):
        do(bo, "/unlink-channel #magic-sparkles")


def test_of_two_workspaces_the_channel_says_which(slack: Slack, room: Room, bo: Person, do: Do) -> None:
    slack.channel(room)
    other = Installation.install(team_id="T9", enterprise_id="", token="xoxb-9", name="Dragons")
    Channel.link(other, room, by=None, channel_id="C9", name="sparkles-too")
    with pytest.raises(Sorry, match="Name the channel you mean"):
        do(bo, "/unlink-channel #magic-sparkles")
    do(bo, "/unlink-channel #magic-sparkles channel: #sparkles-too")
    assert Channel.objects.get().installation == slack.installation


# -- made for a room -----------------------------------------------------------------------------------------


def test_a_channel_is_made_for_a_room_with_its_people_in_it(
    slack: Slack, room: Room, ana: Person, bo: Person, do: Do
) -> None:
    met(slack, ana, bo)
    do(ana, "/make-channel #magic-sparkles")
    slack.settle()
    link = Channel.objects.get()
    made = slack.workspace.channels[link.channel_id]
    assert (made.name, link.made) == ("magic-sparkles", True)
    assert {slack.user(ana), slack.user(bo)} <= set(made.members)
    room.say("hello", by=bo)
    slack.settle()
    assert "hello" in heard(slack, ana, made)


def test_where_we_may_not_make_channels_it_is_said(slack: Slack, room: Room, ana: Person, do: Do) -> None:
    slack.installation.scopes = "channels:read"
    slack.installation.save()
    with pytest.raises(Sorry, match="Fireside may not make channels in Unicorn Rentals"):
        do(ana, "/make-channel #magic-sparkles")


def test_a_keeper_says_whether_incidents_get_channels(
    slack: Slack, ana: Person, bo: Person, room: Room, do: Do
) -> None:
    with pytest.raises(NotYours):
        do(bo, "/incident-channels no")
    do(ana, "/incident-channels no")
    assert not Installation.objects.get().makes_channels
    do(ana, "/incident customers cannot pay")
    slack.settle()
    assert not Channel.objects.exists()
    do(ana, "/incident-channels yes")
    do(ana, "/incident nobody can log in")
    slack.settle()
    assert Channel.objects.get().made


def test_with_several_workspaces_one_has_to_be_named(slack: Slack, ana: Person, do: Do, room: Room) -> None:
    Installation.install(team_id="T9", enterprise_id="", token="xoxb-9", name="Dragons")
    with pytest.raises(Sorry, match=r"Say which workspace: Unicorn Rentals \(T0UNICORN\), Dragons \(T9\)"):
        do(ana, "/incident-channels no")
    do(ana, "/incident-channels no workspace: T9")
    assert Installation.objects.get(makes_channels=False).team_id == "T9"


def test_without_slack_these_commands_say_so(room: Room, ana: Person) -> None:
    lines = (
        "/link-channel #magic-sparkles channel: #talk",
        "/make-channel #magic-sparkles",
        "/incident-channels no",
    )
    for line in lines:
        with pytest.raises(Sorry) as told:
            say_line(Ask(ana), line)
        assert told.value.words == UNCONNECTED


@pytest.mark.parametrize(
    ("how", "sentence"),
    [
        ("429", "Slack asks us to slow down"),
        ("500", "Slack does not answer"),
        ("reset", "Slack does not answer"),
    ],
)
def test_while_slack_is_in_trouble_nothing_is_linked_and_the_asker_knows(
    slack: Slack, room: Room, ana: Person, do: Do, how: str, sentence: str
) -> None:
    channel = slack.workspace.channel("sparkle-talk", members=[slack.workspace.bot(slack.app)])
    slack.server.fail("conversations.info", how)
    with pytest.raises(Sorry, match=sentence):
        do(ana, f"/link-channel #magic-sparkles channel: {channel.id}")
    assert not Channel.objects.exists()
    do(ana, f"/link-channel #magic-sparkles channel: {channel.id}")
    assert Channel.objects.count() == 1


def test_who_links_before_we_are_let_in_loses_no_word(
    slack: Slack, room: Room, ana: Person, bo: Person
) -> None:
    slack.installation.scopes = slack.installation.scopes.replace("channels:join", "")
    slack.installation.save()
    there = slack.workspace.channel("sparkle-talk", members=[slack.user(ana), slack.user(bo)])
    slack.user(ana).types(there, "/fireside link-channel #magic-sparkles")
    slack.settle()
    room.say("said before anybody let us in", by=bo)
    slack.settle()
    assert all("does not have us" not in str(message) for message in room.messages.all()), "nobody is called"
    assert "/invite @Fireside" in Channel.objects.get(room=room).trouble
    there.invite(slack.workspace.bot(slack.app))
    slack.settle()
    assert "said before anybody let us in" in "\n".join(slack.user(bo).reads(there))
    assert Channel.objects.get(room=room).trouble == ""


def test_those_in_the_channel_hear_that_it_comes_apart(
    slack: Slack, room: Room, ana: Person, bo: Person
) -> None:
    channel = slack.channel(room)
    slack.user(ana).types(channel, "/fireside unlink-channel")
    slack.settle()
    assert (
        "Ana Ngata took this channel and the room magic-sparkles apart" in slack.user(bo).reads(channel)[-1]
    )
