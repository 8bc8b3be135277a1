"""What happens unasked around an incident: people are brought together, and asked kindly, once."""

from __future__ import annotations

from datetime import timedelta

from fireside.hearth.cards import Button, Card, text
from fireside.hearth.people import Person, Team
from fireside.hearth.timeline import Entry
from fireside.hearth.workflows import every, now, when
from fireside.incidents.models import Call, Incident

NO_LEAD = timedelta(minutes=5)
NO_HELP = timedelta(minutes=10)
FORGOTTEN = timedelta(hours=12)  # an update that is this late is no longer waited for
MOST = 12  # people named in one line


@when("incident.opened")
def gather_round(entry: Entry) -> None:
    """Keep the head of the room on top, and let the team that looks after it know by name."""
    incident = _incident(entry)
    if incident is None:
        return
    first = incident.room.messages.order_by("pk").first()
    if first is not None and first.card and first.pinned_at is None and incident.opened_by:
        first.pin(by=incident.opened_by)
    people = _owners(incident)
    if people and not incident.private and not incident.normal_at:
        names = " ".join(f"@{person.handle}" for person in people)
        words = f"{names} this is about something you look after. Come in if you can, or tell us who could."
        incident.room.say(words, key=f"{incident.ref}:owners")


@when("incident.opened", after=NO_LEAD, unless=lambda entry: _is_led(entry))
def ask_who_leads(entry: Entry) -> None:
    """Ask the room who leads when nobody does after five minutes."""
    if incident := _incident(entry):
        card = Card(
            title=text("Who asks the questions?"), kind="lead", icon="flag",
            body=(text("Nobody leads yet. A lead need not know the answers, only ask and keep the thread."),),
            buttons=(Button("I lead", "lead", tone="main", icon="flag"),),
        )  # fmt: skip
        incident.room.say(card=card, key=f"{incident.ref}:who-leads")


@when("call.made", after=NO_HELP, unless=lambda entry: _is_heard(entry))
def call_again(entry: Entry) -> None:
    """Say a call for help once more when nobody came within ten minutes."""
    call = _call(entry)
    if call is not None and call.message is not None:
        words = (
            "Nobody yet, and they are still stuck. Half an idea helps too, and so does sitting beside them."
        )
        call.message.room.say(words, card=call.card(), key=call.key("again"))


@every(minutes=1)
def remind_of_update() -> None:
    """Remind the room once when the next update that was promised is due."""
    moment = now()
    waited_for = Incident.objects.filter(next_due_at__lte=moment, next_due_at__gt=moment - FORGOTTEN)
    for incident in waited_for.filter(closed_at=None).select_related("room", "lead"):
        name = f"@{incident.lead.handle}, the" if incident.lead else "The"
        words = f"{name} next update is due about now. “Nothing new yet” is an update too: /update"
        incident.room.say(words, key=f"{incident.ref}:due:{incident.next_due_at:%Y%m%d%H%M%S}")


def _owners(incident: Incident) -> list[Person]:
    """The people who look after it and have no seat yet."""
    team: Team | None = incident.system.team if incident.system else None
    if team is None and incident.group is not None:
        team = incident.group.room.team
    if team is None:
        return []
    seated = incident.room.seats.values("person")
    return list(team.members.filter(deactivated_at=None).exclude(pk__in=seated)[:MOST])


def _incident(entry: Entry) -> Incident | None:
    known = Incident.objects.select_related("room", "lead", "opened_by", "system__team", "group__room__team")
    return known.filter(pk=_pk(entry)).first()


def _is_led(entry: Entry) -> bool:
    incident = _incident(entry)
    return incident is None or incident.lead is not None or not incident.is_hot


def _call(entry: Entry) -> Call | None:
    return Call.objects.select_related("incident__room", "message__room", "by").filter(pk=_pk(entry)).first()


def _is_heard(entry: Entry) -> bool:
    call = _call(entry)
    return call is None or call.answered_at is not None or not call.incident.is_open


def _pk(entry: Entry) -> int:
    return int(entry.about.rpartition(":")[2])
