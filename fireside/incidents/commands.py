"""What people do about an incident as a whole: open it, lead it, say how far it is, close it."""

from __future__ import annotations

from typing import Any

from fireside.alerts.models import Group
from fireside.hearth.commands import Answer, Ask, Said, Whisper, command
from fireside.hearth.errors import Sorry
from fireside.hearth.kinds import Line, Words
from fireside.hearth.people import Person, Role
from fireside.incidents import drawn
from fireside.incidents.kinds import When, YesNo
from fireside.incidents.models import Incident, Severity, Shadow
from fireside.systems.models import System

IN_TROUBLE = ("incident",)


@command(
    "/incident",
    example="/incident customers cannot pay severity: customers began: 9:05",
    title="Open an incident",
    where=("team",),
)
def incident(
    ask: Ask,
    what: Line,
    severity: Severity = Severity.UNSURE,
    *,
    alert: Group | None = None,
    system: System | None = None,
    private: YesNo | None = None,
    began: When | None = None,
    over: YesNo = False,
) -> Answer:
    """Open an incident with a room of its own. If somebody just opened the same one here, you join it.

    Say `over: yes` to write down something that has passed already.
    """
    if same := Incident.same(what, origin=ask.room, person=ask.person):
        same.room.seat(ask.person)
        return Whisper(f"Somebody opened this a moment ago. You are in {same.room} now.", card=same.card())
    hidden = _hidden(ask, alert) if private is None else private
    known: dict[str, Any] = {"severity": severity, "origin": ask.room, "group": alert, "system": system}
    if alert is not None:
        known |= {"system": system or alert.system, "noticed_at": alert.opened_at, "summary": alert.impact}
    known |= {"noticed_at": began or known.get("noticed_at")}
    opened = Incident.open(what, by=ask.person, at=ask.at, private=hidden, over=over, **known)
    _bring_in(opened, ask)
    drawn.announce(opened, by=ask.person)
    _tell_alert(opened, alert)
    return Said(opened, opened.room, f"{opened.room} is open, and you are in it.")


def _hidden(ask: Ask, alert: Group | None) -> bool:
    """What begins in a private room stays private unless somebody says otherwise."""
    return any(room.private for room in (ask.room, alert.room if alert else None) if room is not None)


def _bring_in(opened: Incident, ask: Ask) -> None:
    """A private incident takes the people of the private room along where it began, and no guests."""
    if opened.private and ask.room is not None and ask.room.private:
        for seat in ask.room.seats.filter(person__guest_since=None).select_related("person"):
            opened.room.seat(seat.person, by=ask.person)


def _tell_alert(opened: Incident, alert: Group | None) -> None:
    """The alert's card names the incident, when everybody may see it."""
    if alert is not None and not opened.private:
        alert.incident = opened.ref
        alert.save(update_fields=["incident"])
        alert.redraw(trace=f"{opened.name} is open: {opened.title}")


@command("/lead", example="/lead @ana", title="Lead, or hand over", where=IN_TROUBLE)
def lead(ask: Ask, person: Person | None = None) -> str:
    """Take the lead, or hand it to somebody. Whoever leads asks the questions; anybody can."""
    here = Incident.open_in(ask.where())
    before, leads = here.lead, person or ask.person
    here.hand_lead(leads, by=ask.person, at=ask.at)
    if before is None:
        return f"{leads.name} leads from here. /questions has the right ones for this minute."
    return f"{leads.name} leads from here. Thank you, {before.name}."


@command("/severity", example="/severity customers", title="How bad it is", where=IN_TROUBLE, role=Role.GUEST)
def severity(ask: Ask, severity: Severity) -> str:
    """Say who feels it: customers, some customers, only we, or not sure yet."""
    Incident.open_in(ask.where()).grade(severity, by=ask.person, at=ask.at)
    return f"How bad it is: {severity.label}."


@command(
    "/customers-see",
    example="/customers-see a refused payment, and the basket is empty",
    title="What customers see",
    where=IN_TROUBLE,
    role=Role.GUEST,
)
def customers_see(ask: Ask, words: Words) -> str:
    """Say what customers see, in their words. It stands on every card of this incident."""
    Incident.open_in(ask.where()).describe(words, by=ask.person, at=ask.at)
    return f"What customers see: {words}"


@command("/working", example="/working", title="Being worked on", where=IN_TROUBLE, role=Role.GUEST)
def working(ask: Ask) -> str:
    """Say that somebody has begun to work on it."""
    Incident.open_in(ask.where()).work(by=ask.person, at=ask.at)
    return "This is being worked on."


@command("/eased", example="/eased", title="It has eased", where=IN_TROUBLE, role=Role.GUEST)
def eased(ask: Ask) -> str:
    """Say that it hurts less now, even if it is not over."""
    Incident.open_in(ask.where()).ease(by=ask.person, at=ask.at)
    return "It has eased."


@command("/normal", example="/normal", title="Back to normal", where=IN_TROUBLE, role=Role.GUEST)
def normal(ask: Ask) -> str:
    """Say that customers are back to normal. The room stays open until you close it."""
    Incident.open_in(ask.where()).normal(by=ask.person, at=ask.at)
    return "Back to normal. When all is told, /close ends the incident."


@command("/close", example="/close", title="Close the incident", where=IN_TROUBLE)
def close(ask: Ask) -> str:
    """Close the incident. The room stays readable, and what happened can be looked back on in peace."""
    here = Incident.open_in(ask.where())
    here.close(by=ask.person, at=ask.at)
    drawn.pin(here, by=ask.person, on=False)
    return f"{here.name} is closed. Thank you, all of you."


@command("/reopen", example="/reopen", title="Open it again", where=IN_TROUBLE)
def reopen(ask: Ask) -> str:
    """Open an incident again that came back or was closed too early."""
    here = Incident.of(ask.where())
    here.reopen(by=ask.person, at=ask.at)
    drawn.pin(here, by=ask.person)
    return f"{here.name} is open again."


@command("/shadow", example="/shadow INC-12", title="Watch and learn", where=IN_TROUBLE, role=Role.GUEST)
def shadow(ask: Ask, incident: Incident | None = None) -> Whisper:
    """Walk along to watch and learn. Nobody expects anything of you, and questions are welcome after."""
    here = incident or Incident.open_in(ask.where())
    if not here.is_open:
        raise Sorry(f"{here.name} is closed. Its page tells all that happened: {here.get_absolute_url()}")
    Shadow.join(here, ask.person)
    return Whisper(f"You have a seat in {here.room}, to watch and learn.")
