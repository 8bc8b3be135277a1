"""Forms in Slack: opened by a command, filled in, sent, put right, and sent twice."""

from datetime import timedelta

import pytest
from django.apps import apps
from django.utils import timezone
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from fireside.hearth.commands import Ask, book, say_line
from fireside.hearth.grammar import clean
from fireside.hearth.models import Person, Room
from fireside.slack import fields, inbox, modals
from fireside.slack.memory import Memory
from fireside.slack.models import Arrival
from tests.fuzzing import many
from tests.slack_server.blockkit import length, view_problems

pytestmark = pytest.mark.django_db
Incident = apps.get_model("incidents", "Incident")  # a door imports no domain
Decision = apps.get_model("incidents", "Decision")


@pytest.fixture
def inside(slack, trouble, ana):
    """Ana's Slack, and the incident's channel she stands in."""
    channel = slack.channel(trouble.room)
    return slack.stands_in(ana, channel), channel


def words(user, channel):
    return "\n".join(user.reads(channel))


def sent_again(slack):
    """Slack brings the last filled form once more, byte for byte."""
    deliveries = slack.server.deliveries
    answer = slack.server.replay(max(n for n, one in enumerate(deliveries) if b"view_submission" in one.body))
    slack.settle()
    return answer


# -- from a command to what everybody sees -------------------------------------------------------------------


def test_a_command_without_words_opens_its_form_and_what_is_filled_in_is_said_in_the_channel(
    slack, inside, ana
):
    user, channel = inside
    user.types(channel, slack.typed("/decide"))
    slack.settle()
    assert user.modal.title == "Write a decision down"
    assert "Write a decision in the register" in user.modal.words
    assert "Still needed" not in user.modal.words, "an empty form says by itself what it needs"
    assert list(user.modal.inputs) == ["what", "because", "undo", "know", "told", "agreed"]
    assert user.modal.inputs["undo"]["label"]["text"] == "The way back"
    user.fills({"what": "roll back to v41", "because": "errors tripled\nsince noon"})
    user.submits()
    assert user.modal is None
    slack.settle()
    assert "Decided D-1: roll back to v41" in words(user, channel)
    assert Decision.objects.get().because == "errors tripled\nsince noon"
    assert Decision.objects.get().by == ana


def test_words_that_are_not_enough_open_the_form_with_them_and_what_is_still_needed(slack, inside, ana):
    user, channel = inside
    user.types(channel, slack.typed("/decide because: errors tripled"))
    slack.settle()
    assert "Still needed: What." in user.modal.words
    assert user.modal.inputs["because"]["element"]["initial_value"] == "errors tripled"


def test_the_form_is_open_before_anything_is_looked_up_and_drawn_right_after(slack, inside):
    user, channel = inside
    user.types(channel, slack.typed("/decide"))
    slack.settle()
    opened, drawn = [call for call in slack.server.calls if call.method.startswith("views.")]
    assert (opened.method, drawn.method) == ("views.open", "views.update")
    assert "One moment…" in str(opened.args["view"])
    assert drawn.args["hash"]


def test_what_was_typed_already_stands_in_the_form(slack, inside):
    user, channel = inside
    user.types(channel, slack.typed("/decide because: errors & <more> tripled"))
    slack.settle()
    assert user.modal.state["because"]["v:words"]["value"] == "errors & <more> tripled"


def test_a_form_of_choices_and_days_is_read_as_it_is_filled(slack, ana, bo, room):
    channel = slack.channel(room)
    user = slack.stands_in(ana, channel)
    user.types(channel, slack.typed("/incident severity: us"))
    slack.settle()
    assert user.modal.state["severity"]["v:choice"]["selected_option"]["value"] == "us"
    user.fills({"what": "the till is slow", "severity": "Some customers feel it", "private": "Yes"})
    user.submits()
    slack.settle()
    incident = Incident.objects.get()
    assert (incident.severity, incident.private) == ("some", True)
    assert "is open, and you are in it" in words(user, channel), "the asker hears of a room elsewhere"


def test_somebody_is_chosen_by_their_slack_name_and_met_by_their_own(slack, inside, bo, trouble):
    user, channel = inside
    user.types(channel, slack.typed("/bring"))
    slack.settle()
    cara = Person.welcome("Cara Diaz", email="cara@example.org")
    user.fills({"person": slack.user(cara)})
    user.submits()
    slack.settle()
    assert trouble.room.seats.filter(person=cara).exists()
    assert "has a seat here now" in words(user, channel)


# -- what could be put right ---------------------------------------------------------------------------------


def test_an_error_stands_beside_its_field_and_what_was_typed_stays(slack, inside):
    user, channel = inside
    user.types(channel, slack.typed("/backfill"))
    slack.settle()
    user.fills({"words": "the first customer wrote", "at": "soon"})
    user.submits()
    assert "soon is not a time" in user.errors["at"]
    assert user.modal.state["words"]["v:words"]["value"] == "the first customer wrote"
    user.fills({"at": "1m ago"})
    user.submits()
    slack.settle()
    assert user.modal is None
    assert "the first customer wrote" in words(user, channel)


