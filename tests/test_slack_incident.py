"""An incident lived in Slack, from the first word to the last."""

from __future__ import annotations

import pytest
from django.utils import timezone

from fireside.hearth.commands import Ask, perform, say_line
from fireside.hearth.models import Entry, Person, Room
from fireside.hearth.workflows import settle
from fireside.incidents.models import Incident
from fireside.slack.models import Channel
from tests.slack_door import Slack
from tests.slack_server import Channel as SlackChannel

pytestmark = pytest.mark.django_db


@pytest.fixture
def house(slack: Slack, ana: Person, bo: Person, cy: Person) -> dict[str, SlackChannel]:
    """The rooms of every house, each one with its channel, and everybody in them."""
    made = {}
    for slug in ("incidents", "calls-for-help", "celebrations"):
        room = Room.make(slug, by=ana)
        for person in (bo, cy):
            room.seat(person)
        made[slug] = slack.channel(room)
    return made


@pytest.fixture
def lived(slack: Slack, house: dict[str, SlackChannel], room: Room, ana: Person, bo: Person) -> SlackChannel:
    """The channel of an incident that Bo has just opened in the team's channel."""
    team = slack.channel(room)
    types(slack, bo, team, "/incident customers cannot pay severity: customers")
    link = Channel.objects.get(room__purpose=Room.Purpose.INCIDENT)
    return slack.workspace.channels[link.channel_id]


def types(slack: Slack, person: Person, channel: SlackChannel, line: str) -> None:
    slack.stands_in(person, channel).types(channel, line)
    all_that_follows(slack)


def all_that_follows(slack: Slack) -> None:
    """What happens unasked happens too, and reaches Slack."""
    slack.settle()
    settle()
    slack.settle()


def test_it_opens_a_channel_of_its_own_with_all_that_belongs_to_it(
    slack: Slack, house: dict[str, SlackChannel], lived: SlackChannel, room: Room, bo: Person
) -> None:
    assert lived.name == "inc-1-customers-cannot-pay"
    assert lived.topic == "customers cannot pay · customers feel it · Lead: nobody yet"
    assert {mark["title"] for mark in lived.bookmarks} == {"Its page in Fireside", "This room in Fireside"}
    assert slack.user(bo) in lived.members
    [head] = [post for post in slack.user(bo).sees(lived) if post.ts in lived.pins]
    assert "customers cannot pay" in head.words
    whisper = slack.user(bo).reads(slack.channel(room))[-1]
    assert "#inc-1-customers-cannot-pay" in whisper, "the answer leads there"
    assert "customers cannot pay" in slack.user(bo).reads(house["incidents"])[-1]


def test_it_is_lived_and_told(
    slack: Slack, house: dict[str, SlackChannel], lived: SlackChannel, ana: Person, bo: Person, cy: Person
) -> None:
    lived.invite(slack.user(ana))
    types(slack, ana, lived, "/lead")
    assert lived.topic.endswith("Lead: Ana Ngata")
    head = next(post for post in slack.user(ana).sees(lived) if post.ts in lived.pins)
    assert "Ana Ngata" in head.words, "the head is drawn anew where it stands"

    types(slack, bo, lived, "/doing looking at the queue")
    types(slack, bo, lived, "/fireside call for help with the queue")
    asked = slack.user(cy).sees(house["calls-for-help"])[-1]
    assert "the queue" in asked.words
    slack.user(cy).presses(house["calls-for-help"], asked.ts, "I can help")
    all_that_follows(slack)
    assert slack.user(cy) in lived.members, "whoever comes is let in"
    [asked] = slack.user(bo).sees(house["calls-for-help"])
    assert "Cy Park" in asked.words

    ts = slack.user(bo).says(lived, "every refused customer has no tier")
    slack.user(ana).reacts(lived, ts, "pushpin")
    slack.settle()
    incident = Incident.objects.get()
    kept = Entry.objects.get(verb="message.starred", story=incident.ref, withdrawn_at=None)
    assert kept.words == "every refused customer has no tier"
    assert kept.by == bo
    slack.user(ana).unreacts(lived, ts, "pushpin")
    slack.settle()
    assert not Entry.objects.filter(verb="message.starred", withdrawn_at=None).exists()

    types(slack, ana, lived, "/fireside close")
    assert any("Tell my part" in str(post.blocks) for post in slack.user(bo).sees(lived))
    for person in (ana, bo, cy):  # and each is asked for themselves, where nobody else sees it
        user = slack.user(person)
        [letter] = user.sees(user.dm(slack.workspace.bot(slack.app)))
        assert "What happened, told by those who were there" in letter.words
    user.presses(user.dm(slack.workspace.bot(slack.app)), letter.ts, "Tell my part")
    all_that_follows(slack)
    assert "/telling/" in str(vars(user.sees(user.dm(slack.workspace.bot(slack.app)))[-1]))
    assert "closed" in next(post for post in slack.user(ana).sees(lived) if post.ts in lived.pins).words


