"""Rooms and the words in them: who may enter, what is kept, what is taken back."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from fireside.hearth.commands import NotYours, Sorry
from fireside.hearth.files import LARGEST, File, check
from fireside.hearth.models import Doc, Draft, Entry, Message, Room, Seat
from fireside.hearth.rooms import visible
from fireside.hearth.search import find
from tests.attaching import attach, picture

pytestmark = pytest.mark.django_db


def test_an_open_room_is_everybodys_and_a_private_one_its_peoples(ana, cy):
    Room.make("open-door", by=ana)
    secret = Room.make("salaries", by=ana, private=True)
    assert [room.slug for room in Room.enterable_by(cy)] == ["open-door"]
    assert not secret.may_enter(cy)
    with pytest.raises(NotYours, match="no room called #salaries"):
        Room.named("#salaries", person=cy)
    secret.seat(cy, by=ana)
    assert Room.named("#salaries", person=cy) == secret
    secret.leave(cy)
    assert not secret.may_enter(cy)


def test_someone_deactivated_enters_nothing(room, ana, bo):
    bo.deactivate(by=ana)
    assert not room.may_enter(bo)


def test_the_last_keeper_cannot_be_locked_out(ana):
    with pytest.raises(Sorry, match="last keeper"):
        ana.deactivate(by=ana)


@pytest.mark.parametrize("name", ["", "Ünïcorn", "-dash", "a" * 61, "two/parts"])
def test_a_name_that_is_no_name_is_explained(ana, name):
    with pytest.raises(Sorry, match="small letters"):
        Room.make(name, by=ana)


def test_a_taken_name_is_explained_even_when_the_room_is_private(ana, bo):
    Room.make("salaries", by=ana, private=True)
    with pytest.raises(Sorry, match="already"):
        Room.make("salaries", by=bo)


def test_the_same_key_says_the_same_words_once(room, ana):
    first = room.say("hello", by=ana, key="k1")
    assert room.say("hello", by=ana, key="k1") == first
    assert Message.objects.count() == 1


def test_unread_is_what_others_said_since_i_read(room, ana, bo):
    room.say("anyone there", by=ana)
    room.refresh_from_db()
    seat = Seat.objects.get(room=room, person=bo)
    assert room.last_message > seat.read_to
    seat.read(room.last_message)
    seat.refresh_from_db()
    assert room.last_message == seat.read_to


def test_an_edit_keeps_what_was_said_before(room, ana, bo):
    message = room.say("the bank is down", by=ana)
    with pytest.raises(NotYours):
        message.edit("the bank is fine", by=bo)
    message.edit("our queue is full", by=ana)
    assert message.edited_at
    assert [version.text for version in message.versions.all()] == ["the bank is down"]


def test_words_taken_back_are_gone_everywhere(room, ana):
    message = room.say("the password is swordfish", by=ana)
    file = attach(message, "notes.txt", b"swordfish", "text/plain")
    message.star(by=ana, story="incident:1")
    assert find("swordfish", person=ana)
    message.delete_words(by=ana)
    assert not find("swordfish", person=ana)
    assert not Doc.objects.filter(body__contains="swordfish")
    assert not File.objects.filter(pk=file.pk)
    assert not Entry.objects.filter(verb="message.starred", withdrawn_at=None)
    assert not Entry.objects.filter(words__contains="swordfish", withdrawn_at=None)


def test_a_clap_is_one_each_and_can_be_taken_back(room, ana, bo):
    message = room.say("fixed", by=ana)
    assert message.clap("👏", by=bo)
    assert message.claps.count() == 1
    assert not message.clap("👏", by=bo)
    assert message.claps.count() == 0
    with pytest.raises(Sorry, match="You could clap with"):
        message.clap("🍆", by=bo)


def test_a_star_is_on_the_timeline_at_the_messages_own_time(room, ana, bo):
    message = room.say("refusals began", by=ana)
    entry = message.star(by=bo, story="incident:1")
    assert message.star(by=ana, story="incident:1") == entry
    assert (entry.at, entry.by) == (message.at, ana)
    message.unstar(by=bo, story="incident:1")
    assert not Entry.objects.filter(story="incident:1", verb="message.starred", withdrawn_at=None)


def test_a_file_too_large_or_empty_is_refused_before_anything_is_kept():
    with pytest.raises(Sorry, match="empty"):
        check([SimpleUploadedFile("a.txt", b"")])
    large = SimpleUploadedFile("b.bin", b"x")
    large.size = LARGEST + 1
    with pytest.raises(Sorry, match="larger than 20 MB"):
        check([large])


def test_a_file_is_what_its_bytes_are(room, ana):
    message = room.say("see", by=ana)
    liar = attach(message, "x.png", b"<script>alert(1)</script>", "image/png")
    assert (liar.type, liar.is_picture) == ("application/octet-stream", False)
    honest = attach(message, "../../etc/y.png", picture(), "text/html")
    assert (honest.type, honest.name) == ("image/png", "y.png")


def test_drafts_are_kept_and_emptied(ana):
    Draft.keep(ana, "room:1", "half a thou")
    Draft.keep(ana, "room:1", "half a thought")
    assert Draft.words(ana, "room:1") == "half a thought"
    Draft.keep(ana, "room:1", "  ")
    assert Draft.objects.count() == 0


class TestSearch:
    def test_all_words_and_a_beginning_newest_first(self, room, ana):
        room.say("the payment queue is full", by=ana)
        room.say("payments are back, the queue drained", by=ana)
        assert [hit.doc.body for hit in find("queue paym", person=ana)] == [
            "payments are back, the queue drained", "the payment queue is full",
        ]  # fmt: skip

    def test_accents_and_case_do_not_hide_words(self, room, ana):
        room.say("Māori placenames", by=ana)
        assert find("māori", person=ana)
        assert find("MĀORI", person=ana)

    @pytest.mark.parametrize(
        "query", ['"', "AND OR NOT", "a* NEAR(b)", "';--", "col:on", "(((", "🦄", "\x00", "x" * 5000]
    )
    def test_hostile_queries_find_nothing_and_break_nothing(self, room, ana, query):
        room.say("calm", by=ana)
        assert find(query, person=ana) == []

    def test_private_words_are_found_by_nobody_else(self, ana, cy):
        Room.make("salaries", by=ana, private=True).say("raise for bo", by=ana)
        assert find("raise", person=ana)
        assert find("raise", person=cy) == []
        assert not visible(Message.objects.all(), cy)

    def test_a_rare_one_is_found_behind_many_that_hold_the_same_word(self, room, ana, bo):
        room.say("the queue, and a lantern", by=bo)
        Doc.objects.bulk_create(
            Doc(
                kind="message",
                ref=1000 + n,
                title="x",
                body=f"queue {n}",
                url="/",
                at=room.made_at,
                room=room,
            )
            for n in range(1100)
        )
        assert [hit.doc.body for hit in find("queue", person=ana, author=bo)] == ["the queue, and a lantern"]
        assert find("queue", person=ana, kinds=("incident",)) == []
        assert [hit.doc.body for hit in find("queue", person=ana, limit=2)] == ["queue 1099", "queue 1098"]

    def test_the_snippet_marks_what_was_looked_for(self, room, ana):
        room.say("long " * 60 + "the queue is full", by=ana)
        [hit] = find("queue", person=ana)
        assert ("queue", True) in hit.snippet

    def test_pages_do_not_overlap(self, room, ana):
        for number in range(5):
            room.say(f"deploy {number}", by=ana)
        first = find("deploy", person=ana, limit=3)
        rest = find("deploy", person=ana, limit=3, before=first[-1].doc.pk)
        assert [hit.doc.body for hit in first + rest] == [f"deploy {n}" for n in (4, 3, 2, 1, 0)]
