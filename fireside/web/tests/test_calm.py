"""Stories of screens that stay calm: one line for a room, folded cards, signs that everybody can see."""

from __future__ import annotations

import pytest
from django.urls import reverse

from fireside.hearth.cards import Card, Mention, Step, text
from fireside.systems.models import Runbook, System
from fireside.web.html import draw
from fireside.web.reading import gist
from fireside.web.templatetags.words import sentence

pytestmark = pytest.mark.django_db


def test_home_says_in_one_line_what_was_said_last(web, ana, bo, room):
    room.say("The **queue** is full. I will look at it after lunch.", by=bo)
    page = web(ana).get("/").text
    assert "Bo: The queue is full." in page
    assert "after lunch" not in page


def test_a_card_is_summed_up_by_its_title(ana, room):
    message = room.say(card=Card(title=text("payments are refused"), facts={"Lead": text("Ana")}), by=ana)
    assert gist(message) == "Payments are refused"


def test_claps_are_drawn_with_symbols_and_have_names(web, ana, bo, room):
    message = room.say("Shipped", by=ana)
    message.clap("🙏", by=bo)
    page = web(ana).get(room.get_absolute_url()).text
    assert f'aria-label="thank you, 1: {bo.name}"' in page
    assert "#hand" in page
    assert "🙏 1" not in page
    assert "celebrate</button>" in web(ana).get(message.get_absolute_url()).text


def test_of_an_alert_three_facts_and_three_steps_are_read_at_a_glance():
    facts = {name: text("{name}", name=name) for name in ("What", "Where", "Who", "Last time")}
    card = Card(
        title=text("Queue"), kind="alert", facts=facts, steps=tuple(Step(f"step {n}") for n in range(1, 6))
    )
    html = draw(card)
    glance, _, unfolded = html.partition("<details")
    assert "Who" in glance
    assert "Last time" in unfolded
    assert "2 more steps" in html
    assert '<ol class="steps" start="4">' in html


def test_a_title_that_is_a_link_holds_no_other_link(ana):
    card = Card(title=text("{who} is coming", who=Mention(ana.handle, ana.name)), link=reverse("home"))
    assert draw(card).count("<a ") == 1


def test_a_room_shows_the_runbooks_that_helped_in_it(web, ana, room):
    shop = System.add("Shop", by=ana, room=room)
    book = Runbook.write("The queue is full", "1. Look", by=ana, system=shop)
    Runbook.write("Never used", "1. Look", by=ana, system=shop)
    assert "Runbooks that helped lately" not in web(ana).get(room.get_absolute_url()).text
    book.used(by=ana, helped=True, about="group:7")
    page = web(ana).get(room.get_absolute_url()).text
    assert "The queue is full" in page
    assert "Never used" not in page
    assert "group:7" not in web(ana).get(book.get_absolute_url()).text


def test_a_sentence_ends_before_the_next_begins():
    assert [sentence(words) for words in ("", "Here", "Here.", "Here?")] == ["", "Here.", "Here.", "Here?"]