def test_opened_on_the_web_it_has_its_channel_and_everything_in_it(
    slack: Slack, room: Room, bo: Person
) -> None:
    slack.user(bo)
    slack.stands_in(bo, slack.lobby).types(slack.lobby, "/fireside help")
    slack.settle()
    say_line(Ask(bo, room), "/incident customers cannot pay")
    all_that_follows(slack)
    link = Channel.objects.get(room__purpose=Room.Purpose.INCIDENT)
    words = slack.user(bo).reads(slack.workspace.channels[link.channel_id])
    assert "customers cannot pay" in words[0]


def test_a_topic_that_has_to_wait_holds_up_no_words(slack: Slack, lived: SlackChannel, bo: Person) -> None:
    slack.server.fail("conversations.setTopic", "429", retry_after=60)
    types(slack, bo, lived, "/lead")
    types(slack, bo, lived, "/doing looking at the queue")
    assert "looking at the queue" in slack.user(bo).reads(lived)[-1]
    assert lived.topic.endswith("nobody yet")
    Channel.objects.filter(due_at__isnull=False).update(due_at=timezone.now())
    slack.settle()
    assert lived.topic.endswith("Lead: Bo Lund")


def test_a_name_that_is_taken_gets_a_number(slack: Slack, room: Room, bo: Person) -> None:
    slack.workspace.channel("inc-1-customers-cannot-pay").archived = True
    slack.do(bo, "/incident customers cannot pay", room)
    assert Channel.objects.get(room__purpose="incident").name == "inc-1-customers-cannot-pay-2"


def test_a_channel_whose_making_was_not_answered_is_found_again(slack: Slack, room: Room, bo: Person) -> None:
    team = slack.channel(room)
    slack.server.fail("conversations.create", "lost")
    slack.stands_in(bo, team).types(team, "/incident customers cannot pay")
    slack.settle()
    Channel.objects.update(not_before=timezone.now())
    slack.settle()
    names = [
        channel.name for channel in slack.workspace.channels.values() if channel.name.startswith("inc-1")
    ]
    assert names == ["inc-1-customers-cannot-pay"]
    assert Channel.objects.get(room__purpose="incident").channel_id


def test_without_leave_to_make_channels_it_is_lived_in_the_web_alone(
    slack: Slack, room: Room, bo: Person
) -> None:
    slack.installation.makes_channels = False
    slack.installation.save()
    slack.do(bo, "/incident customers cannot pay", room)
    assert not Channel.objects.filter(room__purpose="incident").exists()
    assert Incident.objects.get().room.messages.exists()


def test_whose_access_ends_is_taken_out_of_the_channel_and_comes_back_with_it(
    slack: Slack, room: Room, ana: Person, bo: Person, cy: Person
) -> None:
    room.seat(cy, by=ana)
    for person in (ana, bo, cy):
        slack.stands_in(person, slack.lobby).types(slack.lobby, "/fireside help")
    slack.settle()
    perform(Ask(ana, room), "make-channel", {})
    all_that_follows(slack)
    channel = slack.workspace.channels[Channel.objects.get(room=room).channel_id]
    assert slack.user(cy) in channel.members
    cy.deactivate(by=ana)
    all_that_follows(slack)
    assert slack.user(cy) not in channel.members
    assert slack.user(bo) in channel.members
    cy.reactivate(by=ana)
    all_that_follows(slack)
    assert slack.user(cy) in channel.members


def test_a_private_incident_has_a_private_channel_for_those_with_a_seat(
    slack: Slack, room: Room, bo: Person, cy: Person
) -> None:
    slack.do(bo, "/incident somebody reads our mail private: yes", room)
    link = Channel.objects.get(room__purpose="incident")
    channel = slack.workspace.channels[link.channel_id]
    assert channel.private
    assert [user for user in channel.members if not user.is_bot] == [slack.user(bo)]
    with pytest.raises(LookupError):
        slack.user(cy).reads(channel)
    link.room.seat(cy, by=bo)
    slack.user(cy)
    slack.stands_in(cy, slack.lobby).types(slack.lobby, "/fireside help")
    slack.settle()
    assert slack.user(cy) in channel.members
    link.room.leave(cy)
    slack.settle()
    assert slack.user(cy) not in channel.members
