"""The app's own page in Slack: somebody's day, and nothing that is not theirs to see."""

import pytest
from django.apps import apps

from fireside.hearth.commands import Ask, say_line
from fireside.hearth.models import Person, Room
from fireside.slack import home
from fireside.slack.models import Account
from tests.slack_server.blockkit import view_problems

pytestmark = pytest.mark.django_db
Incident = apps.get_model("incidents", "Incident")  # a door imports no domain


def at_home(slack, person):
    user = slack.user(person)
    user.opens_home()
    slack.settle()
    assert view_problems(user.home.given) == []
    return user


def test_a_quiet_day_says_so_and_what_could_be_done(slack, ana):
    user = at_home(slack, ana)
    assert "Hello, Ana." in user.home.words
    assert "Everything is quiet." in user.home.words
    assert "Open an incident" in user.home.words
    assert "What could I say" in user.home.words
    assert "your page" in user.home.words


def test_what_is_being_worked_on_stands_there_with_its_button(slack, ana, bo, room):
    say_line(Ask(bo, room), "/incident customers cannot pay")
    slack.settle()
    user = at_home(slack, ana)
    assert "One incident is being worked on" in user.home.words
    assert "customers cannot pay" in user.home.words
    assert "Your rooms" not in user.home.words
    user.presses_in(user.home, "I can help")
    slack.settle()
    channel = slack.channel(Incident.objects.get().room)
    assert f"<#{channel.id}>" in str(user.home.given), "the page is drawn anew, with the room she has now"


def test_a_promise_is_told_in_the_readers_own_time(slack, ana, room):
    say_line(Ask(ana, room), "/incident customers cannot pay")
    incident = Incident.objects.get()
    say_line(Ask(ana, incident.room), "/lead")
    say_line(Ask(ana, incident.room), "/update we look at the queue next: 30m")
    incident.refresh_from_db()
    there = incident.next_due_at.astimezone(ana.tz)
    user = at_home(slack, ana)
    assert "Coming up" in user.home.words
    assert f"it comes at {there:%-H:%M}." in user.home.words


def test_an_incident_is_opened_from_there_and_the_page_shows_it(slack, ana):
    user = at_home(slack, ana)
    user.presses_in(user.home, "Open an incident")
    slack.settle()
    user.fills({"what": "the till is slow"})
    user.submits()
    slack.settle()
    assert Incident.objects.get().title == "the till is slow"
    assert "the till is slow" in user.home.words
    aside = user.dm(slack.workspace.bot(slack.app))
    assert "is open, and you are in it" in "\n".join(user.reads(aside))


def test_what_could_i_say_is_answered_in_their_own_conversation(slack, ana):
    user = at_home(slack, ana)
    user.presses_in(user.home, "What could I say")
    slack.settle()
    aside = user.dm(slack.workspace.bot(slack.app))
    assert "What you could say here" in "\n".join(user.reads(aside))


def test_ones_rooms_lead_to_their_channels(slack, ana, bo, cy, room):
    channel = slack.channel(room)
    assert "Your rooms" in at_home(slack, bo).home.words
    assert f"<#{channel.id}>" in str(slack.user(bo).home.given)
    assert "Your rooms" not in at_home(slack, cy).home.words


def test_nothing_of_a_private_room_is_shown_to_an_outsider(slack, ana, cy, room):
    secret = Room.make("salaries", by=ana, private=True)
    channel = slack.channel(secret)
    say_line(Ask(ana, secret), "/incident the list has leaked")
    slack.settle()
    seen, unseen = at_home(slack, ana), at_home(slack, cy)
    assert "the list has leaked" in seen.home.words
    assert channel.id in str(seen.home.given)
    for words in ("leaked", "salaries", "inc-1", channel.id):
        assert words not in str(unseen.home.given)


def test_a_guest_reads_a_kind_word_and_nothing_else(slack, ana, room):
    say_line(Ask(ana, room), "/incident customers cannot pay")
    slack.settle()
    guest = slack.workspace.user("Gus Guest", guest=True)
    guest.opens_home()
    slack.settle()
    assert "You are a guest here." in guest.home.words
    assert "customers" not in guest.home.words
    assert "Open an incident" not in str(guest.home.given)
    assert "your page" not in str(guest.home.given), "they have no log-in"


def test_of_many_incidents_the_newest_five_are_shown(slack, ana, bo, room):
    for number in range(8):
        say_line(Ask(bo, room), f"/incident trouble {number} {'and more of it ' * 10}")
    user = at_home(slack, ana)
    assert user.home.words.count("I can help") == 5


def test_when_slack_does_not_answer_the_page_waits_for_the_next_visit(slack, ana):
    at_home(slack, ana)
    user = slack.user(ana)
    slack.server.fail("views.publish", "429")
    home.again(slack.installation, user.id)
    assert Account.objects.get(user_id=user.id).person == ana
    home.again(slack.installation, "U0NOBODY")
    assert Person.objects.filter(handle="u0nobody").count() == 0
