"""Somebody's day on the app's own page in Slack."""

from __future__ import annotations

import logging
from typing import Any

from django.conf import settings
from django.utils import timezone

from fireside.hearth import guests
from fireside.hearth.cards import Button, Card, Link, Text, text
from fireside.hearth.commands import book
from fireside.hearth.people import Person
from fireside.slack.account import Account
from fireside.slack.blocks import card_blocks
from fireside.slack.calls import Later, Refused, Unsure, call
from fireside.slack.channel import Channel
from fireside.slack.fit import Block, fit
from fireside.slack.installation import Installation, Lost
from fireside.slack.names import Known
from fireside.web import places

MOST = 100  # blocks of a home
ROOMS = 60  # channels that are listed
OPENS, HELPS = "incident", "help"

log = logging.getLogger(__name__)


def show(installation: Installation, account: Account) -> None:
    """Draw it anew. Raises what `call` raises."""
    person = account.person
    with timezone.override(person.tz):
        inside = person.is_active and not account.silent
        blocks = _day(installation, person) if inside else _for_others(installation, person)
    view = {"type": "home", "blocks": fit(blocks, most=MOST, link=settings.PUBLIC_URL)}
    call(installation, "views_publish", user_id=account.user_id, view=view)


def again(installation: Installation, user_id: str) -> None:
    """Draw it anew after something was done there; when Slack does not answer, at their next visit."""
    account = Account.known(installation, user_id)
    if account is None:
        return
    try:
        show(installation, account)
    except (Later, Unsure, Refused, Lost) as trouble:
        log.info("The home of %s is drawn at their next visit: %s", account, trouble)


def is_home(body: dict[str, Any]) -> bool:
    """Was this pressed on somebody's home?"""
    return bool((body.get("view") or {}).get("type") == "home")


def _day(installation: Installation, person: Person) -> list[Block]:
    cards = [
        _greeting(person),
        *(card for draw in places.home_cards for card in draw(person)),
        *_coming(person),
    ]
    rooms = _rooms(installation, person)
    if not person.email:
        return [*_drawn(installation, cards), *rooms]
    yours = f"What is yours alone stays on the web: <{settings.PUBLIC_URL}/|your page>."
    return [*_drawn(installation, cards), *rooms, {"type": "context", "elements": [_mrkdwn(yours)]}]


def _for_others(installation: Installation, person: Person) -> list[Block]:
    words = text(
        "You are a guest here. What you say in the channels you were let into is heard like all the rest."
    )
    more = text("Commands and pages are for the people of this organisation.")
    return _drawn(installation, [Card(title=_hello(person), body=(words, more))])


def _hello(person: Person) -> Text:
    return text("Hello, {name}.", name=person.name.partition(" ")[0])


def _greeting(person: Person) -> Card:
    """The same words as on the web, and the two things that are done from here."""
    sentences = [words for greet in places.greetings if (words := greet(person))]
    buttons = (
        Button("Open an incident", OPENS, tone="main", ask=True), Button("What could I say", HELPS),
    )  # fmt: skip
    known = {command.verb for command in book.offered(None, person)}
    first = [guests.hello(person)] if person.is_guest else []
    words = " ".join([*first, *sentences]) if first or sentences else "Everything is quiet."
    return Card(
        title=_hello(person), body=(text("{words}", words=words),),
        buttons=tuple(button for button in buttons if button.verb in known),
    )  # fmt: skip


def _coming(person: Person) -> list[Card]:
    lines = [
        text("{what} {more}", what=Link(one.words, one.url), more=one.more)
        for one in places.coming_up(person)
    ]
    return [Card(title=text("Coming up"), body=tuple(lines))] if lines else []


def _rooms(installation: Installation, person: Person) -> list[Block]:
    """The channels of the rooms in which this person has a seat; Slack writes their names."""
    mine = Channel.open().filter(
        installation=installation, room__seats__person=person, room__archived_at=None
    )
    ids = list(
        mine.exclude(channel_id="").order_by("room__slug").values_list("channel_id", flat=True)[:ROOMS]
    )
    if not ids:
        return []
    return [{"type": "section", "text": _mrkdwn("*Your rooms*\n" + " · ".join(f"<#{one}>" for one in ids))}]


def _drawn(installation: Installation, cards: list[Card]) -> list[Block]:
    names, base = Known(installation), settings.PUBLIC_URL
    drawn = (card_blocks(card, names=names, base=base, ident=f"home-{n}") for n, card in enumerate(cards))
    return [block for blocks in drawn for block in blocks]


def _mrkdwn(words: str) -> Block:
    return {"type": "mrkdwn", "text": words}
