"""Stories of rooms: reading, writing, drafts, files and private rooms, with a script and without."""

from __future__ import annotations

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from fireside.hearth.cards import Card, text
from fireside.hearth.models import Draft, File, Message, Room, Seat
from tests.attaching import attach, picture

pytestmark = pytest.mark.django_db
HX = {"HTTP_HX_REQUEST": "true"}
PNG = picture()


@pytest.fixture
def secret(ana):
    """A private room that only Ana may enter, with words and a file in it."""
    room = Room.make("quiet-corner", by=ana, private=True, about="For the two of us.")
    message = room.say("the zebra plan", by=ana)
    attach(message, "plan.png", PNG, "image/png")
    message.pin(by=ana)
    return room


def articles(html):
    return re.findall(r'<article class="msg[^>]*id="m(\d+)"', html)


def test_words_are_said_by_a_plain_form_and_stand_in_the_room(web, ana, bo, room):
    browser = web(ana)
    shown = browser.get("/rooms/magic-sparkles/").content.decode()
    key = re.search(r'name="key" value="([^"]+)"', shown)[1]
    answer = browser.post(
        "/rooms/magic-sparkles/", {"words": "The **unicorns** are fed, @bo-lund.", "key": key}
    )
    assert answer.status_code == 303
    again = browser.post(
        "/rooms/magic-sparkles/", {"words": "The **unicorns** are fed, @bo-lund.", "key": key}
    )
    assert again["Location"] == answer["Location"]
    page = web(bo).get("/rooms/magic-sparkles/").content.decode()
    assert page.count("<strong>unicorns</strong>") == 1
    assert 'href="/people/bo-lund/" data-name="@bo-lund">@bo-lund</a>' in page
    assert "Ana Ngata" in page


def test_a_script_gets_the_new_article_alone(web, ana, room):
    answer = web(ana).post("/rooms/magic-sparkles/", {"words": "Hello", "key": "k"}, **HX)
    assert answer.status_code == 200
    html = answer.content.decode()
    assert html.startswith("<article")
    assert len(articles(html)) == 1
    assert "csrfmiddlewaretoken" not in html


def test_a_command_that_lacks_words_keeps_them_and_shows_its_form(web, ana, room):
    browser = web(ana)
    page = browser.post("/rooms/magic-sparkles/", {"words": "/room about: a corner for owls", "key": "k"})
    assert page.status_code == 422
    html = page.content.decode()
    assert "This is still needed." in html
    assert 'value="a corner for owls"' in html
    assert "/room about: a corner for owls</textarea>" in html
    assert 'action="/do/room/"' in html
    assert not Message.objects.filter(author=ana).exists()
    short = browser.post("/rooms/magic-sparkles/", {"words": "/room about: owls", "key": "k"}, **HX)
    assert short.status_code == 422
    assert short.content.decode().lstrip().startswith('<div class="whisper whisper-wrong"')


def test_an_unknown_command_is_told_to_the_asker_alone(web, ana, room):
    answer = web(ana).post("/rooms/magic-sparkles/", {"words": "/jon #til", "key": "k"}, **HX)
    assert answer.status_code == 422
    assert "Did you mean" in answer.content.decode()
    assert not room.messages.exists()


def test_a_whisper_is_told_on_the_next_page(web, ana, room):
    answer = web(ana).post("/rooms/magic-sparkles/", {"words": "/help room", "key": "k"}, follow=True)
    html = answer.content.decode()
    assert "Make a room, with a sentence" in html
    assert "Only you can see this." in html
    assert not room.messages.exists()


def test_drafts_wait_for_their_writer_and_end_when_the_words_are_said(web, ana, bo, room):
    browser = web(ana)
    assert browser.post("/rooms/magic-sparkles/draft/", {"words": "Half a th"}).status_code == 204
    assert "Half a th</textarea>" in browser.get("/rooms/magic-sparkles/").content.decode()
    assert "Half a th" not in web(bo).get("/rooms/magic-sparkles/").content.decode()
    browser.post("/rooms/magic-sparkles/", {"words": "Half a thought", "key": "k"})
    assert not Draft.objects.exists()


def test_what_is_new_is_marked_once_and_then_read(web, ana, bo, room):
    room.say("old", by=bo)
    web(ana).get("/rooms/magic-sparkles/")
    new = room.say("fresh", by=bo)
    page = web(ana).get("/rooms/magic-sparkles/").content.decode()
    assert 'class="unread"' in page
    assert page.index('class="unread"') < page.index(f'id="m{new.pk}"')
    assert Seat.objects.get(room=room, person=ana).read_to == new.pk
    assert 'class="unread"' not in web(ana).get("/rooms/magic-sparkles/").content.decode()


