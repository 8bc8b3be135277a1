"""What nobody would write in earnest is answered in plain words, never with a page about a fault of ours."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from fireside.hearth.commands import Ask, perform
from fireside.hearth.errors import Sorry
from fireside.hearth.files import File

pytestmark = pytest.mark.django_db
ENDS = ["0001-01-01", "9999-12-31", "2026-02-30", "tomorrow", "٢٠٢٦-١١-٢٤", "2026-11-24T10:00"]


@pytest.mark.parametrize("day", ENDS)
@pytest.mark.parametrize("path", ["/search/?q=a&", "/incidents/?", "/learn/?"])
@pytest.mark.parametrize("name", ["since", "until"])
def test_a_day_at_the_end_of_the_calendar_is_only_a_day(path, name, day, ana, cy, web):
    for person in (ana, cy):  # east and west of Greenwich
        assert web(person).get(f"{path}{name}={day}").status_code in (200, 422)


@pytest.mark.parametrize(
    "when", ["0001-01-01 00:00", "9999-12-31 23:59", "2026-02-30 10:00", "24:00", "٩:١٤"]
)
def test_a_moment_at_the_end_of_the_calendar_is_kept_or_asked_about(when, ana, cy, room, do, web):
    do(ana, "/incident it is slow", room)
    for person in (ana, cy):
        answer = web(person).post("/do/backfill/", {"room": "inc-1", "words": "it began", "at": when})
        assert answer.status_code in (303, 422)


@pytest.mark.parametrize("number", ["9" * 5000, "9" * 18, "٩٩٩", "²", "-1"])
@pytest.mark.parametrize(
    ("verb", "name", "more"),
    [
        ("shadow", "incident", {}), ("coming", "incident", {}), ("coming", "call", {}),
        ("done", "attempt", {}), ("ruled-out", "theory", {}), ("withdraw", "decision", {}),
        ("doing", "decision", {"what": "look"}), ("answer", "question", {"words": "yes"}),
        ("star", "message", {}), ("clap", "message", {}), ("on-it", "group", {}),
        ("take-on", "mitigation", {}),
        ("applaud", "postmortem", {}), ("take-out", "part", {}),
    ],
)  # fmt: skip
def test_a_number_that_names_nothing_names_nothing(verb, name, more, number, ana, room, do):
    do(ana, "/incident it is slow", room)
    here = ana.seats.get(room__slug="inc-1").room
    with pytest.raises(Sorry):
        perform(Ask(ana, here), verb, {name: number, **more})


def test_a_host_that_is_none_is_an_unreadable_request(org, client):
    for host in ("a b", "[::1", "127.0.0.1, evil"):
        assert client.get("/account/login/", headers={"host": host}).status_code == 400


def test_no_page_lets_itself_be_framed(ana, web):
    answer = web(ana).get("/")
    assert answer["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]


def test_a_file_cannot_hide_what_it_is_by_its_name(ana, room, web):
    upload = SimpleUploadedFile("holiday\u202egnp.exe", b"<script>alert(1)</script>", "image/png")
    web(ana).post(room.get_absolute_url(), {"words": "look", "files": upload, "key": "1"})
    kept = File.objects.get()
    assert kept.name == "holidaygnp.exe"
    answer = web(ana).get(kept.get_absolute_url())
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["Content-Type"] == "application/octet-stream"
    assert "sandbox" in answer["Content-Security-Policy"]
    assert answer["Cache-Control"].startswith("private")
    answer.close()


def test_a_way_back_never_leads_out_of_the_house(ana, web):
    for way in (
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "/\t/evil",
    ):
        answer = web(ana).post("/do/rooms/", {"words": "til", "next": way})
        assert answer["Location"] == "/"
