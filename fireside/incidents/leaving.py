"""What becomes of an incident when its room goes: a keeper has said that both go."""

from __future__ import annotations

from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Greatest

from fireside.alerts.models import Group
from fireside.hearth import leaving_rooms, namesakes, yours
from fireside.hearth.forgetting import forget_messages
from fireside.hearth.messages import Message
from fireside.hearth.rooms import Room
from fireside.hearth.timeline import Cursor, Entry
from fireside.incidents.asked import Question, Update
from fireside.incidents.board import Attempt, Decision
from fireside.incidents.calls import Call
from fireside.incidents.incident import NUMBERS, Incident


def take() -> None:
    leaving_rooms.stories.append(_story)
    leaving_rooms.emptied.append(_leave)
    namesakes.sentences |= {"incident.led", "incident.shadowed"}
    yours.kinds |= {
        "decisions": lambda person: Decision.objects.filter(by=person),
        "attempts": lambda person: Attempt.objects.filter(by=person),
        "questions": lambda person: Question.objects.filter(by=person),
        "updates": lambda person: Update.objects.filter(by=person),
        "calls-for-help": lambda person: Call.objects.filter(by=person),
    }


def _story(room: Room) -> str:
    found = Incident.objects.filter(room=room).first()
    return f"the story of {found.name}" if found else ""


def _leave(room: Room) -> None:
    """The incident, its cards in other rooms and its timeline; its number is never given again."""
    with transaction.atomic():
        incident = Incident.objects.select_for_update().filter(room=room).first()
        if incident is None:
            return
        Cursor.objects.get_or_create(name=NUMBERS)
        Cursor.objects.filter(name=NUMBERS).update(entry=Greatest(F("entry"), incident.number))
        cards = Message.objects.filter(key__startswith=f"{incident.ref}:").exclude(room=room)
        forget_messages(list(cards.values_list("pk", flat=True)))
        Group.objects.filter(incident=incident.ref).update(incident="")
        Entry.objects.filter(Q(story=incident.ref) | Q(about=incident.ref)).delete()
        Room.objects.filter(pk=room.pk).update(story="")
        incident.delete()
