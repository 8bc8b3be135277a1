"""What people do about what is connected: look at it, connect it, keep it, take it away."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import TextChoices

from fireside.hearth.cards import Card, text
from fireside.hearth.commands import Answer, Ask, Whisper, command
from fireside.hearth.errors import Sorry
from fireside.hearth.kinds import Line
from fireside.hearth.people import Person, Role
from fireside.hearth.rooms import Room
from fireside.keys import cards, importing, ours, saying
from fireside.keys.kinds import Csv, Scopes
from fireside.keys.meanings import Meaning, explain
from fireside.keys.models import LOOK_AGAIN, Holder
from fireside.keys.pasted import no_secrets


class Decided(TextChoices):
    NO = "no", "not yet, show me what it may do"
    YES = "yes", "yes"


class Yes(TextChoices):
    NO = "no", "no"
    YES = "yes", "yes"


@command("/keys", example="/keys", title="What holds the keys", shows=True)
def keys(ask: Ask) -> Whisper:
    """Show what is connected and what it may do: in a room what reaches it, elsewhere everything."""
    if ask.room is not None:
        here, others = saying.reaching(ask.room)
        rows = [(one.name, one.may, one.url) for one in here]
        more = text("{others} more reach the whole house.", others=others) if others else None
        title = text("What is connected to {room}, and what it may do", room=str(ask.room))
        return Whisper(card=cards.listed(title, rows or NOTHING, f"/keys/?room={ask.room.slug}", more))
    living = ours.in_order(Holder.seen_by(ask.person).filter(ended_at=None))
    rows = [(one.name, saying.in_short(one), one.get_absolute_url()) for one in living]
    more = text("And {more} more.", more=len(rows) - cards.LISTED) if len(rows) > cards.LISTED else None
    return Whisper(
        card=cards.listed(text("What holds the keys to our rooms"), rows or NOTHING, "/keys/", more)
    )


NOTHING = [("Nothing", "is connected here that anybody told of.", "")]


@command("/scopes", example="/scopes channels:history, chat:write", title="What scopes allow", shows=True)
def scopes(ask: Ask, scopes: Scopes) -> Whisper:
    """Say in plain words what scopes, a Slack manifest or the permissions of a GitHub app allow."""
    return Whisper(
        card=Card(
            title=text("What that allows, what reaches furthest first"), icon="shield", kind="holder",
            body=tuple(cards.lines(explain(scopes))),
        )
    )  # fmt: skip


@command(
    "/connect",
    example="/connect Datadog what-for: pictures of our graphs scopes: chat:write, files:write keeper: @bo",
    title="Before you connect something",
)
def connect(
    ask: Ask,
    name: Line,
    what_for: Line,
    scopes: Scopes | None = None,
    may: Line = "",
    keeper: Person | None = None,
    less: Line = "",
    look_again: dt.date | None = None,
    take_away: Line = "",
    vendor: Line = "",
    kind: Holder.Kind = Holder.Kind.APP,
    room: Room | None = None,
    everywhere: Yes = Yes.NO,
    decided: Decided = Decided.NO,
) -> Answer:
    """See in plain words what something may do before you connect it; decided: yes writes it down openly.

    The same name again says more about it. In a room it is about that room, unless everywhere: yes.
    """
    _not_over(look_again)
    no_secrets(" ".join((name, what_for, may, less, take_away, vendor)))
    where = None if everywhere == Yes.YES else (room or ask.room)
    told: dict[str, Any] = {
        "why": what_for, "may": may, "less": less, "vendor": vendor[:80],
        "way_out": take_away, "kind": kind.value, "keeper": keeper, "room": where,
    }  # fmt: skip
    if decided == Decided.NO:
        given = {
            "name": name, "what_for": what_for, "scopes": ", ".join(scopes or []), "may": may, "less": less,
            "keeper": f"@{(keeper or ask.person).handle}", "take_away": take_away, "vendor": vendor,
            "look_again": look_again.isoformat() if look_again else "", "kind": kind.value,
            "room": room.slug if room else "", "everywhere": everywhere.value,
        }  # fmt: skip
        return Whisper(card=_before(name, explain(scopes or []), given))
    known = _same(ask, name, where)
    if known is None:
        told["keeper"] = keeper or ask.person
        return Holder.connect(name, by=ask.person, review_by=look_again, scopes=scopes or [], **told)
    told |= {"review_by": look_again, "kind": kind.value if kind != Holder.Kind.APP else ""}
    known.describe(by=ask.person, scopes=scopes, **{key: value for key, value in told.items() if value})
    return known


def _before(name: str, meanings: list[Meaning], given: dict[str, str]) -> Card:
    answers = {
        "What is it for?": given["what_for"], "Who keeps it?": given["keeper"],
        "Could it do with less?": given["less"],
        "When do we look again?": given["look_again"] or "in three months",
        "How do we take it away?": given["take_away"],
    }  # fmt: skip
    return cards.before(name, meanings, answers, {key: words for key, words in given.items() if words})


def _same(ask: Ask, name: str, where: Room | None) -> Holder | None:
    """What is connected under this name already, in the same place."""
    found = Holder.seen_by(ask.person).filter(name__iexact=name.strip(), ended_at=None, room=where)
    one = found.first()
    if one is not None and one.ours:
        raise Sorry(f"Fireside itself tells what {one.name} may do. Another name would do.", field="name")
    return one


@command("/keep-key", example="/keep-key Datadog", title="Keep a key")
def keep_key(ask: Ask, holder: Holder, who: Person | None = None) -> Answer:
    """Say that you look after something that is connected from now on, or who does."""
    holder.keep(who or ask.person, by=ask.person)
    if ask.room is None or ask.room != holder.room:
        return Whisper(f"{(who or ask.person).name} keeps {holder.name} from now on.")
    return holder


@command("/reviewed", example="/reviewed Datadog again: 2027-03-01", title="We looked at it")
def reviewed(ask: Ask, holder: Holder, again: dt.date | None = None) -> Whisper:
    """Say that you looked at what it may do and it is as it was meant; we look again in three months."""
    _not_over(again)
    until = again or cards.today() + LOOK_AGAIN
    holder.reviewed(until, by=ask.person)
    return Whisper(f"Thank you. The next look at {holder.name} is on {until:%-d %B %Y}.")


@command("/look-later", example="/look-later Datadog", title="Not now")
def look_later(ask: Ask, holder: Holder) -> Whisper:
    """Say that now is not the time to look at it. Nobody is asked about it for two weeks."""
    until = holder.not_now(by=ask.person)
    return Whisper(f"All right. Nobody is asked about {holder.name} before {until:%-d %B}.")


@command("/disconnect", example="/disconnect Datadog done: yes", title="Disconnect something")
def disconnect(ask: Ask, holder: Holder, done: Yes = Yes.NO) -> Answer:
    """See how to take something away; done: yes says that it is gone."""
    if holder.ours:
        raise Sorry(f"{holder.name} is looked after where it was made. {holder.way_out}".strip())
    if done == Yes.NO:
        return Whisper(card=ours.way_out(holder))
    holder.end(by=ask.person)
    return (
        holder if ask.room else Whisper(f"{holder.name} is no longer connected. What was known of it stays.")
    )


@command(
    "/import-keys",
    example="/import-keys csv: app_id,app_type,scope",
    title="Bring in a list of apps",
    role=Role.KEEPER,
)
def import_keys(ask: Ask, csv: Csv, sure: Yes = Yes.NO) -> Whisper:
    """Read a list of what is connected in Slack, as CSV; sure: yes brings it in. Keepers can do this."""
    plan = importing.plan(csv)
    if sure == Yes.NO:
        return Whisper(f"{plan}\n\nNothing is written yet; sure: yes brings it in.")
    importing.bring_in(plan, by=ask.person)
    return Whisper(f"Brought in. {plan}")


def _not_over(day: dt.date | None) -> None:
    if day is not None and day < cards.today():
        raise Sorry("That day is over. When do we look again? For example: in 12 weeks.", field="look_again")
