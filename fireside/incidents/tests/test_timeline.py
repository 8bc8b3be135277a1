"""What was said stands on the timeline at its own time, and follows when people change their words."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from fireside.alerts.models import Group
from fireside.hearth.commands import NotYours, Sorry
from fireside.hearth.models import Entry
from fireside.incidents.models import Incident
from fireside.systems.models import Runbook

pytestmark = pytest.mark.django_db


def lines(incident):
    told = Entry.objects.filter(story=incident.ref, withdrawn_at=None, verb="message.starred")
    return [(str(entry.message), entry.at) for entry in told]


def test_a_star_puts_words_on_the_timeline_at_their_own_time(do, trouble, ana, bo, web):
    earlier = timezone.now() - timedelta(minutes=3)
    said = trouble.room.say("the queue is full", by=bo, at=earlier)
    for _ in range(2):
        do(ana, f"/star message:{said.pk}", trouble.room)
    assert lines(trouble) == [("the queue is full", earlier)]
    said.edit("the queue is nearly full", by=bo)
    assert "the queue is nearly full" in web(ana).get(trouble.get_absolute_url()).text
    do(bo, f"/unstar {said.pk}", trouble.room)
    assert lines(trouble) == []


def test_words_taken_back_leave_the_timeline(do, trouble, ana, bo):
    said = trouble.room.say("wrong room", by=bo)
    do(ana, f"/star {said.get_absolute_url()}", trouble.room)
    said.delete_words(by=bo)
    assert lines(trouble) == []


def test_a_star_needs_a_room_with_a_timeline_that_one_may_enter(do, secret, ana, cy, room):
    hidden = secret.room.say("only for us", by=ana)
    with pytest.raises(NotYours):
        do(cy, f"/star {hidden.pk}", room)
    elsewhere = room.say("hello", by=ana)
    with pytest.raises(Sorry, match="has no timeline"):
        do(ana, f"/star {elsewhere.pk}", room)


def test_what_happened_earlier_is_added_in_the_askers_own_time(do, trouble, bo, ana):
    here = timezone.now().astimezone(bo.tz) - timedelta(minutes=90)
    do(bo, f"/backfill the first customer wrote at: {here:%Y-%m-%d %H:%M}", trouble.room)
    entry = Entry.objects.get(verb="incident.recalled")
    assert entry.at == here.replace(second=0, microsecond=0)
    assert entry.words == "the first customer wrote"


@pytest.mark.parametrize("words", ["25:00", "soon", "2999-01-01 10:00", "2026-02-30 10:00", "yesterday"])
def test_a_time_that_cannot_be_is_refused(do, trouble, ana, words):
    with pytest.raises(Sorry) as sorry:
        do(ana, f"/backfill something at: {words}", trouble.room)
    assert sorry.value.field == "at"


def test_the_timeline_goes_along_as_markdown(do, trouble, ana, bo, web):
    do(bo, "/doing roll *back* <b>now</b>", trouble.room)
    do(ana, "/decide wait because: it eases", trouble.room)
    answer = web(ana).get(f"{trouble.get_absolute_url()}timeline.md")
    assert answer["Content-Type"] == "text/markdown; charset=utf-8"
    assert answer.text.startswith("# INC-1 customers cannot pay\n")
    assert r"Doing: roll \*back\* \<b\>now\</b\> (Bo Lund)" in answer.text
    assert "### D-1 wait" in answer.text
    assert "- Because: it eases" in answer.text


def test_a_runbook_is_drafted_from_what_was_done(do, trouble, ana, bo, room):
    trouble.group = Group.objects.create(
        room=room,
        alertname="RefusalsHigh",
        title="Refused",
        opened_at=timezone.now(),
        traced_at=timezone.now(),
    )
    trouble.save()
    with pytest.raises(Sorry, match="Nothing is done"):
        do(ana, "/runbook-from", trouble.room)
    do(ana, "/doing double the workers", trouble.room)
    do(bo, "/done tell support", trouble.room)
    do(ana, "/done", trouble.room)
    for _ in range(2):
        outcome = do(ana, "/runbook-from INC-1", room)
    draft = Runbook.objects.get()
    assert draft.get_absolute_url() in outcome.whisper.words
    assert draft.steps == ["tell support", "double the workers"]
    assert (draft.is_draft, draft.alertname, draft.written_from) == (True, "RefusalsHigh", trouble.ref)


def test_a_private_incident_makes_no_runbook(do, secret, ana):
    do(ana, "/done changed the locks", secret.room)
    with pytest.raises(Sorry, match="private"):
        do(ana, "/runbook-from", secret.room)
    assert Incident.objects.get().private
