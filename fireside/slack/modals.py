"""The forms of commands, drawn as Slack's modals from what a command takes."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from fireside.hearth import errand
from fireside.hearth.cards import Card, Code, Link, dump, text
from fireside.hearth.commands import Ask, Command, Missing, Outcome, Sorry, book
from fireside.hearth.grammar import render
from fireside.hearth.rooms import Room
from fireside.hearth.slips import Slipped
from fireside.slack import fields, inbox, making
from fireside.slack.account import Account
from fireside.slack.calls import Refused, Unsure, call
from fireside.slack.fields import plain
from fireside.slack.fit import Block, cut, seen, size
from fireside.slack.inbox import Arrival
from fireside.slack.installation import Installation
from fireside.slack.memory import Memory
from fireside.slack.names import Known
from fireside.slack.spelling import spelled

if TYPE_CHECKING:
    from fireside.slack.asking import Place

TITLE, CONTEXT = 24, 2000
LINK = 1900  # characters of an address that still fits wherever we show it
TOO_LATE = {"expired_trigger_id", "exchanged_trigger_id", "invalid_trigger_id", "duplicate_external_id"}
NEEDED = "This is still needed."
LONG = "This is more than a form in Slack holds. The form on the web takes it:"
STRANGE = "Fireside does not know this form any more. You could begin anew with /fireside help."
WRONG = (
    "Something went wrong here, and nothing was changed. Your words are still here: you could try once more."
)

log = logging.getLogger(__name__)


# -- opening -------------------------------------------------------------------------------------------------


def open_form(
    installation: Installation, place: Place, verb: str, given: dict[str, str], *,
    missing: Missing | None = None, account: Account | None = None,
) -> None:  # fmt: skip
    """Show the form of a command, at once and empty, then with its fields; `account` is who asks.

    Raises what `call` raises. Whoever opens it again after that gets it filled in or is told what else to do.
    """
    command = book.find(verb)
    memory = Memory.of(place, command, given)
    opened = _opened(installation, place, _frame(command, memory, [_line("One moment…")]))
    names = Known(installation, room=place.room)
    view = form(command, given, memory, names.user, needed=missing.names if missing else ())
    try:
        call(installation, "views_update", view=view, **opened)
    except Refused as refused:
        log.info("The form of /%s did not open: %s", verb, refused)
        _tell_otherwise(installation, place, command, given, account)


def _opened(installation: Installation, place: Place, frame: Block) -> dict[str, Any]:
    """How the view is called that is open now. After a lost answer it is called by the name we gave it."""
    own_name = place.trigger_id[-255:]
    try:
        view = call(
            installation, "views_open", trigger_id=place.trigger_id, view=frame | {"external_id": own_name}
        )["view"]
    except Unsure:
        log.info("The answer to views.open was lost")
    except Refused as refused:
        if refused.code not in TOO_LATE:
            raise
    else:
        return {"view_id": view["id"], "hash": view["hash"]}
    return {"external_id": own_name}


def _tell_otherwise(
    installation: Installation, place: Place, command: Command, given: dict[str, str], account: Account | None
) -> None:
    """The three seconds in which Slack lets us open a form are over: there are other ways to say it."""
    from fireside.slack import asking

    if not place.response_url and account is None:
        return
    line = render(command.verb, given, command.slots).removeprefix("/")
    card = Card(
        title=text("Slack did not let the form open in time"),
        facts={
            "You could press once more, or type": text("{line}", line=Code(f"{asking.ALL} {line}")),
            "On the web": text("{form}", form=Link(command.title, _web_form(command, given, place))),
        },
    )
    asking.whisper(installation, {
        "user": account.user_id if account else "", "channel": place.channel_id, "url": place.response_url,
        "words": "", "card": dump(card), "room": place.room.slug if place.room else "",
    })  # fmt: skip


def _web_form(command: Command, given: dict[str, str], place: Place | None = None) -> str:
    """The address of the same form on the web, with the words as far as an address carries them."""
    url = settings.PUBLIC_URL + reverse("do", args=[command.verb])
    room = {"room": place.room.slug} if place and place.room else {}
    whole = f"{url}?{urlencode(room | given)}" if room | given else url
    return whole if len(whole) <= LINK else url


# -- drawing -------------------------------------------------------------------------------------------------


def form(
    command: Command, given: dict[str, str], memory: Memory, user: fields.User, *, wrong: str = "",
    needed: Sequence[str] = (), slipped: bool = False,
) -> Block:  # fmt: skip
    """The view of a command's form, with the words given so far; within every limit of Slack's."""
    top = [_section(wrong)] if wrong else []
    top.append(_line(spelled(command.help.splitlines()[0])))
    if needed and any(map(seen, given.values())):  # an empty form says by itself what it needs
        lacking = [fields.label(param) for param in command.params if param.name in needed]
        top.append(_line(f"Still needed: {' and '.join(lacking)}."))
    shown = [param for param in command.params if param.name not in memory.hidden]
    if sum(size(given.get(param.name, "")) for param in shown) > fields.ROOM_FOR:
        return _frame(
            command, memory, [_line(spelled(command.help)), _section(LONG), _section(_web_form(command, {}))]
        )
    inputs = [one for param in shown for one in fields.inputs(param, given.get(param.name, ""), user)]
    inputs += [fields.slip()] if slipped else []
    does = command.title if size(command.title) <= TITLE else "Go ahead"
    return _frame(command, memory, [*top, *inputs]) | {"submit": plain(does)}


def _frame(command: Command, memory: Memory, blocks: list[Block]) -> Block:
    return {
        "type": "modal", "callback_id": f"do:{command.verb}", "blocks": blocks,
        "title": plain(cut(command.title, TITLE, plain=True)), "close": plain("Not now"),
        "private_metadata": memory.written(),
    }  # fmt: skip


def _line(words: str) -> Block:
    return {"type": "context", "elements": [plain(cut(words, CONTEXT, plain=True))]}


def _section(words: str) -> Block:
    return {"type": "section", "text": plain(cut(words, CONTEXT, plain=True))}


# -- what was filled in --------------------------------------------------------------------------------------


def submitted(installation: Installation, body: dict[str, Any]) -> dict[str, Any]:
    """Do what a filled form asks for; gives Slack's answer to it: {} closes, else words stand in the form."""
    view = body["view"]
    found = _asked_for(view)
    if found is None:
        return {"response_action": "update", "view": _strange()}
    memory, command = found
    account = _account(installation, body["user"]["id"])
    given = memory.hidden | fields.typed(
        command, view["state"]["values"], lambda user: f"@{_account(installation, user).person.handle}"
    )
    names = Known(installation)
    try:
        _do(account, memory, given, view["id"], fields.chosen_slip(view["state"]["values"]))
    except Slipped as sorry:
        again = form(command, given, memory, names.user, wrong=spelled(sorry.words), slipped=True)
    except Sorry as sorry:
        beside = _beside(sorry, view)
        if beside is not None:
            return {"response_action": "errors", "errors": beside}
        again = form(command, given, memory, names.user, wrong=spelled(sorry.words))
    except Exception:
        number = errand.number()
        log.exception("What the form of /%s asks for could not be done (%s)", command.verb, number)
        again = form(command, given, memory, names.user, wrong=f"{WRONG} A keeper finds it as {number}.")
    else:
        return {}
    return {"response_action": "update", "view": again}


