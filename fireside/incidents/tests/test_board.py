"""What are you doing now? Have you done x yet? The board answers, so that nobody needs to ask."""

from __future__ import annotations

import pytest

from fireside.hearth.commands import Sorry
from fireside.hearth.models import Entry
from fireside.incidents.models import Attempt, Decision, Incident

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "line",
    ["/doing roll back", "/done it", "/theory the queue", "/decide wait", "/lead", "/close", "/ask why?"],
)
def test_without_an_incident_the_asker_alone_is_told(do, ana, room, line):
    with pytest.raises(Sorry, match=r"There is no open incident in this room\. /incident opens one\."):
        do(ana, line, room)
    assert not room.messages.exists()


def test_doing_is_said_and_work_has_begun(do, trouble, ana):
    outcome = do(ana, "/doing roll the storefront back", trouble.room)
    assert str(outcome.message.drawn.title) == "Doing: roll the storefront back"
    trouble.refresh_from_db()
    assert trouble.state == "being worked on"


def test_done_ends_what_this_person_was_doing_and_says_what_came_of_it(do, trouble, ana, bo):
    do(ana, "/doing double the workers", trouble.room)
    do(bo, "/doing watch the queue", trouble.room)
    do(ana, "/done refusals went from 26% to 19%", trouble.room)
    mine = Attempt.objects.get(by=ana)
    assert mine.kind == "done"
    assert str(mine) == "double the workers. refusals went from 26% to 19%"
    assert Attempt.objects.get(by=bo).kind == "doing"


def test_done_finds_the_one_that_is_named(do, trouble, ana):
    do(ana, "/doing double the workers", trouble.room)
    do(ana, "/doing watch the queue", trouble.room)
    do(ana, "/done Double the workers.", trouble.room)
    assert [str(done) for done in Attempt.objects.filter(kind="done")] == ["double the workers"]


def test_done_stands_by_itself_when_nothing_was_being_done(do, trouble, bo):
    do(bo, "/done gave support the words to use", trouble.room)
    assert Attempt.objects.get().kind == "done"


def test_a_button_ends_what_somebody_else_is_doing(do, trouble, ana, bo):
    do(ana, "/doing double the workers", trouble.room)
    do(bo, f"/done attempt: {Attempt.objects.get().pk}", trouble.room)
    done = Attempt.objects.get()
    assert (done.kind, done.by, done.ended_by) == ("done", ana, bo)
    with pytest.raises(Sorry, match="is done already"):
        do(bo, f"/done attempt: {done.pk}", trouble.room)


def test_a_theory_may_become_ruled_out(do, trouble, ana, bo):
    do(ana, "/theory the bank", trouble.room)
    do(bo, "/ruled-out The bank. A test charge went through", trouble.room)
    theory = Attempt.objects.get()
    assert theory.kind == "ruled-out"
    assert theory.outcome == "The bank. A test charge went through"
    do(bo, "/ruled-out a full disk", trouble.room)
    assert Attempt.objects.filter(kind="ruled-out").count() == 2


def test_what_stands_on_another_board_is_left_alone(do, trouble, ana, room):
    do(ana, "/doing double the workers", trouble.room)
    do(ana, "/incident the search is slow", room)
    other = Incident.objects.get(number=2)
    with pytest.raises(Sorry, match="another incident"):
        do(ana, f"/done attempt: {Attempt.objects.get().pk}", other.room)


def test_a_decision_keeps_its_reason_and_its_way_back(do, trouble, ana, bo):
    outcome = do(
        ana,
        "/decide roll back to v41 because: refusals tripled undo: deploy v42 know: under 1% told: support",
        trouble.room,
    )  # fmt: skip
    card = outcome.message.drawn
    assert str(card.title) == "Decided D-1: roll back to v41"
    assert {name: str(words) for name, words in card.facts.items()} == {
        "Because": "refusals tripled", "Agreed by": "Ana Ngata", "How we will know": "under 1%",
        "Way back out": "deploy v42", "Told": "support",
    }  # fmt: skip
    do(bo, "/doing roll back decision: D-1", trouble.room)
    assert Attempt.objects.get().decision.name == "D-1"
    do(bo, "/withdraw D-1 because: it made no difference", trouble.room)
    decision = Decision.objects.get()
    assert (decision.back_by, decision.back_because) == (bo, "it made no difference")


def test_decisions_are_numbered_within_their_incident(do, trouble, ana, room):
    do(ana, "/incident the search is slow", room)
    for number in (1, 2):
        for what in ("wait", "roll back"):
            do(ana, f"/decide {what}", Incident.objects.get(number=number).room)
    assert sorted(Decision.objects.values_list("incident__number", "number")) == [
        (1, 1),
        (1, 2),
        (2, 1),
        (2, 2),
    ]


def test_every_change_stands_on_the_timeline_in_words(do, trouble, ana):
    for line in (
        "/theory the queue",
        "/doing look at it",
        "/done",
        "/decide wait",
        "/eased",
        "/normal",
        "/close",
    ):
        do(ana, line, trouble.room)
    words = list(Entry.objects.filter(story=trouble.ref).order_by("pk").values_list("words", flat=True))
    assert words == [
        "Incident opened: customers cannot pay", "Theory: the queue", "Doing: look at it", "Being worked on",
        "Done: look at it", "Decided D-1: wait", "Eased", "Back to normal", "Closed the incident",
    ]  # fmt: skip


def test_the_cards_follow_in_place(do, trouble, ana, room):
    do(ana, "/lead", trouble.room)
    do(ana, "/doing double the workers", trouble.room)
    do(ana, "/customers-see a refused payment", trouble.room)
    head = trouble.room.messages.order_by("pk").first()
    for card in (head.drawn, room.messages.get().drawn):
        assert str(card.facts["Lead"]) == "Ana Ngata"
        assert str(card.facts["Doing"]) == "double the workers"
        assert str(card.body[0]) == "a refused payment"
        assert card.tone == "hot"
    do(ana, "/close", trouble.room)
    closed = room.messages.get().drawn
    assert (closed.tone, closed.buttons) == ("ok", ())


def test_what_changes_nothing_on_a_card_leaves_no_trace(do, trouble, ana):
    trouble.show()
    before = Entry.objects.count()
    Incident.objects.get().show()
    assert Entry.objects.count() == before
