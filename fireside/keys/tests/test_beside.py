"""What is connected, beside a room and on its page: in plain words, as it is, and not for guests."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from fireside.hearth import guests
from fireside.hearth.models import Key, Person, Room, Team, Webhook
from fireside.hearth.start import join
from fireside.hearth.workflows import settle

pytestmark = pytest.mark.django_db
Web = Callable[[Person], Client]
GIL = {"name": "Gil Moss", "email": "gil@partner.example", "password": "four quiet herons"}


def see(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, path
    return str(answer.content.decode())


def test_a_guest_meets_no_way_to_what_is_connected(web: Web, ana: Person, bo: Person, room: Room) -> None:
    Webhook.make("https://hooks.example.org/", ["incident.*"], by=ana)
    settle()
    gil = join(guests.bring([room], guests.last_day(bo), by=bo), **GIL)
    pages = (room.get_absolute_url(), "/", "/settings/", "/settings/sign-in/", "/account/password/")
    assert [path for path in pages if "/keys/" in see(web(gil), path)] == []
    assert "/keys/?room=" in see(web(bo), room.get_absolute_url())


def test_beside_a_room_stand_the_webhooks_that_hear_it_in_plain_words(web: Web, ana: Person) -> None:
    team = Team.objects.create(name="Riders", slug="riders")
    team.members.add(ana)
    stable = Room.make("stable", by=ana, team=team)
    tack = Room.make("tack", by=ana, team=team, private=True)
    Webhook.make("https://hooks.example.org/", ["incident.*", "update.told"], by=ana, team=team)
    settle()
    side = see(web(ana), stable.get_absolute_url())
    assert "is told what happens here: all about incidents, an update was told. It cannot post." in side
    assert "hooks.example.org" not in see(web(ana), tack.get_absolute_url()), "it never hears of that one"


def test_a_key_whose_earlier_secret_is_in_use_is_in_use(web: Web, ana: Person) -> None:
    key, _ = Key.make(ana, "Dashboard")
    assert "never used so far" in see(web(ana), "/keys/")
    Key.objects.filter(pk=key.pk).update(old_used_at=timezone.now())
    assert "never used so far" not in see(web(ana), "/keys/")
