"""Slash commands and buttons: the same commands as everywhere, asked for from Slack."""

from __future__ import annotations

import logging
import re
import zlib
from typing import Any

from django.conf import settings
from django.db import transaction

from fireside.hearth import slips
from fireside.hearth.cards import Button, Card, dump, load, text
from fireside.hearth.commands import Ask, Command, Missing, Outcome, Sorry, book, perform
from fireside.hearth.messages import Message
from fireside.hearth.rooms import Room
from fireside.hearth.slips import Slipped
from fireside.slack import blocks, home, inbox, making, modals, outbox
from fireside.slack.account import Account
from fireside.slack.calls import Refused, call, tell
from fireside.slack.channel import Channel
from fireside.slack.fit import Block, fit, size
from fireside.slack.heard import resolve
from fireside.slack.inbox import Arrival
from fireside.slack.installation import Installation
from fireside.slack.mrkdwn import to_slack
from fireside.slack.names import Known
from fireside.slack.post import Post
from fireside.slack.spelling import spelled

ALL = "/fireside"
HEAD_START = 0.06  # seconds in which others hear of it, before we turn to making a channel for it
CHANNEL = re.compile(r"<#(\w+)")  # how Slack writes a channel that was named
log = logging.getLogger(__name__)
STRANGER = "Commands are for the people of this organisation. What you say here is heard all the same."
CARRIED = 1000  # units of words that a button carries for sure
UNREAD = "Slack does not say just now who you are. You could try once more in a minute."


def command(arrival: Arrival) -> None:
    """A slash command: `/fireside verb words`, or the verb by itself."""
    body, installation = arrival.body, arrival.installation
    account = Account.meet(installation, body["user_id"])
    channel = Channel.heard(installation, body["channel_id"])
    words = resolve(
        str(body.get("text") or ""), Known(installation, room=channel.room if channel else None)
    ).strip()
    verb = str(body["command"]).lstrip("/")
    if body["command"] == ALL:
        verb, words = (*words.split(None, 1), "", "")[:2]
        verb = verb.lstrip("/").lower() or "help"
    place = Place.of(body, account, channel)
    try:
        found = book.find(verb)
        given = place.fill(found, found.parse(words), found.parse(str(body.get("text") or "")))
    except Sorry as sorry:
        _sorry(arrival, sorry)
    else:
        ask_for(arrival, account, place, verb, given)


def button(arrival: Arrival) -> None:
    """A button on a card, under a whisper or on somebody's home."""
    body, installation = arrival.body, arrival.installation
    action = body["actions"][0]
    try:
        verb, values, asks, slug = blocks.read_button(action)
    except ValueError:  # a link, or a choice in an open form
        arrival.done()
        return
    account = Account.meet(installation, body["user"]["id"])
    container = body.get("container") or {}
    channel = Channel.heard(installation, container.get("channel_id") or "")
    post = Post.said(channel, container["message_ts"]) if channel and container.get("message_ts") else None
    place = Place.of(
        {"channel_id": container.get("channel_id", ""), "response_url": body.get("response_url", ""),
         "trigger_id": body["trigger_id"]},
        account, channel, message=post.message if post else None, slug=slug,
    )  # fmt: skip
    if asks:
        open_form(arrival, account, place, verb, values)
        return
    ask_for(arrival, account, place, verb, values)
    if home.is_home(body):
        home.again(installation, account.user_id)


def _closed(room: Room, account: Account) -> bool:
    """Does it take a seat to enter it? Slack has let them into its channel, or they could not ask there."""
    return account.person.is_active and (room.private or account.person.is_guest)


def open_form(arrival: Arrival, account: Account, place: Place, verb: str, given: dict[str, str]) -> None:
    """Show the form of a command, or say that an old card or menu names what is gone."""
    try:
        _met(account)
        book.find(verb).allow(account.person)  # before a form is shown for nothing
        modals.open_form(arrival.installation, place, verb, given, account=account)
    except Sorry as sorry:
        _sorry(arrival, sorry, place, account)
    else:
        arrival.done()


class Place:
    """Where something was asked in Slack, and how the asker can be answered."""

    def __init__(self, channel_id: str, room: Room | None, message: Message | None) -> None:
        self.channel_id = channel_id
        self.room = room
        self.message = message
        self.response_url = ""
        self.trigger_id = ""

    @classmethod
    def of(
        cls, body: dict[str, Any], account: Account, channel: Channel | None, *,
        message: Message | None = None, slug: str = "",
    ) -> Place:  # fmt: skip
        """The place in a request; who is in a private channel has a seat in its room."""
        room = channel.room if channel else None
        if slug and (room is None or room.slug != slug):
            room = Room.enterable_by(account.person).filter(slug=slug).first() or room
        elif channel is not None and room is not None and not account.silent and _closed(room, account):
            room.seat(account.person, quiet=True)
        found = cls(str(body.get("channel_id") or ""), room, message)
        found.response_url = str(body.get("response_url") or "")
        found.trigger_id = str(body.get("trigger_id") or "")
        return found

    def fill(self, found: Command, given: dict[str, str], typed: dict[str, str]) -> dict[str, str]:
        """The words of a command, with channels by their ids; the one stood in when none is named."""
        for name in (param.name for param in found.params if param.kind.name == "channel"):
            if tag := CHANNEL.search(typed.get(name, "")):
                given = {**given, name: tag[1]}
            elif self.channel_id:
                given = {name: self.channel_id, **given}
        return given


