"""Keepers see how it stands with Slack, in plain words, and can put it right."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
import yaml
from django.test import Client
from django.utils import timezone

from fireside.hearth.models import Person, Room
from fireside.slack import inbox, manifest
from fireside.slack.models import Arrival, Channel, Installation, Post
from tests.slack_door import Slack

pytestmark = pytest.mark.django_db

Web = Callable[[Person], Client]
HERE = "/settings/slack/"


def page(web: Web, person: Person) -> str:
    answer = web(person).get(HERE)
    assert answer.status_code == 200
    return unescape(answer.content.decode())


def head(web: Web, person: Person, room: Room) -> str:
    return unescape(web(person).get(room.get_absolute_url()).content.decode())


def unconnected(settings: Any) -> None:
    settings.SLACK = dict.fromkeys(settings.SLACK, "")


# -- to begin with -------------------------------------------------------------------------------------------


def test_without_slack_it_says_how_to_connect_in_five_minutes(ana: Person, web: Web, settings: Any) -> None:
    unconnected(settings)
    shown = page(web, ana)
    assert "Connect Slack in five minutes" in shown
    for words in (
        "From a manifest",
        "connections:write",
        "SLACK_APP_TOKEN",
        "SLACK_BOT_TOKEN",
        "/invite @Fireside",
    ):
        assert words in shown
    written = shown.partition("<textarea")[2].partition(">")[2].partition("</textarea>")[0]
    assert yaml.safe_load(written) == manifest.made()
    assert "Makes a channel for an incident, names it, brings its people in." in shown


def test_only_keepers_find_the_page(ana: Person, bo: Person, web: Web, settings: Any) -> None:
    unconnected(settings)
    assert web(bo).get(HERE).status_code == 404
    assert HERE not in web(bo).get("/settings/").content.decode()
    assert HERE in web(ana).get("/settings/").content.decode()


def test_a_token_that_slack_has_not_answered_to_is_not_passed_over(
    ana: Person, web: Web, settings: Any
) -> None:
    unconnected(settings)
    settings.SLACK["BOT_TOKEN"] = "xoxb-1"
    assert "SLACK_BOT_TOKEN is set, and Slack has not said yet whose it is." in page(web, ana)


@pytest.mark.parametrize("name", ["APP_TOKEN", "SIGNING_SECRET"])
def test_whoever_set_all_but_the_bot_token_is_told(ana: Person, web: Web, settings: Any, name: str) -> None:
    unconnected(settings)
    settings.SLACK[name] = "xapp-1"
    shown = page(web, ana)
    assert "Slack could reach Fireside, and SLACK_BOT_TOKEN is not set yet" in shown
    assert "copy the Bot User OAuth Token" in shown


def test_with_a_client_id_workspaces_are_connected_by_a_link(ana: Person, web: Web, settings: Any) -> None:
    unconnected(settings)
    settings.SLACK |= {"CLIENT_ID": "1.2", "CLIENT_SECRET": "s"}
    shown = page(web, ana)
    assert "Connect a workspace" in shown
    assert 'href="/slack/install"' in shown


# -- how it stands -------------------------------------------------------------------------------------------


def test_when_all_is_well_it_says_so(slack: Slack, room: Room, ana: Person, web: Web) -> None:
    slack.channel(room)
    shown = page(web, ana)
    assert "Unicorn Rentals" in shown
    assert ">Connected<" in shown
    assert "Words go through in both directions." in shown
    assert "permissions are missing" not in shown


def test_a_missing_permission_is_named_with_what_does_not_work_without(
    slack: Slack, ana: Person, web: Web
) -> None:
    slack.installation.scopes = ",".join(slack.installation.granted - {"reactions:write", "bookmarks:write"})
    slack.installation.save()
    shown = page(web, ana)
    assert "Connected, with trouble" in shown
    assert "Some permissions are missing." in shown
    said = shown.partition("Until then this does not work:")[2].partition("</ul>")[0]
    assert "reactions:write" in said
    assert "Claps and stars given in Fireside show as reactions in Slack." in said
    assert "Puts the incident's page on top of its channel." in said
    assert "chat:write" not in said


@pytest.mark.parametrize(
    ("trouble", "sentence"),
    [
        ("Slack cannot be reached", "Slack cannot be reached. It is being tried again by itself."),
        (
            "SECRET_KEY has changed, so the kept token cannot be read: install Fireside again",
            "SECRET_KEY has changed, so the kept token cannot be read: install Fireside again.",
        ),
    ],
)
def test_trouble_with_the_whole_workspace_is_said(
    slack: Slack, ana: Person, web: Web, trouble: str, sentence: str
) -> None:
    slack.installation.troubled(trouble)
    shown = page(web, ana)
    assert "Connected, with trouble" in shown
    assert sentence in shown


def test_a_socket_that_is_not_open_is_said(slack: Slack, ana: Person, web: Web) -> None:
    Installation.objects.update(deaf="Slack does not take SLACK_APP_TOKEN: invalid_auth")
    page = web(ana).get("/settings/slack/").content.decode()
    assert "Nothing comes in. Slack does not take SLACK_APP_TOKEN: invalid_auth." in page
    assert "Connected, with trouble" in page


def test_a_workspace_that_took_us_out_is_shown_with_what_was_kept(
    slack: Slack, room: Room, ana: Person, web: Web
) -> None:
    slack.channel(room)
    slack.installation.end("app_uninstalled")
    shown = page(web, ana)
    assert ">Not connected<" in shown
    assert "Fireside was taken out of this workspace." in shown
    assert "start Fireside anew with its new token in SLACK_BOT_TOKEN" in shown
    assert "Unicorn Rentals is no longer connected, so what is said here stays here." in shown
    assert "Unicorn Rentals is no longer connected" in head(web, ana, room)


def test_a_token_that_is_no_longer_set_is_told_from_a_connection(slack: Slack, ana: Person, web: Web) -> None:
    slack.settings.SLACK["BOT_TOKEN"] = ""
    shown = page(web, ana)
    assert ">Not connected<" in shown
    assert "SLACK_BOT_TOKEN is not set any more." in shown


def test_what_could_not_be_handled_is_counted(slack: Slack, ana: Person, web: Web) -> None:
    for n in range(2):
        Arrival.objects.create(
            key=f"k{n}", installation=slack.installation, kind="command", tries=inbox.TRIES
        )
    assert "2 things that came from Slack could not be handled." in page(web, ana)


# -- rooms and channels --------------------------------------------------------------------------------------


def test_words_that_wait_are_counted_on_the_page_and_in_the_room(
    slack: Slack, room: Room, bo: Person, ana: Person, web: Web
) -> None:
    slack.channel(room)
    assert "waiting for Slack" not in head(web, bo, room)
    link = Channel.objects.get()
    for n in range(3):
        Post.objects.create(channel=link, message=room.say(f"words {n}", by=bo), due_at=timezone.now())
    link.wait(40, "Slack asks us to slow down")
    words = "3 waiting for Slack, which asks us to slow down."
    assert words in page(web, ana)
    assert words in head(web, bo, room)
    Channel.objects.update(not_before=timezone.now() - timedelta(seconds=1))
    assert "waiting for Slack" not in head(web, bo, room)


def test_a_room_says_which_channel_it_is_one_with(slack: Slack, room: Room, bo: Person, web: Web) -> None:
    assert "in Slack" not in head(web, bo, room)
    channel = slack.channel(room)
    shown = head(web, bo, room)
    assert f'One with <a href="https://slack.com/app_redirect?channel={channel.id}' in shown
    assert "#magic-sparkles</a> in Slack" in shown


def test_a_closed_channel_says_why_on_the_page_and_in_the_room(
    slack: Slack, room: Room, bo: Person, ana: Person, web: Web
) -> None:
    slack.channel(room)
    Channel.objects.get().close("#magic-sparkles in Slack is archived, so words said here stay here.")
    for shown in (page(web, ana), head(web, bo, room)):
        assert "#magic-sparkles in Slack is archived, so words said here stay here." in shown
    assert "Connected, with trouble" in page(web, ana)


def test_a_channel_that_is_still_to_be_made_is_no_trouble(
    slack: Slack, room: Room, ana: Person, web: Web
) -> None:
    Channel.link(slack.installation, room, by=ana)
    shown = page(web, ana)
    assert "It is being made in Slack." in shown
    assert ">Connected<" in shown


def test_a_link_is_taken_apart_from_the_page(slack: Slack, room: Room, ana: Person, web: Web) -> None:
    channel = slack.channel(room)
    assert "Take #magic-sparkles and #magic-sparkles in Slack apart" in page(web, ana)
    given = {"room": room.slug, "channel": channel.id, "next": HERE}
    answer = web(ana).post("/do/unlink-channel/", given, follow=True)
    assert "The room magic-sparkles and #magic-sparkles in Slack are two again." in answer.content.decode()
    assert not Channel.objects.exists()


def test_a_room_of_the_house_gets_its_channel_from_the_page(slack: Slack, ana: Person, web: Web) -> None:
    calls = Room.make("calls-for-help", by=ana)
    Room.make("celebrations", by=ana, private=True)
    shown = page(web, ana)
    assert "Make a channel for #calls-for-help" in shown
    assert "Make a channel for #celebrations" not in shown
    given = {"room": calls.slug, "workspace": slack.installation.team_id, "next": HERE}
    answer = web(ana).post("/do/make-channel/", given, follow=True)
    assert "#calls-for-help is being made in Slack" in answer.content.decode()
    slack.settle()
    link = Channel.objects.get()
    assert slack.workspace.channels[link.channel_id].name == "calls-for-help"
    assert "Make a channel for" not in page(web, ana)


def test_channels_for_incidents_are_a_switch(slack: Slack, ana: Person, web: Web) -> None:
    assert "Each incident gets a channel of its own." in page(web, ana)
    given = {"wish": "no", "workspace": slack.installation.team_id, "next": HERE}
    answer = web(ana).post("/do/incident-channels/", given, follow=True)
    assert "Incidents get no channel of their own; somebody could link one." in answer.content.decode()
    assert not Installation.objects.get().makes_channels


def test_what_stands_behind_a_closed_door_is_counted_and_not_named(
    slack: Slack, bo: Person, ana: Person, web: Web
) -> None:
    den = Room.make("heffalump", by=bo, private=True)
    Channel.link(slack.installation, den, by=bo, channel_id="C77", name="heffalump-talk", private=True)
    shown = page(web, ana)
    assert "heffalump" not in shown
    assert "One more is linked, behind a closed door." in shown


def test_channels_of_incidents_that_rest_are_not_listed(
    slack: Slack, room: Room, ana: Person, web: Web
) -> None:
    slack.channel(room)
    Channel.objects.update(closed_at=timezone.now(), trouble="The room rests.")
    Room.objects.update(archived_at=timezone.now())
    shown = page(web, ana)
    assert "The room rests." not in shown
    assert ">Connected<" in shown
