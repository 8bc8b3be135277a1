"""A room that goes: two weeks in which it could be kept, then it is gone with all that was in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction

from fireside.hearth import audit, workflows
from fireside.hearth.batches import batches
from fireside.hearth.errors import Sorry
from fireside.hearth.files import File
from fireside.hearth.forgetting import forget_messages
from fireside.hearth.messages import Draft, Message
from fireside.hearth.people import Person
from fireside.hearth.rooms import Room
from fireside.hearth.timeline import Entry, note

GRACE = timedelta(days=14)

# What later stages say and do about a room that goes.
stories: list[Callable[[Room], str]] = []  # what it holds that everybody learns from ("the story of INC-3")
emptied: list[Callable[[Room], None]] = []  # let go what is theirs in it, in small steps


@dataclass(frozen=True, slots=True)
class Load:
    """What goes with a room."""

    messages: int
    files: int
    people: int
    story: str  # what it holds that everybody learns from, or ""

    @classmethod
    def of(cls, room: Room) -> Load:
        seats = room.seats.filter(person__deactivated_at=None).count()
        files = File.objects.filter(message__room=room).count()
        return cls(
            room.messages.count(), files, seats, next(filter(None, (told(room) for told in stories)), "")
        )

    def __str__(self) -> str:
        counted = ((self.messages, "message"), (self.files, "file"), (self.people, "seat"))
        words = [f"{many:,} {one}{'' if many == 1 else 's'}" for many, one in counted if many]
        return " and ".join(filter(None, (", ".join(words), self.story))) or "no words and no files"


def looks_after(room: Room, person: Person) -> bool:
    """Whoever made it or keeps it, and the keepers of the house."""
    mine = room.made_by_id == person.pk or room.seats.filter(person=person, keeper=True).exists()
    return mine or person.is_keeper


def leave(room: Room, *, by: Person, typed: str, with_story: bool) -> Load:
    """From now on this room is on its way out; Sorry, with what to do about it, when it may not go."""
    load = Load.of(room)
    if room.archived_at is None:
        raise Sorry(f"#{room.slug} is in use. /archive lets it rest first; then it could be deleted.")
    if typed.strip().lstrip("#").lower() != room.slug:
        raise Sorry(f"With this room go {load}. Write its name, {room.slug}, to say that you mean it.",
                    field="typed")  # fmt: skip
    if load.story and not (with_story and by.is_keeper):
        raise Sorry(
            f"This room holds {load.story}, which everybody learns from, so it stays. A keeper of the house "
            "could delete both with story: goes.",
            field="story",
        )
    with transaction.atomic():
        goes_at = workflows.now() + GRACE
        Room.objects.filter(pk=room.pk).update(goes_at=goes_at)
        room.goes_at = goes_at
        note("room.leaving", f"asked that #{room.slug} be deleted", by=by, room=room, about=room.ref)
    return load


def stay(room: Room, *, by: Person) -> None:
    """It stays after all; nothing of it has gone yet."""
    with transaction.atomic():
        if Room.objects.filter(pk=room.pk, goes_at__isnull=False).update(goes_at=None):
            note("room.staying", f"#{room.slug} stays", by=by, room=room, about=room.ref)


def let_rooms_go() -> None:
    """Those whose time has come go, one after the other; whoever dies half way goes on where it was."""
    for room in Room.objects.filter(goes_at__lte=workflows.now()).order_by("pk"):
        _go(room)


def _go(room: Room) -> None:
    asked = audit.Audit.objects.filter(verb="room.leaving", about=room.ref).first()
    for empty in emptied:
        empty(room)
    words = room.messages.filter(thread=None).order_by("pk").values_list("pk", flat=True)
    messages = batches(lambda most: list(words[:most]), forget_messages)
    told = Entry.objects.filter(room=room).order_by("pk").values_list("pk", flat=True)
    batches(lambda most: list(told[:most]), lambda found: Entry.objects.filter(pk__in=found).delete()[0])
    with transaction.atomic():
        # what was said or noted since we looked goes with the row itself
        forget_messages(list(Message.objects.filter(room=room).values_list("pk", flat=True)))
        Draft.objects.filter(place__regex=rf"^{room.ref}(:|$)").delete()
        about, by = room.ref, asked.by if asked else None
        room.delete()
        audit.write(
            "room.gone", by=by, about=about, messages=messages, asked=str(asked.number) if asked else ""
        )
