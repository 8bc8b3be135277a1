"""What happens unasked: a post-mortem opens, people are asked once, changes are looked at again."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

from django.db import transaction

from fireside.hearth import workflows
from fireside.hearth.people import Organisation
from fireside.hearth.rooms import Room
from fireside.hearth.timeline import Entry
from fireside.hearth.workflows import every, when
from fireside.incidents.models import Incident
from fireside.postmortems import drawn
from fireside.postmortems.mitigation import Mitigation
from fireside.postmortems.postmortem import Postmortem
from fireside.postmortems.publishing import celebrate, index

MOST = 200  # reminders of one morning


@when("incident.closed")
def open_postmortem(entry: Entry) -> None:
    """When an incident is closed its post-mortem opens, and who was there is asked, once, to tell."""
    incident = Incident.objects.select_related("room").filter(pk=_number(entry)).first()
    if incident is None or incident.is_open:
        return
    with transaction.atomic():
        postmortem, _ = Postmortem.open(incident, by=None)
        incident.room.say(card=drawn.asking(postmortem), key=f"{postmortem.ref}:asked")


@when(("postmortem.published", "postmortem.applauded"))
def celebrate_learning(entry: Entry) -> None:
    """What was learned is celebrated in a room of its own, and the card there shows the applause."""
    postmortem = _of(entry)
    if postmortem is not None:
        celebrate(postmortem)


@when(("mitigation.offered", "mitigation.taken_on", "mitigation.let_go"))
def keep_found(entry: Entry) -> None:
    """What is offered after a post-mortem was published is found by search too."""
    mitigation = (
        Mitigation.objects.select_related("postmortem__incident__system").filter(pk=_number(entry)).first()
    )
    if mitigation is not None:
        index(mitigation.postmortem)


@every(at="09:00", days="mon-fri")
def remind_owners() -> None:
    """When a change was meant to be in place its owner is reminded on their home page, one time only."""
    due = Mitigation.objects.filter(
        done_at=None, let_go_at=None, owner__isnull=False, nudged_at=None, due__lte=_today()
    )
    due.update(nudged_at=workflows.now())


@every(at="09:30", days="mon-fri")
def ask_for_effects() -> None:
    """A month after a change was due, the team that looks after the system is asked whether it helped."""
    waiting = Mitigation.objects.filter(
        effect_on__lte=_today(), done_at__isnull=False, effect="", effect_asked_at=None
    )
    known = waiting.select_related("postmortem__incident__room", "postmortem__incident__system__room")
    for mitigation in known.order_by("pk")[:MOST]:
        with transaction.atomic():
            card = drawn.effect(mitigation.postmortem, mitigation.name, mitigation.what)
            _team_room(mitigation.postmortem).say(card=card, key=f"{mitigation.ref}:effect")
            Mitigation.objects.filter(pk=mitigation.pk).update(effect_asked_at=workflows.now())


def _team_room(postmortem: Postmortem) -> Room:
    """Where the owners of the system talk; what is private is asked where it happened."""
    system = postmortem.incident.system
    if postmortem.home.private or system is None or system.room is None or system.room.archived_at:
        return postmortem.home
    return system.room


def _of(entry: Entry) -> Postmortem | None:
    known = Postmortem.objects.select_related("incident__room", "celebrated__room")
    return known.filter(pk=_number(entry)).first()


def _number(entry: Entry) -> int:
    """The record an entry is about: 12 from "incident:12"."""
    return int(entry.about.rpartition(":")[2])


def _today() -> date:
    org = Organisation.current()
    return workflows.now().astimezone(ZoneInfo(org.zone if org else "UTC")).date()
