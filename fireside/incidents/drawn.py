"""How an incident shows itself: the head of its room, its headline elsewhere, and its calls for help."""

from __future__ import annotations

from collections.abc import Iterable

from fireside.hearth.cards import Button, Card, Link, Mention, Moment, Part, Text, Tone, text
from fireside.hearth.messages import Message
from fireside.hearth.people import Person
from fireside.hearth.rooms import house_room
from fireside.incidents.models import Attempt, Call, Incident

HEADLINES = "incidents"  # the room where every open incident has its headline
CALLS = "calls-for-help"
FEW = 3


def head(incident: Incident) -> Card:
    """The card on top of the incident's own room."""
    here = {"incident": incident.name}
    buttons = [
        Button("I lead", "lead", icon="flag")
        if incident.lead is None
        else Button("Hand over the lead", "lead", ask=True),
        Button("Post an update", "update", icon="megaphone", ask=True),
        Button("Call for help", "call", tone="hot", icon="life-buoy", ask=True),
    ]
    buttons.append(Button("I can help", "coming", here, icon="hand-helping"))
    return _card(incident, _facts(incident) | _later(incident), buttons)


def headline(incident: Incident) -> Card:
    """The card in #incidents and in the room where it began."""
    here = {"incident": incident.name}
    return _card(incident, _facts(incident), [Button("I can help", "coming", here, icon="hand-helping")])


def _card(incident: Incident, facts: dict[str, Text], buttons: Iterable[Button]) -> Card:
    return Card(
        title=text("{title}", title=incident.title),
        kind="incident",
        tone=tone(incident),
        icon="siren",
        tag=incident.get_severity_display(),
        above=text(
            "{name} in {room}, {state}",
            name=incident.name, state=incident.state,
            room=Link(str(incident.room), incident.room.get_absolute_url()),
        ),
        body=(text("{seen}", seen=incident.summary),) if incident.summary else (),
        facts=facts,
        buttons=tuple(buttons) if incident.is_open else (),
        link=incident.get_absolute_url(),
    )  # fmt: skip


def tone(incident: Incident) -> Tone:
    if incident.is_hot:
        return "hot"
    return "look" if incident.is_open and not incident.normal_at else "ok"


def _facts(incident: Incident) -> dict[str, Text]:
    """Who leads and who does what: all that a headline needs."""
    facts = {"Lead": text("{who}", who=face(incident.lead) if incident.lead else "nobody yet")}
    newest = list(
        incident.attempts.filter(kind=Attempt.Kind.DOING).select_related("by").order_by("-pk")[:FEW]
    )
    if newest and incident.is_open:
        facts["Doing"] = listed([attempt.what for attempt in newest])
    return facts


def _later(incident: Incident) -> dict[str, Text]:
    """What its own room also shows: the newest decision, and when the next update is due."""
    facts = {}
    if decision := incident.decisions.filter(back_at=None).order_by("-pk").first():
        facts["Decided"] = text("{decision}", decision=str(decision))
    if incident.next_due_at and incident.is_open:
        facts["Next update"] = text("{at}", at=Moment(incident.next_due_at.isoformat()))
    return facts


def call_for_help(call: Call) -> Card:
    """What somebody needs, with all that is known so far, and who is coming."""
    incident = call.incident
    known = list(incident.attempts.order_by("-pk")[:30])
    tried = [str(attempt) for attempt in known if attempt.kind == Attempt.Kind.DONE][:FEW]
    not_it = [str(attempt) for attempt in known if attempt.kind == Attempt.Kind.RULED_OUT][:FEW]
    coming = [str(person) for person in call.comings.select_related("by", "incident")]
    facts = {
        "In": text("{incident}", incident=Link(str(incident), incident.get_absolute_url())),
        "What customers see": text("{seen}", seen=incident.summary) if incident.summary else None,
        "Done so far": listed(tried) if tried else None,
        "Ruled out": listed(not_it) if not_it else None,
        "On the way": listed(coming) if coming else text("Nobody yet"),
    }
    values = {"call": str(call.pk)}
    return Card(
        title=text("{need}", need=call.need),
        kind="call",
        tone="hot" if not coming and incident.is_open else "ok",
        icon="life-buoy",
        above=text("{who} calls for help", who=face(call.by)),
        facts={name: words for name, words in facts.items() if words},
        buttons=(Button("I can help", "coming", values, "main", "hand-helping"),) if incident.is_open else (),
        link=call.get_absolute_url(),
    )


def face(person: Person | None) -> Part:
    return Mention(person.handle, person.name) if person else "Someone"


def listed(lines: list[str]) -> Text:
    """A few lines in one fact, divided by a middle dot."""
    return text("{lines}", lines=" · ".join(lines))


# -- where the cards stand -----------------------------------------------------------------------------------


def announce(incident: Incident, *, by: Person) -> None:
    """Tell it where it began and in #incidents; a private incident is told nowhere else."""
    if incident.private:
        return
    rooms = {"headline": house_room(HEADLINES, "What is being worked on now, newest last.")}
    if incident.origin is not None and incident.origin != rooms["headline"]:
        rooms["origin"] = incident.origin
    for place, room in rooms.items():
        room.say(card=headline(incident), by=by, key=_key(incident, place), at=incident.opened_at)
    pin(incident, by=by)


def pin(incident: Incident, *, by: Person, on: bool = True) -> None:
    """The headline stays on top of #incidents while it is open."""
    if message := Message.objects.select_related("room").filter(key=_key(incident, "headline")).first():
        message.pin(by=by, on=on)


def redraw(incident: Incident) -> None:
    first = incident.room.messages.order_by("pk").first()
    if first is not None and first.card:
        first.redraw(head(incident))
    keys = [_key(incident, place) for place in ("headline", "origin")]
    for message in Message.objects.select_related("room", "author").filter(key__in=keys, deleted_at=None):
        message.redraw(headline(incident))


def _key(incident: Incident, place: str) -> str:
    return f"{incident.ref}:{place}"
