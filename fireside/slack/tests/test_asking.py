"""Commands and buttons in Slack: who asks is answered alone, what is done is seen by all, and once."""

from __future__ import annotations

import pytest

from fireside.hearth.cards import Button, Card, text
from fireside.hearth.commands import Sorry
from fireside.hearth.models import Message, Person, Room
from fireside.slack.models import Account, Arrival
from tests.slack_door import Slack
from tests.slack_server import Channel as SlackChannel

pytestmark = pytest.mark.django_db


@pytest.fixture
def channel(slack: Slack, room: Room) -> SlackChannel:
    return slack.channel(room)


def heard(slack: Slack, person: Person, channel: SlackChannel, line: str) -> str:
    """What this person is told, and nobody else."""
    user = slack.stands_in(person, channel)
    before = {message.ts for message in user.sees(channel)}
    user.types(channel, line)
    slack.settle()
    return "\n".join(m.words for m in user.sees(channel) if m.ts not in before and m.ephemeral)


def test_everybody_sees_what_is_done_and_who_did_it(
    slack: Slack, channel: SlackChannel, room: Room, ana: Person, bo: Person
) -> None:
    slack.user(ana).types(channel, "/fireside about Where we look after the *unicorns*")
    slack.settle()
    [words] = slack.user(bo).reads(channel)
    assert "Ana Ngata" in words
    assert "`/fireside about`" in words, "what was done"
    assert "Where we look after the *unicorns*" in words, "as it was typed"
    [message] = room.messages.all()
    assert message.author == ana


def test_a_verb_of_the_book_is_one_in_slack_too_and_a_wrong_one_is_told_kindly(
    slack: Slack, channel: SlackChannel, ana: Person, bo: Person
) -> None:
    told = heard(slack, ana, channel, "/fireside decied")
    assert "There is no /decied. Did you mean" in told
    assert slack.user(bo).reads(channel) == [], "the asker alone is told"


def test_nothing_but_the_name_gives_help_that_fits_the_room(
    slack: Slack, channel: SlackChannel, ana: Person
) -> None:
    assert "What you could say here" in heard(slack, ana, channel, "/fireside")


def test_without_a_room_it_says_how_there_could_be_one(slack: Slack, ana: Person) -> None:
    told = heard(slack, ana, slack.lobby, "/fireside about The lobby")
    assert "This one belongs in a room" in told


def test_people_and_channels_are_meant_by_their_slack_names(
    slack: Slack, channel: SlackChannel, room: Room, ana: Person, cy: Person
) -> None:
    cy_there = slack.user(cy)
    cy_there.name = "cyrano"  # in Slack they have another handle
    slack.stands_in(cy, slack.lobby).says(slack.lobby, "hello")
    heard(slack, cy, slack.lobby, "/fireside help")
    slack.user(ana).types(channel, "/fireside bring @cyrano")
    slack.settle()
    assert room.seats.filter(person=cy).exists()
    told = heard(slack, cy, slack.lobby, f"/fireside join #{channel.name}")
    assert "You have a seat in" in told


def test_an_answer_goes_to_the_asker_also_where_we_are_not_members(slack: Slack, ana: Person) -> None:
    there = slack.workspace.channel("lunch", members=[slack.user(ana)])
    assert "What you could say here" in heard(slack, ana, there, "/fireside help")


def test_what_is_said_elsewhere_is_told_where_it_was_asked(
    slack: Slack, channel: SlackChannel, room: Room, ana: Person
) -> None:
    told = heard(slack, ana, channel, "/incident the bank is slow")
    assert "is open, and you are in it" in told


def test_a_command_that_is_sent_again_is_done_once(
    slack: Slack, channel: SlackChannel, room: Room, ana: Person
) -> None:
    slack.user(ana).types(channel, "/fireside about Once")
    slack.settle()
    for _ in range(3):
        slack.server.replay()
        slack.settle()
    assert room.messages.count() == 1
    assert Arrival.objects.filter(kind="command").count() == 1


def test_an_old_or_forged_signature_opens_nothing(
    slack: Slack, channel: SlackChannel, room: Room, ana: Person
) -> None:
    slack.user(ana).types(channel, "/fireside about Once")
    slack.settle()
    assert slack.server.replay(age=301).status == 401
    slack.settings.SLACK = {**slack.settings.SLACK, "SIGNING_SECRET": "another"}
    assert slack.user(ana).types(channel, "/fireside about Twice").status == 401
    slack.settle()
    assert room.messages.count() == 1


def test_a_stranger_is_heard_and_does_nothing_else(slack: Slack, channel: SlackChannel, room: Room) -> None:
    gus = slack.workspace.user("Gus", name="gus", email="gus@partner.org", stranger=True)
    channel.members.append(gus)
    gus.says(channel, "hello from the partner")
    gus.types(channel, "/fireside rooms")
    slack.settle()
    assert "Commands are for the people of this organisation" in gus.reads(channel)[-1]
    assert [str(m) for m in room.messages.all()] == ["hello from the partner"]


