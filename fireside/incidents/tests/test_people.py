"""Leading, asking, telling, calling for help and coming: nobody is alone in it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from fireside.hearth.commands import Sorry
from fireside.hearth.models import Entry, Message, Room
from fireside.hearth.workflows import settle
from fireside.incidents.models import Call, Coming, Incident, Question, Update

pytestmark = pytest.mark.django_db


def test_anybody_leads_and_hands_over(do, trouble, ana, bo):
    do(bo, "/lead", trouble.room)
    outcome = do(bo, "/lead @ana", trouble.room)
    trouble.refresh_from_db()
    assert trouble.lead == ana
    assert outcome.message.text == "Ana Ngata leads from here. Thank you, Bo Lund."
    led = Entry.objects.filter(verb="incident.led").order_by("pk").values_list("words", flat=True)
    assert list(led) == ["Bo Lund leads", "Bo Lund handed the lead to Ana Ngata"]
    with pytest.raises(Sorry, match="leading already"):
        do(ana, "/lead", trouble.room)


def test_the_room_is_asked_once_who_leads(trouble):
    soon = timezone.now() + timedelta(minutes=4)
    settle(soon)
    assert not Message.objects.filter(key=f"{trouble.ref}:who-leads").exists()
    for _ in range(2):
        settle(soon + timedelta(minutes=2))
    assert Message.objects.filter(key=f"{trouble.ref}:who-leads").count() == 1


def test_nobody_is_asked_when_somebody_leads(do, trouble, ana):
    do(ana, "/lead", trouble.room)
    settle(timezone.now() + timedelta(minutes=10))
    assert not Message.objects.filter(key=f"{trouble.ref}:who-leads").exists()


def test_a_call_is_seen_by_everybody_with_what_is_known(do, trouble, ana, bo, cy):
    do(ana, "/done doubled the workers", trouble.room)
    do(bo, "/ruled-out the bank", trouble.room)
    outcome = do(ana, "/call for help with the queue", trouble.room)
    assert outcome.message.text == "Called for help in #calls-for-help: the queue"
    calls = Room.objects.get(slug="calls-for-help")
    assert calls.seats.filter(person=cy).exists()
    card = calls.messages.get().drawn
    assert str(card) == (
        "Ana Ngata calls for help\nthe queue\nIn: INC-1 customers cannot pay\n"
        "Done so far: doubled the workers\nRuled out: the bank\nOn the way: Nobody yet"
    )


def test_who_comes_stands_on_the_call_and_has_a_seat(do, trouble, ana, cy):
    do(ana, "/call the queue", trouble.room)
    call = Call.objects.get()
    outcome = do(cy, f"/coming I know that queue call: {call.pk}", call.message.room)
    assert outcome.message.room == trouble.room
    assert outcome.whisper.words == "Thank you. Your seat is in #inc-1."
    assert trouble.room.seats.filter(person=cy).exists()
    call.message.refresh_from_db()
    assert str(call.message.drawn.facts["On the way"]) == "Cy Park: I know that queue"
    do(cy, f"/coming call: {call.pk}", call.message.room)
    assert Coming.objects.count() == 1


def test_a_call_nobody_heard_is_said_again_once(do, trouble, ana, cy):
    do(ana, "/call the queue", trouble.room)
    later = timezone.now() + timedelta(minutes=11)
    for _ in range(2):
        settle(later)
    calls = Room.objects.get(slug="calls-for-help")
    assert [message.text[:10] for message in calls.messages.all()] == ["", "Nobody yet"]
    do(cy, f"/coming call: {Call.objects.get().pk}", calls)
    assert all("Cy Park is on the way" in str(message.drawn) for message in calls.messages.all())


def test_a_call_that_was_heard_is_not_said_again(do, trouble, ana, cy):
    do(ana, "/call the queue", trouble.room)
    do(cy, f"/coming call: {Call.objects.get().pk}", Room.objects.get(slug="calls-for-help"))
    settle(timezone.now() + timedelta(minutes=11))
    assert Room.objects.get(slug="calls-for-help").messages.count() == 1


def test_people_come_unasked_too(do, trouble, cy, room):
    do(cy, "/coming incident: INC-1", room)
    assert trouble.room.seats.filter(person=cy).exists()


def test_a_question_is_answered_by_anybody(do, trouble, ana, bo):
    do(ana, "/ask what changed in the last hour?", trouble.room)
    do(bo, "/answer storefront v2.14.0", trouble.room)
    question = Question.objects.get()
    assert (question.answer, question.answered_by) == ("storefront v2.14.0", bo)


def test_with_several_questions_the_number_says_which(do, trouble, ana, bo):
    do(ana, "/ask what changed?", trouble.room)
    do(ana, "/ask who should know?", trouble.room)
    with pytest.raises(Sorry, match=r"1 \(what changed\?\), 2 \(who should know\?\)"):
        do(bo, "/answer support", trouble.room)
    do(bo, "/answer 2 support", trouble.room)
    assert Question.objects.get(number=2).answer == "support"
    with pytest.raises(Sorry, match="on the board and open"):
        do(bo, "/ask What changed", trouble.room)


def test_what_customers_see_becomes_the_summary(do, trouble, ana, bo):
    do(ana, "/ask What do customers see?", trouble.room)
    do(bo, "/answer a refused payment", trouble.room)
    trouble.refresh_from_db()
    assert trouble.summary == "a refused payment"


def test_the_right_question_comes_at_the_right_minute(do, trouble, ana):
    def offered():
        card = do(ana, "/questions", trouble.room).whisper.card
        return [button.words for button in card.buttons]

    assert offered() == ["What do customers see?"]
    Incident.objects.update(opened_at=timezone.now() - timedelta(minutes=12))
    assert len(offered()) == 3
    do(ana, "/ask What do customers see?", trouble.room)
    assert offered() == ["What changed in the last hour?", "If we do nothing for ten minutes, what happens?"]


def test_the_next_update_is_asked_for_once(do, trouble, ana):
    do(ana, "/lead", trouble.room)
    do(ana, "/update rolling back to: customers next: 30m", trouble.room)
    update = Update.objects.get()
    assert update.audience == "customers"
    settle(timezone.now() + timedelta(minutes=20))
    reminders = trouble.room.messages.filter(key__startswith=f"{trouble.ref}:due:")
    assert not reminders.exists()
    for minutes in (31, 32, 40):
        settle(timezone.now() + timedelta(minutes=minutes))
    assert [message.text[:30] for message in reminders] == ["@ana-ngata, the next update is"]
    do(ana, "/update it is back", trouble.room)
    trouble.refresh_from_db()
    assert trouble.next_due_at is None


def test_watching_to_learn_takes_a_seat_and_nothing_else(do, trouble, cy, room):
    for _ in range(2):
        do(cy, "/shadow INC-1", room)
    assert [shadow.person for shadow in trouble.shadows.all()] == [cy]
    assert trouble.room.seats.filter(person=cy).exists()


def test_closed_and_open_again(do, trouble, ana, room):
    do(ana, "/close", trouble.room)
    with pytest.raises(Sorry, match=r"INC-1 is closed\. /reopen opens it again\."):
        do(ana, "/doing more", trouble.room)
    headline = Message.objects.get(key=f"{trouble.ref}:headline")
    assert headline.pinned_at is None
    do(ana, "/reopen", trouble.room)
    headline.refresh_from_db()
    trouble.refresh_from_db()
    assert headline.pinned_at
    assert trouble.is_hot
    do(ana, "/doing more", trouble.room)


def test_a_stage_is_reached_once(do, trouble, ana):
    do(ana, "/eased", trouble.room)
    with pytest.raises(Sorry, match="eased already"):
        do(ana, "/eased", trouble.room)
    do(ana, "/severity some", trouble.room)
    with pytest.raises(Sorry, match="already"):
        do(ana, "/severity some", trouble.room)
