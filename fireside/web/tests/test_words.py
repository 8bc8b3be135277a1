"""Stories of single messages: threads, changes, claps, pins; and of the door for every command."""

from __future__ import annotations

import pytest

from fireside.hearth.cards import Button, Card, text
from fireside.hearth.models import Message, Room
from fireside.web.html import draw

pytestmark = pytest.mark.django_db


def test_a_reply_stands_in_its_thread_and_is_counted_in_the_room(web, ana, bo, room):
    message = room.say("Who feeds them tonight?", by=bo)
    url = message.get_absolute_url()
    page = web(ana).get(url).content.decode()
    assert f'action="{url}"' in page
    answer = web(ana).post(url, {"words": "I do.", "key": "k", "thread": message.pk})
    assert answer["Location"] == url
    assert "I do." in web(bo).get(url).content.decode()
    listed = web(bo).get("/rooms/magic-sparkles/").content.decode()
    assert "1 reply" in listed
    assert "the last from Ana Ngata" in listed
    reply = Message.objects.get(thread=message)
    assert (
        web(bo)
        .get(f"/rooms/magic-sparkles/?at={reply.pk}", follow=True)
        .redirect_chain[-1][0]
        .startswith(url)
    )


def test_words_are_changed_by_their_author_and_what_they_were_stays_readable(web, ana, bo, room):
    message = room.say("The owls are fed", by=ana)
    url = message.get_absolute_url()
    assert "The owls are fed</textarea>" in web(ana).get(f"{url}?edit=1").content.decode()
    web(ana).post("/do/edit/", {"message": message.pk, "text": "The unicorns are fed", "next": url})
    page = web(bo).get(url).content.decode()
    assert "The unicorns are fed" in page
    assert "What it said before" in page
    assert "The owls are fed" in page
    refused = web(bo).post("/do/edit/", {"message": message.pk, "text": "mine now"})
    assert refused.status_code == 422
    assert "Only the person who said it" in refused.content.decode()


def test_words_are_taken_back_after_a_second_look(web, ana, bo, room):
    message = room.say("too early", by=ana)
    look = web(ana).get(f"/do/delete/?message={message.pk}&room={room.slug}&next=/rooms/magic-sparkles/")
    assert "Take my words back" in look.content.decode()
    assert "too early" in web(bo).get("/rooms/magic-sparkles/").content.decode()
    done = web(ana).post(
        "/do/delete/", {"message": message.pk, "room": room.slug, "next": "/rooms/magic-sparkles/"}
    )
    assert done["Location"] == "/rooms/magic-sparkles/"
    page = web(bo).get("/rooms/magic-sparkles/").content.decode()
    assert "too early" not in page
    assert "These words were taken back." in page


def test_claps_and_pins_are_done_by_buttons_that_need_no_script(web, ana, bo, room):
    message = room.say("Shipped", by=ana)
    back = {"next": "/rooms/magic-sparkles/"}
    answer = web(bo).post(f"/do/clap/?message={message.pk}&room={room.slug}&sign=🎉", back)
    assert answer["Location"] == "/rooms/magic-sparkles/"
    page = web(ana).get("/rooms/magic-sparkles/").content.decode()
    assert f'data-by="{bo.pk}"' in page
    web(bo).post(f"/do/clap/?message={message.pk}&sign=🎉", back)
    assert not message.claps.exists()
    web(bo).post(f"/do/pin/?message={message.pk}", back)
    assert "Shipped" in web(ana).get("/rooms/magic-sparkles/pinned/").content.decode()
    web(bo).post(f"/do/unpin/?message={message.pk}", back)
    assert "Nothing is pinned" in web(ana).get("/rooms/magic-sparkles/pinned/").content.decode()


def test_after_an_ask_nobody_is_led_out_of_the_house(web, ana, room):
    for wish in ("https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"):
        answer = web(ana).post(
            "/do/about/", {"words": "unicorns", "room": room.slug, "next": wish, "key": wish}
        )
        assert answer["Location"].startswith("/rooms/magic-sparkles/")


def test_a_button_pressed_twice_on_one_page_counts_once_and_two_buttons_are_two(web, ana, room):
    for words in ("one", "one", "two"):
        web(ana).post(f"/do/about/?words={words}&room={room.slug}", {"key": "the-page"})
    assert room.messages.count() == 2


def test_a_button_of_a_card_leads_to_its_command(room):
    card = Card(
        title=text("Help"),
        buttons=(
            Button("I'm in", "join", {"name": "#til"}, tone="main"),
            Button("Tell more", "about", ask=True),
        ),
    )
    html = draw(card, "magic-sparkles")
    assert 'form="acts" formaction="/do/join/?name=%23til&amp;room=magic-sparkles"' in html
    assert 'href="/do/about/?room=magic-sparkles"' in html


def test_a_verb_that_is_not_there_is_a_page_that_is_not_there(web, ana):
    assert web(ana).get("/do/nothing-like-this/").status_code == 404
    assert web(ana).post("/do/nothing-like-this/").status_code == 404


def test_verbs_answer_through_every_door(do, ana, bo, cy, room):
    told = do(ana, "/rooms sparkles").whisper
    assert "#magic-sparkles" in str(told.card)
    assert "brought" not in str(do(ana, "/bring @cy", room).message)
    assert room.seats.filter(person=cy).exists()
    do(bo, "/about Where unicorns are brushed", room)
    room.refresh_from_db()
    assert room.about == "Where unicorns are brushed"
    do(bo, "/say The unicorns sleep. to: #magic-sparkles")
    assert room.messages.filter(text="The unicorns sleep.").exists()
    made = do(cy, "/room owls about: they hoot who: private").whisper
    assert "#owls" in str(made.card)
    assert Room.objects.get(slug="owls").private


def test_the_hearth_greets_and_shows_what_was_said(web, ana, bo, room):
    room.say("Good *morning*, unicorns & <b>owls</b>, says @bo-lund", by=bo)
    html = web(ana).get("/").content.decode()
    assert "Hello, Ana." in html
    assert "Good morning, unicorns &amp; &lt;b&gt;owls&lt;/b&gt;, says @bo-lund" in html
    assert "Invite people" in html


def test_search_marks_words_and_narrows(web, ana, bo, room):
    for n in range(25):
        room.say(f"a rainbow number {n}", by=bo)
    room.say("<b>rainbow</b> & thunder", by=ana)
    html = web(ana).get("/search/?q=rainbow").content.decode()
    assert "&lt;b&gt;<mark>rainbow</mark>" in html
    assert "Earlier" in html
    assert html.count("<mark>") == 20
    mine = web(ana).get("/search/?q=rainbow&person=ana-ngata&room=magic-sparkles").content.decode()
    assert mine.count("<mark>") == 1
    assert "Nothing found" in web(ana).get("/search/?q=volcano").content.decode()
    assert "Nothing found" in web(ana).get("/search/?q=rainbow&person=nobody").content.decode()
    assert web(ana).get("/search/?since=nonsense&until=9999-12-31&before=x&kind=odd").status_code == 200


def test_search_shows_the_best_match_first_when_asked(web, ana, room):
    long = "a queue " + "among many other words " * 200
    for words in ("the queue is full, the queue again", long, "queue"):
        room.say(words, by=ana)
    newest = web(ana).get("/search/?q=queue").content.decode()
    best = web(ana).get("/search/?q=queue&sort=best").content.decode()
    many, short = "among many other", "is full, the"
    assert newest.index(many) < newest.index(short)
    assert best.index(short) < best.index(many)
    assert '<option value="best" selected>' in best
    assert "Nothing found" in web(ana).get("/search/?q=unheard&sort=best").content.decode()
