"""Somebody in Slack who also comes in by the browser is one person, whichever came first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from fireside.hearth.models import Invitation, Person, Room
from fireside.slack.models import Account
from tests.openid_provider import CLIENT, SECRET, Provider, provider
from tests.slack_door import Slack

pytestmark = pytest.mark.django_db


@pytest.fixture
def house(settings: Any) -> Iterator[Provider]:
    with provider() as found:
        found.claims = {"sub": "U17", "email": "Dee@example.org", "email_verified": True, "name": "Dee Rua"}
        settings.PUBLIC_URL = "http://testserver"
        settings.OIDC = {
            "ISSUER": found.url, "CLIENT_ID": CLIENT, "CLIENT_SECRET": SECRET, "NAME": "Slack", "GROUPS": "",
            "LETS_IN": frozenset(),
        }  # fmt: skip
        yield found


def spoken(slack: Slack, room: Room, words: str, **told: Any) -> Person:
    """Dee, whom only Slack knows, says something in a room."""
    dee = slack.workspace.user("Dee Rua", name="dee", email="dee@example.org", **told)
    channel = slack.channel(room)
    channel.members.append(dee)
    dee.says(channel, words)
    slack.settle()
    author = room.messages.get(text=words).author
    assert author is not None
    assert author.email is None
    return author


def come(house: Provider, client: Client) -> Person | None:
    client.get(house.visit(client.get("/account/oidc/")["Location"]))
    return Person.objects.filter(pk=client.session.get("_auth_user_id")).first()


def test_who_spoke_in_slack_and_signs_in_by_slack_is_the_same_person(
    slack: Slack, house: Provider, room: Room
) -> None:
    dee = spoken(slack, room, "it is the queue")
    assert come(house, Client()) == dee
    dee.refresh_from_db()
    assert (dee.email, dee.name) == ("dee@example.org", "Dee Rua")
    assert room.messages.get(text="it is the queue").author == dee


def test_an_e_mail_that_slack_does_not_vouch_for_makes_nobody_one(
    slack: Slack, house: Provider, room: Room
) -> None:
    spoken(slack, room, "hello from outside", guest=True)
    assert come(house, Client()) is None


def test_whose_slack_account_ended_is_not_met_by_it(slack: Slack, house: Provider, room: Room) -> None:
    dee = spoken(slack, room, "bye then")
    account = Account.objects.get(person=dee)
    Account.objects.filter(pk=account.pk).update(ended_at=account.read_at)
    assert come(house, Client()) is None


def test_who_comes_by_an_invitation_speaks_in_slack_as_the_same_person_from_then_on(
    slack: Slack, room: Room, ana: Person
) -> None:
    spoken(slack, room, "before")
    link = Invitation.make(by=ana)
    new = {"name": "Dee Rua", "email": "dee@example.org", "password": "lanterns by the river", "zone": "UTC"}
    browser = Client()
    assert browser.post(f"/join/{link.secret}/", new).status_code == 303
    user = slack.workspace.users[Account.objects.get(name="Dee Rua").user_id]
    user.becomes(tz="Europe/Berlin")
    slack.settle()
    user.says(slack.channel(room), "after")
    slack.settle()
    assert room.messages.get(text="after").author == Person.objects.get(email="dee@example.org")