def test_what_belongs_to_no_field_stands_on_top_and_what_was_typed_stays(slack, inside, trouble, ana):
    user, channel = inside
    user.types(channel, slack.typed("/decide"))
    slack.settle()
    trouble.close(by=ana)
    user.fills({"what": "roll back to v41"})
    user.submits()
    assert "is closed. /reopen opens it again." in user.modal.words
    assert user.modal.state["what"]["v:words"]["value"] == "roll back to v41"
    trouble.refresh_from_db()
    trouble.reopen(by=ana)
    user.submits()
    slack.settle()
    assert Decision.objects.count() == 1


def test_a_fault_of_ours_is_told_with_a_number_and_what_was_typed_stays(slack, inside, monkeypatch, caplog):
    user, channel = inside
    user.types(channel, slack.typed("/decide"))
    slack.settle()
    user.fills({"what": "roll back to v41"})
    with monkeypatch.context() as broken:
        broken.setattr(modals, "_new_room", lambda outcome: 1 / 0)
        user.submits()
    assert "Something went wrong here, and nothing was changed." in user.modal.words
    number = user.modal.words.partition("finds it as ")[2][:6]
    assert number in caplog.text
    assert user.modal.state["what"]["v:words"]["value"] == "roll back to v41"
    assert not Decision.objects.exists()
    user.submits()
    slack.settle()
    assert Decision.objects.count() == 1


# -- once ----------------------------------------------------------------------------------------------------


def test_a_form_sent_twice_is_done_once(slack, inside):
    user, channel = inside
    user.types(channel, slack.typed("/decide"))
    slack.settle()
    user.fills({"what": "roll back to v41"})
    slack.server.duplicate = True
    user.submits()
    slack.server.duplicate = False
    slack.settle()
    assert sent_again(slack).raw == b""
    assert Decision.objects.count() == 1
    assert words(user, channel).count("Decided D-1") == 1


def test_a_form_that_only_whispers_is_done_once_too(slack, room, ana):
    channel = slack.channel(room)
    user = slack.stands_in(ana, channel)
    user.types(channel, slack.typed("/room"))
    slack.settle()
    user.fills({"name": "unicorn-care", "purpose": "A craft"})
    user.submits()
    slack.settle()
    assert sent_again(slack).raw == b"", "not even that there is such a room already"
    assert Room.objects.get(slug="unicorn-care").purpose == Room.Purpose.GUILD
    assert words(user, channel).count("You have a seat in") == 1


def test_a_suggestion_is_chosen_and_read(slack, room, ana):
    channel = slack.channel(room)
    user = slack.stands_in(ana, channel)
    garden = Room.make("garden", by=None)
    user.types(channel, slack.typed("/join"))
    slack.settle()
    assert user.suggestions("name", "gard")
    user.fills({"name": "#garden"})
    user.submits()
    slack.settle()
    assert garden.seats.filter(person=ana).exists()


def test_a_form_that_comes_again_days_later_changes_nothing(slack, inside):
    user, channel = inside
    user.types(channel, slack.typed("/decide"))
    slack.settle()
    user.fills({"what": "roll back to v41"})
    user.submits()
    slack.settle()
    late = timezone.now() - timedelta(days=9)
    Arrival.objects.update(handled_at=late)
    inbox.forget()
    sent_again(slack)
    assert Decision.objects.count() == 1, "what it said in the room carries its key for ever"


def test_who_lost_their_seat_meanwhile_can_no_longer_send_the_form(slack, ana, bo):
    secret = Room.make("salaries", by=ana, private=True)
    secret.seat(bo)
    channel = slack.channel(secret)
    user = slack.stands_in(bo, channel)
    user.types(channel, slack.typed("/say"))
    slack.settle()
    user.fills({"words": "am I still here"})
    secret.leave(bo)
    user.submits()
    assert "There is no such room." in user.modal.words
    assert not secret.messages.filter(text__contains="still here").exists()


# -- when Slack does not wait --------------------------------------------------------------------------------


def test_when_the_three_seconds_are_over_the_asker_gets_a_line_and_a_link(slack, inside):
    user, channel = inside
    slack.server.fail("views.open", "expired_trigger_id")
    slack.server.fail("views.update", "not_found")
    user.types(channel, slack.typed("/decide because: errors tripled"))
    slack.settle()
    assert user.modal is None
    told = words(user, channel)
    assert "Slack did not let the form open in time" in told
    assert "/fireside decide because: errors tripled" in told
    assert "/do/decide/?" in str(user.sees(channel)[-1].blocks)


def test_a_form_whose_opening_got_no_answer_is_drawn_all_the_same(slack, inside):
    user, channel = inside
    slack.server.fail("views.open", "lost")
    user.types(channel, slack.typed("/decide"))
    slack.settle()
    assert "what" in user.modal.inputs


