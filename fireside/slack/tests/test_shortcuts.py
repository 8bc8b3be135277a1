"""Shortcuts: what begins at somebody's words, or anywhere in Slack."""

import pytest
from django.apps import apps

from fireside.hearth.commands import book
from fireside.hearth.models import Message, Room
from fireside.slack import shortcuts
from fireside.slack.models import Channel

pytestmark = pytest.mark.django_db
Incident = apps.get_model("incidents", "Incident")  # a door imports no domain


def words(user, channel):
    return "\n".join(user.reads(channel))


def starred(incident):
    return [
        entry.message.text
        for entry in incident.room.entries.filter(verb="message.starred", withdrawn_at=None)
    ]


def test_slack_is_told_of_those_alone_whose_command_there_is(monkeypatch):
    assert [one.callback_id for one in shortcuts.listed()] == [
        "message:star", "message:incident", "message:til", "global:incident", "global:help",
    ]  # fmt: skip
    assert all(len(one.name) <= 24 and len(one.description) <= 150 for one in shortcuts.listed())
    monkeypatch.setattr(book, "all", lambda: [book.find("help")])
    assert [one.callback_id for one in shortcuts.listed()] == ["global:help"]


def test_words_are_put_on_the_timeline(slack, trouble, ana, bo):
    channel = slack.channel(trouble.room)
    bob = slack.stands_in(bo, channel)
    ts = bob.says(channel, "the queue is full")
    slack.settle()
    user = slack.stands_in(ana, channel)
    user.uses("message:star", channel, ts)
    slack.settle()
    assert starred(trouble) == ["the queue is full"]
    assert "It is on the timeline" in words(user, channel)


def test_words_from_before_the_channel_was_linked_come_along(slack, trouble, ana):
    user = slack.user(ana)
    trouble.room.channels.all().delete()
    made = slack.workspace.channel("old-trouble", members=[user, slack.workspace.bot(slack.app)])
    ts = user.says(made, "we saw it at nine")
    slack.settle()
    Channel.link(slack.installation, trouble.room, by=ana, channel_id=made.id, name="old-trouble")
    user.uses("message:star", made, ts)
    slack.settle()
    assert starred(trouble) == ["we saw it at nine"]


def test_in_a_channel_without_a_room_the_asker_hears_how_to_link_it_and_nothing_is_kept(slack, ana):
    user = slack.user(ana)
    made = slack.workspace.channel("somewhere", members=[user])
    ts = user.says(made, "the queue is full")
    user.uses("message:star", made, ts)
    slack.settle()
    assert "not one with a room of Fireside yet" in words(user, made)
    assert "/fireside link-channel" in words(user, made)
    assert not Message.objects.filter(text__contains="queue").exists()


def test_an_incident_begins_with_the_first_line_and_can_be_put_into_better_words(slack, ana, bo):
    user = slack.user(ana)
    made = slack.workspace.channel("somewhere", members=[user, slack.user(bo)])
    ts = slack.user(bo).says(made, "nobody can pay\nsince the new till & all")
    user.uses("message:incident", made, ts)
    slack.settle()
    assert user.modal.state["what"]["v:line"]["value"] == "nobody can pay"
    user.fills({"what": "nobody can pay at the till"})
    user.submits()
    slack.settle()
    assert Incident.objects.get().title == "nobody can pay at the till"
    assert "is open, and you are in it" in words(user, made)


def test_a_long_first_line_is_cut_to_what_a_title_holds(slack, ana):
    user = slack.user(ana)
    made = slack.workspace.channel("somewhere", members=[user])
    ts = user.says(made, "pay " * 100)
    user.uses("message:incident", made, ts)
    slack.settle()
    user.submits()
    slack.settle()
    assert len(Incident.objects.get().title) <= 200


def test_what_somebody_learned_is_shared_with_their_name(slack, ana, bo):
    user = slack.user(ana)
    made = slack.workspace.channel("secret-garden", private=True, members=[user, slack.user(bo)])
    ts = slack.user(bo).says(made, "psql can repeat a query")
    user.uses("message:til", made, ts)
    slack.settle()
    assert not Room.objects.filter(slug="til").exists(), "nothing is taken before the asker sent it"
    user.submits()
    slack.settle()
    [said] = Room.objects.get(slug="til").messages.all()
    assert str(said.drawn) == "Bo Lund learned today\npsql can repeat a query"
    assert "secret-garden" not in str(said.card)
    assert "It is said in" in words(user, made)


def test_an_incident_and_help_begin_anywhere(slack, ana):
    user = slack.user(ana)
    user.uses("global:incident")
    slack.settle()
    assert user.modal.title == "Open an incident"
    user.closes()
    user.uses("global:help")
    slack.settle()
    assert "What you could say here" in words(user, user.dm(slack.workspace.bot(slack.app)))


def test_a_guest_is_told_kindly(slack, room, ana):
    channel = slack.channel(room)
    guest = slack.workspace.user("Gus Guest", guest=True)
    channel.members.append(guest)
    ts = guest.says(channel, "hello from outside")
    slack.settle()
    for callback in ("message:star", "message:incident"):
        guest.uses(callback, channel, ts)
        slack.settle()
    assert "This is for the people of this organisation." in words(guest, channel), "opening an incident"
    assert room.messages.count() == 1
    assert guest.modal is None
