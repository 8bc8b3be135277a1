"""Guests in the web: brought in from a room, welcomed, and out of every page when their day has passed."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from fireside.hearth import guests
from fireside.hearth.models import Invitation, Person, Room
from fireside.hearth.start import join
from fireside.web.html import article

pytestmark = pytest.mark.django_db
Web = Callable[[Person], Client]
GIL = {"name": "Gil Moss", "email": "gil@partner.example", "password": "four quiet herons", "zone": "UTC"}


@pytest.fixture
def gil(room: Room, bo: Person) -> Person:
    """Somebody from outside, whom Bo brought into the team's room."""
    return join(guests.bring([room], guests.last_day(bo), by=bo), **GIL)


def see(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, path
    return str(answer.content.decode())


def test_from_the_rooms_page_to_the_guests_first_look_round(web: Web, room: Room, bo: Person) -> None:
    page = f"{room.get_absolute_url()}people/"
    assert "Bring a guest in" in see(web(bo), page)
    form = {"rooms": "#magic-sparkles", "until": "in 3 days", "next": page}
    told = web(bo).post("/do/guest-link/", form, follow=True).content.decode()
    link = re.search(r"/join/[\w-]+/", told)
    assert link is not None
    stranger = Client()
    assert "You will be a guest until" in see(stranger, link[0])
    home = stranger.post(link[0], GIL, follow=True).content.decode()
    assert "You are a guest here until" in home
    assert "First steps" not in home
    assert "Gil Moss" in see(web(bo), page)
    assert "guest until" in see(web(bo), page)
    assert Client().get(link[0]).status_code == 404, "it lets one person in"


def test_a_keeper_ends_a_link_into_others_rooms_and_does_not_read_it(
    web: Web, ana: Person, bo: Person
) -> None:
    secret = Room.make("salaries", by=bo, private=True)
    made = guests.bring([secret], guests.last_day(bo), by=bo)
    assert made.secret in see(web(bo), "/settings/invitations/")
    seen = see(web(ana), "/settings/invitations/")
    assert "whoever made it has the link" in seen
    assert made.secret not in seen
    assert "salaries" not in seen
    web(ana).post(f"/settings/invitations/{made.pk}/end/")
    assert Invitation.open_now(made.secret) is None


def test_a_guests_day_passes_in_the_middle_of_what_they_do(web: Web, gil: Person, room: Room) -> None:
    client = web(gil)
    see(client, room.get_absolute_url())
    Person.objects.filter(pk=gil.pk).update(guest_until=timezone.now() - timedelta(seconds=1))
    for path in ("/", room.get_absolute_url(), "/settings/mine/", "/people/"):
        assert client.get(path)["Location"].startswith("/account/login/"), path
    said = client.post(room.get_absolute_url(), {"words": "one more thing"})
    assert said["Location"].startswith("/account/login/")
    assert not room.messages.filter(text="one more thing").exists()
    again = Client().post(
        "/account/login/", {"login": GIL["email"], "password": GIL["password"]}, follow=True
    )
    assert "four quiet herons" not in again.content.decode()
    assert Client().get("/").status_code == 302


def test_a_guest_presses_on_a_card_what_is_for_members_and_is_told_so(
    web: Web, gil: Person, room: Room
) -> None:
    form = {"room": room.slug, "what": "it is down"}
    told = web(gil).post("/do/incident/", form, headers={"HX-Request": "true"})
    assert told.status_code == 422
    assert web(gil).get("/do/incident/").status_code == 404
    palette = web(gil).get(f"{room.get_absolute_url()}palette/").json()
    assert "incident" not in [one["verb"] for one in palette]
    assert "say" in [one["verb"] for one in palette]


def test_a_guest_cannot_try_out_names_by_writing_them(
    gil: Person, ana: Person, cy: Person, room: Room
) -> None:
    Room.make("attic", by=ana)
    mine = room.say("@cy-park @ana-ngata @nobody #attic #magic-sparkles", by=gil)
    drawn = article(mine)
    assert "/people/ana-ngata/" in drawn
    assert "/rooms/magic-sparkles/" in drawn
    assert "/people/cy-park/" not in drawn
    assert "/rooms/attic/" not in drawn
    assert "/people/cy-park/" in article(room.say("@cy-park could help", by=ana))
