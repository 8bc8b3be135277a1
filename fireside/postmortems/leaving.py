"""What becomes of post-mortems and tellings when a room goes, or a person."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Q

from fireside.hearth import leaving_people, leaving_rooms, namesakes, yours
from fireside.hearth.forgetting import forget_messages
from fireside.hearth.messages import Draft, Message
from fireside.hearth.people import Person
from fireside.hearth.rooms import Room
from fireside.hearth.timeline import Entry
from fireside.postmortems.models import Factor, Mitigation, Moment, Postmortem, Telling, Wording
from fireside.postmortems.publishing import index


def take() -> None:
    leaving_rooms.emptied.insert(0, _leave_room)  # before the incident, with which its post-mortem goes
    leaving_people.emptied.append(_leave_person)
    namesakes.sentences |= {f"postmortem.{verb}" for verb in ("shared_out", "told", "read", "reading_asked")}
    yours.kinds |= {
        "tellings": Telling.all_of,
        "moments": lambda person: Moment.objects.filter(telling__person=person),
        "wordings": lambda person: Wording.objects.filter(by=person),
        "factors": lambda person: Factor.objects.filter(by=person),
        "mitigations": lambda person: Mitigation.objects.filter(owner=person),
    }


def _leave_room(room: Room) -> None:
    """The post-mortem's cards in other rooms, and the words somebody has begun; the rest goes by itself."""
    with transaction.atomic():
        found = Postmortem.objects.filter(incident__room=room).first()
        if found is None:
            return
        cards = Message.objects.filter(Q(key__startswith=f"{found.ref}:") | Q(pk=found.celebrated_id))
        forget_messages(list(cards.exclude(room=room).values_list("pk", flat=True)))
        Draft.objects.filter(place__startswith=f"{found.ref}:").delete()
        Entry.objects.filter(Q(story=found.ref) | Q(about=found.ref)).delete()


def _leave_person(person: Person) -> None:
    """What they told nobody goes; what they shared goes when their words go."""
    told = Telling.all_of(person).select_related("postmortem__incident__room", "message")
    for telling in told if person.words_go else told.filter(shared_at=None):
        with transaction.atomic():
            if telling.message is not None:
                telling.message.delete_words(by=telling.message.author)
            telling.delete()
            index(telling.postmortem)