def _asked_for(view: dict[str, Any]) -> tuple[Memory, Command] | None:
    """What a form is about; None when it is none of ours, or from before a command went away."""
    try:
        memory = Memory.read(view)
        return memory, book.find(memory.verb)
    except (Sorry, TypeError, ValueError):
        return None


def _strange() -> Block:
    return {
        "type": "modal",
        "title": plain("Fireside"),
        "close": plain("Close"),
        "blocks": [_section(STRANGE)],
    }


def _account(installation: Installation, user_id: str) -> Account:
    """Who it is, without asking Slack when we have met: the answer to a form has three seconds."""
    return Account.known(installation, user_id) or Account.meet(installation, user_id, patience=1)


def _do(account: Account, memory: Memory, given: dict[str, str], view_id: str, slip: str) -> None:
    """Perform it once for each form that was opened, and remember what to tell the asker."""
    from fireside.slack import asking

    told = {"trigger_id": f"view:{view_id}", "user": account.user_id, "home": not memory.channel}
    with transaction.atomic():
        Account.objects.select_for_update().get(pk=account.pk)  # of two at once the second finds the first
        if Arrival.objects.filter(key=inbox.key_of("told", told)).exists():
            return
        place = memory.place(account)
        outcome = asking.do(account, place, memory.verb, given, key=f"view:{view_id}", slip=slip)
        told |= {"answer": asking.answer_of(account, place, outcome), "room": _new_room(outcome)}
        inbox.keep(account.installation, "told", told, account.user_id)


def _new_room(outcome: Outcome) -> str:
    home = outcome.record.home if outcome.record is not None else None
    return home.slug if home is not None else ""


def _beside(sorry: Sorry, view: dict[str, Any]) -> dict[str, str] | None:
    """What stands beside which field; None when it belongs to no field that is shown."""
    names = sorry.names if isinstance(sorry, Missing) else [sorry.field]
    words = NEEDED if isinstance(sorry, Missing) else spelled(sorry.words)
    shown = {block["block_id"] for block in view["blocks"] if block["type"] == "input"}
    return dict.fromkeys(names, words) if set(names) <= shown else None


def told(arrival: Arrival) -> None:
    """After a form has closed: its room gets a channel if it is to have one, and the asker hears of it."""
    from fireside.slack import home

    room = Room.objects.filter(slug=arrival.body["room"]).first() if arrival.body["room"] else None
    if room is not None:
        making.make_now(room)
    arrival.done(arrival.body["answer"])
    if arrival.body["home"]:
        home.again(arrival.installation, arrival.body["user"])


# -- what could be chosen ------------------------------------------------------------------------------------


def options(installation: Installation, body: dict[str, Any]) -> list[dict[str, Any]]:
    """What could be chosen in a field of an open form, of that alone which this person may see."""
    account = Account.known(installation, body["user"]["id"])
    if account is None or account.silent or not account.person.is_active:
        return []
    asked_for = _asked_for(body["view"])
    if asked_for is None:
        return []
    memory, command = asked_for
    params = {param.name: param for param in command.params}
    suggest = params[body["block_id"]].kind.suggest if body["block_id"] in params else None
    if suggest is None:
        return []
    room = Room.enterable_by(account.person).filter(slug=memory.room).first() if memory.room else None
    found = suggest(str(body.get("value") or ""), Ask(account.person, room, "slack"))
    fitting = [(value, words) for value, words in found if 0 < size(value) <= fields.VALUE]
    return [fields.option(value, words or value) for value, words in fitting[: fields.OPTIONS]]