def test_reading_goes_on_in_both_directions_around_a_linked_message(web, ana, bo, room):
    said = [room.say(f"word {n}", by=bo) for n in range(130)]
    page = web(ana).get("/rooms/magic-sparkles/").content.decode()
    ids = articles(page)
    assert ids == [str(m.pk) for m in said[-50:]]
    assert "data-newest" in page
    earlier = re.search(r'rel="prev" data-more href="([^"]+)"', page)[1]
    assert articles(web(ana).get(earlier).content.decode()) == [str(m.pk) for m in said[30:80]]
    middle = web(ana).get(f"/rooms/magic-sparkles/?at={said[60].pk}").content.decode()
    assert str(said[60].pk) in articles(middle)
    assert 'rel="prev"' in middle
    later = re.search(r'rel="next" data-more href="([^"]+)"', middle)[1]
    assert articles(web(ana).get(later).content.decode())[0] == str(said[86].pk)
    assert "data-newest" not in middle.split('id="messages"')[1].split(">")[0]


def test_days_begin_where_they_begin_for_the_reader(web, ana, bo, room):
    from datetime import UTC, datetime

    room.say("evening in Berlin", by=bo, at=datetime(2026, 11, 23, 21, 0, tzinfo=UTC))
    room.say("night in Berlin", by=bo, at=datetime(2026, 11, 23, 23, 30, tzinfo=UTC))
    berlin = web(bo).get("/rooms/magic-sparkles/").content.decode()
    auckland = web(ana).get("/rooms/magic-sparkles/").content.decode()
    assert berlin.count('<div class="day">') == 2
    assert auckland.count('<div class="day">') == 1
    assert "Tuesday 24 November" in auckland


def test_files_come_with_words_or_alone_and_only_once(web, ana, bo, cy, room):
    browser = web(ana)
    sent = {"words": "", "key": "k", "files": SimpleUploadedFile("rainbow.png", PNG, "image/png")}
    assert browser.post("/rooms/magic-sparkles/", sent).status_code == 303
    sent["files"] = SimpleUploadedFile("rainbow.png", PNG, "image/png")
    browser.post("/rooms/magic-sparkles/", sent)
    [file] = File.objects.all()
    assert "rainbow.png" in web(bo).get("/rooms/magic-sparkles/").content.decode()
    answer = web(bo).get(file.get_absolute_url())
    assert answer.getvalue() == PNG
    assert answer["Content-Type"] == "image/png"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer["Content-Security-Policy"]
    assert "rainbow.png" in web(bo).get("/rooms/magic-sparkles/files/").content.decode()


def test_a_web_page_given_as_a_file_is_saved_and_never_opened(web, ana, room):
    page = SimpleUploadedFile("x.html", b"<script>alert(1)</script>", "text/html")
    web(ana).post("/rooms/magic-sparkles/", {"words": "look", "key": "k", "files": page})
    answer = web(ana).get(File.objects.get().get_absolute_url())
    answer.getvalue()
    assert answer["Content-Type"].startswith("text/plain")
    svg = SimpleUploadedFile("x.svg", b"<svg onload='alert(1)'/>", "image/svg+xml")
    web(ana).post("/rooms/magic-sparkles/", {"words": "look", "key": "k2", "files": svg})
    answer = web(ana).get(File.objects.last().get_absolute_url())
    answer.getvalue()
    assert answer["Content-Disposition"].startswith("attachment")


def test_an_empty_file_is_refused_and_the_words_stay(web, ana, room):
    empty = SimpleUploadedFile("nothing.txt", b"", "text/plain")
    answer = web(ana).post("/rooms/magic-sparkles/", {"words": "my words", "key": "k", "files": empty})
    assert answer.status_code == 422
    assert "nothing.txt is empty." in answer.content.decode()
    assert "my words</textarea>" in answer.content.decode()
    assert not room.messages.exists()