def test_a_form_that_could_not_be_drawn_is_drawn_a_little_later(slack, inside):
    user, channel = inside
    slack.server.fail("views.update", "500")
    user.types(channel, slack.typed("/decide"))
    slack.settle()
    assert "One moment…" in user.modal.words
    Arrival.objects.update(not_before=None)
    slack.settle()
    assert "what" in user.modal.inputs


def test_what_no_form_in_slack_holds_is_led_to_the_web(slack):
    view = modals.form(book.find("decide"), {"what": "why " * 4000}, Memory("decide"), lambda handle: "")
    assert view_problems(view) == []
    assert "more than a form in Slack holds" in str(view)
    assert "/do/decide/" in str(view)
    assert "submit" not in view


# -- what could be chosen ------------------------------------------------------------------------------------


def offered(user, name, typed=""):
    return [option["text"]["text"] for option in user.suggestions(name, typed)]


def test_an_outsider_is_offered_no_private_room_and_no_private_incident(slack, ana, bo, cy, room):
    Room.make("salaries", by=ana, private=True, about="Who earns what")
    say_line(Ask(ana, room), "/incident a leak private: yes")
    say_line(Ask(ana, room), "/incident slow till")
    slack.settle()
    channel = slack.channel(room)
    outsider, insider = slack.stands_in(cy, channel), slack.stands_in(ana, channel)
    for user in (outsider, insider):
        user.types(channel, slack.typed("/join"))
        slack.settle()
    assert "#magic-sparkles Keeps unicorns rentable." in offered(outsider, "name")
    assert offered(outsider, "name", "salar") == []
    assert offered(insider, "name", "salar") == ["#salaries Who earns what"]
    kind = book.find("shadow").params[0].kind
    assert [value for value, _ in kind.suggest("", Ask(cy))] == ["INC-2"]
    assert [value for value, _ in kind.suggest("", Ask(ana))] == ["INC-2", "INC-1"]


def test_every_suggestion_is_read_back_as_what_it_stands_for(slack, inside, trouble, ana, room):
    say_line(Ask(ana, trouble.room), "/doing looking at the queue")
    say_line(Ask(ana, trouble.room), "/call the queue is full")
    say_line(Ask(ana, trouble.room), "/decide roll back")
    say_line(Ask(ana, room), "/system Shop what: where people buy")
    say_line(Ask(ana, room), "/runbook Refused payments steps: 1. Look")
    say_line(Ask(ana, room), "/connect Datadog what-for: graphs decided: yes")
    ask = Ask(ana, trouble.room)
    read = {}
    for command in book.all():
        for param in command.params:
            if param.kind.suggest is not None:
                found = param.kind.suggest("", ask)
                read[param.kind.name] = [param.kind.read(value, ask) for value, _ in found]
    assert set(read) == {
        "person", "team", "room", "incident", "decision", "attempt", "call", "system", "runbook", "alert",
        "kept", "holder",
    }  # fmt: skip
    assert all(read[name] for name in read if name != "alert")


def test_a_stranger_to_the_house_is_offered_nothing(slack, room, ana):
    channel = slack.channel(room)
    guest = slack.workspace.user("Gus Guest", stranger=True)
    channel.members.append(guest)
    user = slack.stands_in(ana, channel)
    user.types(channel, slack.typed("/join"))
    slack.settle()
    body = {"user": {"id": guest.id}, "view": user.modal.json(), "block_id": "name", "value": ""}
    assert modals.options(slack.installation, body) == []


# -- any words whatever --------------------------------------------------------------------------------------

SAMPLES = ["", " ", "2026-02-31", "2026-12-04", "@ana", "yes", "customers", "C0123456789"]
WORDS = st.tuples(st.text(max_size=40) | st.sampled_from(SAMPLES), st.sampled_from([1, 1, 80, 400]))


@settings(max_examples=many(200), deadline=None)
@given(data=st.data(), wrong=st.text(max_size=40))
def test_slack_takes_the_form_of_every_command_with_any_words(data, wrong):
    command = data.draw(st.sampled_from(book.all()))
    names = [param.name for param in command.params]
    drawn = data.draw(st.dictionaries(st.sampled_from(names), WORDS)) if names else {}
    words = {name: words * times for name, (words, times) in drawn.items()}
    memory = Memory(command.verb, url="https://hooks.example.org/" + "a" * 60)
    wrong = f"Sorry, {wrong * 100}"
    view = modals.form(command, words, memory, lambda handle: "", wrong=wrong, needed=names)
    assert view_problems(view) == []
    assert Memory.read(view).verb == command.verb


@settings(max_examples=many(200), deadline=None)
@given(words=st.text(min_size=1, max_size=30))
def test_no_word_gets_lost_between_the_line_and_the_form(words):
    assume(fields.seen(words))
    command, whole = book.find("decide"), f"why {words * 300} because"
    blocks = list(fields.inputs(command.params[0], whole, lambda handle: ""))
    state = {
        block["block_id"]: {"v:words": {"value": block["element"]["initial_value"]}}
        for block in reversed(blocks)
    }
    assert fields.typed(command, state, str) == {"what": clean(whole)}
    assert all(length(block["element"]["initial_value"]) <= fields.MOST for block in blocks)