def test_a_guest_of_slack_is_a_guest_here_in_the_rooms_of_their_channels(
    slack: Slack, channel: SlackChannel, room: Room, ana: Person
) -> None:
    Room.make("elsewhere", by=ana)
    gus = slack.workspace.user("Gus", name="gus", email="gus@partner.org", guest=True)
    channel.members.append(gus)
    gus.types(channel, "/fireside rooms")
    slack.settle()
    assert "#magic-sparkles" in gus.reads(channel)[-1]
    assert "elsewhere" not in gus.reads(channel)[-1]
    for words, told in (
        ("about mine now", "This is for the people of this organisation."),
        ("say hello to: #elsewhere", "There is no room called #elsewhere."),
        ("people ana", "Ana Ngata"),
    ):
        gus.types(channel, f"/fireside {words}")
        slack.settle()
        assert told in "\n".join(gus.reads(channel)), words
    gus.becomes(guest=False)
    slack.settle()
    assert not Person.objects.get(name="Gus").is_guest, "Slack says they are one of us now"


def test_who_has_no_access_any_more_is_told_so(
    slack: Slack, channel: SlackChannel, ana: Person, bo: Person
) -> None:
    heard(slack, bo, channel, "/fireside help")
    bo.deactivate(by=ana)
    assert "no longer active" in heard(slack, bo, channel, "/fireside rooms")


def test_who_leaves_slack_and_was_only_there_has_no_access(slack: Slack, channel: SlackChannel) -> None:
    dee = slack.workspace.user("Dee", name="dee")
    channel.invite(dee)
    dee.says(channel, "bye")
    slack.settle()
    person = Account.objects.get(user_id=dee.id).person
    assert person.is_active
    dee.becomes(deleted=True)
    slack.settle()
    person.refresh_from_db()
    assert not person.is_active
    dee.becomes(deleted=False)
    slack.settle()
    person.refresh_from_db()
    assert person.is_active, "and has it again when they come back"


class TestButtons:
    def test_a_button_does_its_command_in_its_room(
        self, slack: Slack, channel: SlackChannel, room: Room, ana: Person, bo: Person
    ) -> None:
        card = Card(
            title=text("What is it for?"),
            buttons=(Button("Unicorns", "about", {"words": "Unicorns live here."}),),
        )
        room.say(card=card)
        slack.settle()
        [post] = slack.user(bo).sees(channel)
        slack.user(bo).presses(channel, post.ts, "Unicorns")
        slack.settle()
        room.refresh_from_db()
        assert room.about == "Unicorns live here."
        assert room.messages.last().author == bo

    def test_pressed_twice_by_an_impatient_thumb_each_press_counts_and_a_copy_of_one_does_not(
        self, slack: Slack, channel: SlackChannel, room: Room, bo: Person
    ) -> None:
        room.say(card=Card(title=text("?"), buttons=(Button("Say", "say", {"words": "pressed"}),)))
        slack.settle()
        [post] = slack.user(bo).sees(channel)
        slack.user(bo).presses(channel, post.ts, "Say")
        slack.server.replay()
        slack.settle()
        assert room.messages.filter(text="pressed").count() == 1

    def test_a_button_that_asks_first_opens_the_form(
        self, slack: Slack, channel: SlackChannel, room: Room, bo: Person
    ) -> None:
        room.say(card=Card(title=text("?"), buttons=(Button("About", "about", ask=True),)))
        slack.settle()
        [post] = slack.user(bo).sees(channel)
        slack.user(bo).presses(channel, post.ts, "About")
        slack.settle()
        assert slack.user(bo).modal is not None


def test_an_answer_is_told_when_slack_comes_back(slack: Slack, channel: SlackChannel, ana: Person) -> None:
    slack.user(ana).types(channel, "/fireside rooms")
    slack.server.advance(1900)  # the address that came with the question is no longer good
    slack.server.fail("chat.postEphemeral", "503")
    slack.settle()
    assert slack.user(ana).reads(channel) == []
    assert Arrival.objects.exclude(answer=None).exists(), "it waits"
    Arrival.objects.update(not_before=None)
    slack.settle()
    assert "Rooms you could enter" in slack.user(ana).reads(channel)[0]
    assert "Rooms" not in str(list(Arrival.objects.values())), "and is forgotten"


def test_a_bug_changes_nothing_and_is_tried_again(
    slack: Slack, channel: SlackChannel, room: Room, ana: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, tries = slack.perform, []

    def breaks(*given: object) -> object:
        tries.append(given)
        if len(tries) == 1:
            real(*given)
            raise RuntimeError("half way")
        return real(*given)

    monkeypatch.setattr("fireside.slack.asking.perform", breaks)
    slack.user(ana).types(channel, "/fireside about Once")
    slack.settle()
    assert room.messages.count() == 0
    Arrival.objects.update(not_before=None)
    slack.settle()
    assert room.messages.count() == 1


def test_what_is_private_stays_with_who_may_enter(slack: Slack, ana: Person, bo: Person, cy: Person) -> None:
    cave = Room.make("cave", by=ana, private=True, about="woozles")
    slack.channel(cave)
    assert "cave" not in heard(slack, cy, slack.lobby, "/fireside rooms")
    assert "cave" in heard(slack, ana, slack.lobby, "/fireside rooms")
    with pytest.raises(Sorry):
        slack.do(cy, "/say hello to: #cave", None)
    assert not Message.objects.filter(room=cave).exists()