def test_a_private_room_does_not_exist_for_others_anywhere(web, ana, cy, secret):
    message = secret.messages.get()
    [file] = File.objects.all()
    outside, inside = web(cy), web(ana)
    for url in [
        "/rooms/quiet-corner/", "/rooms/quiet-corner/pinned/", "/rooms/quiet-corner/files/",
        "/rooms/quiet-corner/people/", "/rooms/quiet-corner/about/", "/rooms/quiet-corner/palette/",
        message.get_absolute_url(), file.get_absolute_url(), "/do/about/?room=quiet-corner",
    ]:  # fmt: skip
        for browser, status in ((outside, 404), (inside, 200)):
            answer = browser.get(url)
            b"".join(answer)  # read to its end, a file is closed
            assert answer.status_code == status, url
    for url in ["/rooms/quiet-corner/", "/rooms/quiet-corner/read/", "/rooms/quiet-corner/draft/"]:
        assert outside.post(url, {"words": "hello", "key": "k"}).status_code == 404
    for url in [
        "/",
        "/rooms/",
        "/rooms/?q=quiet",
        "/search/?q=zebra",
        "/search/?room=quiet-corner",
        "/people/ana-ngata/",
    ]:
        html = outside.get(url).content.decode()
        assert "zebra plan" not in html, url
        assert "quiet-corner/" not in html, url
    assert "<mark>zebra</mark>" in inside.get("/search/?q=zebra").content.decode()
    for verb in ("clap", "pin", "edit", "delete"):
        tried = outside.post(f"/do/{verb}/", {"message": message.pk, "text": "x"})
        assert tried.status_code == 422
        assert "There is no such message" in tried.content.decode()
    joined = outside.post("/do/join/", {"name": "quiet-corner"})
    assert joined.status_code == 422
    assert "There is no room called" in joined.content.decode()
    assert "only they can see this room" in inside.get("/rooms/quiet-corner/").content.decode()


def test_naming_a_private_room_does_not_give_it_away(web, ana, cy, room, secret):
    room.say("see #quiet-corner and #magic-sparkles", by=ana)
    html = web(cy).get("/rooms/magic-sparkles/").content.decode()
    assert 'href="/rooms/quiet-corner/"' not in html
    assert 'href="/rooms/magic-sparkles/" data-name' in html


def test_people_make_find_join_and_leave_rooms_without_a_script(web, ana, cy, org):
    made = web(ana).post(
        "/do/room/", {"name": "unicorn-care", "about": "Feeding and brushing", "next": "/rooms/"}
    )
    assert made["Location"] == "/rooms/"
    html = web(cy).get("/rooms/?q=brushing").content.decode()
    assert "Feeding and brushing" in html
    web(cy).post("/do/join/", {"name": "#unicorn-care"})
    assert Seat.objects.filter(room__slug="unicorn-care", person=cy).exists()
    web(cy).post("/do/leave/", {"name": "#unicorn-care"})
    assert not Seat.objects.filter(room__slug="unicorn-care", person=cy).exists()


def test_a_name_that_is_taken_is_said_beside_the_form_with_the_words_kept(web, ana, room):
    answer = web(ana).post("/do/room/", {"name": "Magic Sparkles!", "about": "again"})
    html = answer.content.decode()
    assert answer.status_code == 422
    assert "small letters, digits and dashes" in html
    assert 'value="Magic Sparkles!"' in html
    assert 'aria-invalid="true"' in html


def test_a_room_that_rests_can_be_read_but_says_nothing_new(web, ana, bo, room):
    room.say("the last words", by=bo)
    assert web(bo).post("/do/archive/", {"room": room.slug}).status_code == 422
    web(ana).post("/do/archive/", {"room": room.slug})
    html = web(bo).get("/rooms/magic-sparkles/").content.decode()
    assert "the last words" in html
    assert "composer" not in html.split("<main")[1].split("</main>")[0]
    answer = web(bo).post("/rooms/magic-sparkles/", {"words": "one more", "key": "k"})
    assert answer.status_code == 422
    assert room.messages.count() == 1


def test_the_palette_explains_what_could_be_said(web, ana, room):
    offered = web(ana).get("/rooms/magic-sparkles/palette/?q=").json()
    [about] = [one for one in offered if one["verb"] == "about"]
    assert about["help"].startswith("Say in a sentence")
    assert about["params"][0]["label"] == "words"
    assert web(ana).get("/people/suggest/?q=an").json()[0]["handle"] == "ana-ngata"


def test_a_page_of_a_room_costs_the_same_however_much_was_said(web, ana, bo, room):
    card = Card(title=text("A card"), facts={"Why": text("{w}", w="because")})

    def fill(count):
        for n in range(count):
            message = room.say(
                f"word {n} for @bo-lund in #magic-sparkles", by=bo, card=card if n % 5 == 0 else None
            )
            message.clap("👏", by=ana)
            room.say("a reply", by=ana, thread=message)

    def cost(url):
        browser = web(ana)
        browser.get(url)
        with CaptureQueriesContext(
            connection,
        ) as asked:
            browser.get(url)
        return len(asked)

    fill(70)
    few = [cost("/rooms/magic-sparkles/"), cost("/"), cost("/rooms/"), cost("/search/?q=word")]
    fill(130)
    many = [cost("/rooms/magic-sparkles/"), cost("/"), cost("/rooms/"), cost("/search/?q=word")]
    assert many == few
    assert few[0] < 30