def ask_for(arrival: Arrival, account: Account, place: Place, verb: str, given: dict[str, str]) -> None:
    """Do it and remember what to tell the asker, in one transaction; missing words open the form."""
    given = dict(given)
    slip = given.pop("slip", "")
    try:
        with transaction.atomic():
            outcome = do(account, place, verb, given, key=arrival.key, slip=slip)
            arrival.done(answer_of(account, place, outcome))
    except Slipped as slipped:
        arrival.done(_told(account, place, slipped.words, dump(_choice(verb, given))))
    except Missing as missing:
        modals.open_form(arrival.installation, place, verb, missing.given, missing=missing, account=account)
        arrival.done()
    except Sorry as sorry:
        _sorry(arrival, sorry, place, account)
    else:
        if outcome.record is not None and outcome.record.home is not None:
            if outcome.message is not None and inbox.runs():
                outbox.await_it(outcome.message, HEAD_START)
            making.make_now(outcome.record.home)


def do(
    account: Account, place: Place, verb: str, given: dict[str, str], *, key: str, slip: str = ""
) -> Outcome:
    """Perform a command as this person, in the room of this place."""
    _met(account)
    asked = Ask(account.person, place.room, "slack", place.message, key[:80], slip=slip)
    return perform(asked, verb, given)


def _met(account: Account) -> None:
    """Sorry for whom this house does not know."""
    if account.silent:
        raise Sorry(UNREAD if account.unread else STRANGER)


# -- what the asker is told --------------------------------------------------------------------------------


def _choice(verb: str, given: dict[str, str]) -> Card:
    """What could be done with words that look like they hold a key; long ones only without it."""
    whole = Button("Say it anyway", verb, {**given, "slip": slips.ANYWAY})
    out = {name: slips.masked(words) for name, words in given.items()}
    buttons = (Button("Take it out and say it", verb, out, tone="main"), whole)
    fits = sum(map(size, given.values())) <= CARRIED
    return Card(title=text("What would you like?"), buttons=buttons[: 1 + fits])


def answer_of(account: Account, place: Place, outcome: Outcome) -> dict[str, Any] | None:
    """What to tell the asker alone: a whisper, or where something was said when it was said elsewhere."""
    whisper, message = outcome.whisper, outcome.message
    words, card = "", None
    if whisper is not None:
        words, card = whisper.words, whisper.card
    elif message is not None and message.room != place.room:
        words = f"It is said in #{message.room.slug}."
    elif message is None and outcome.record is None:
        words = "Done."
    elif message is None and outcome.record is not None:
        card = outcome.record.card()
    return _told(account, place, words, dump(card) if card else None) if words or card else None


def _told(account: Account, place: Place, words: str, card: dict[str, Any] | None) -> dict[str, Any]:
    return {
        "user": account.user_id, "channel": place.channel_id, "url": place.response_url, "words": words,
        "card": card, "room": place.room.slug if place.room else "",
    }  # fmt: skip


def _sorry(
    arrival: Arrival, sorry: Sorry, place: Place | None = None, account: Account | None = None
) -> None:
    body = arrival.body
    account = account or Account.meet(arrival.installation, body.get("user_id") or body["user"]["id"])
    place = place or Place.of(body, account, None)
    arrival.done(_told(account, place, sorry.words, None))


def answer(arrival: Arrival) -> None:
    """Tell the asker, once; by the address that came with the question, else in their eyes alone."""
    told = arrival.answer or {}
    whisper(arrival.installation, told)
    arrival.told()


def whisper(installation: Installation, told: dict[str, Any]) -> None:
    """Words and a card for one person's eyes. Raises Later or Unsure while they cannot be brought."""
    drawn, fall = draw(installation, told)
    if told["url"] and tell(told["url"], fall, drawn):
        return
    shown: dict[str, Any] = {"text": fall, "blocks": drawn}
    if told["channel"]:
        try:
            call(
                installation, "chat_postEphemeral", channel=told["channel"], user=told["user"],
                **shown,
            )  # fmt: skip
        except Refused as refused:  # not a member there: in their own conversation with us
            log.info("An answer goes to its asker's own conversation: %s", refused)
        else:
            return
    call(installation, "chat_postMessage", channel=told["user"], **shown)


def draw(installation: Installation, told: dict[str, Any]) -> tuple[list[Block], str]:
    """The blocks of words and a card, and the plain text of both."""
    room = Room.objects.filter(slug=told["room"]).first() if told["room"] else None
    names = Known(installation, room=room)
    said = spelled(told["words"])
    words = to_slack(said, names, settings.PUBLIC_URL)
    card = load(told["card"]) if told["card"] else None
    drawn: list[dict[str, Any]] = []
    if words:
        drawn.append({"type": "section", "text": {"type": "mrkdwn", "text": words}})
    if card is not None:
        ident = f"w{zlib.crc32(str(told['card']).encode()):x}"
        drawn += blocks.card_blocks(card, names=names, base=settings.PUBLIC_URL, ident=ident)
    link = settings.PUBLIC_URL + (card.link if card and card.link.startswith("/") else "/")
    return fit(drawn, most=50, link=link), blocks.fallback(card, said, "")
