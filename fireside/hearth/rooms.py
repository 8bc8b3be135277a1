"""Where: rooms, and the seats people have in them. `room.say` is the only way words enter a room."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from django.db import IntegrityError, models, transaction
from django.urls import reverse
from django.utils import timezone

from fireside.hearth.cards import Card, dump
from fireside.hearth.errors import NotYours, Sorry
from fireside.hearth.grammar import clean
from fireside.hearth.order import in_turn
from fireside.hearth.people import Person, Team
from fireside.hearth.timeline import note

if TYPE_CHECKING:
    from fireside.hearth.messages import Message

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")
LONGEST = 20_000  # characters in one message

T = TypeVar("T", bound=models.Model)


class Room(models.Model):
    """A place with a name and a purpose, where words stay."""

    class Purpose(models.TextChoices):
        TEAM = "team", "a team at work"
        INCIDENT = "incident", "trouble being put right"
        CALLS = "calls", "calls for help"
        CELEBRATE = "celebrate", "what we learned and shipped"
        TIL = "til", "today I learned"
        THANKS = "thanks", "thanks"
        GUILD = "guild", "a craft"
        READINGS = "readings", "good reads"
        CULTURE = "culture", "how we work together"
        PRACTICE = "practice", "practice"
        OTHER = "other", "anything else"

    slug = models.SlugField(max_length=60, unique=True)
    purpose = models.CharField(max_length=12, choices=Purpose.choices, default=Purpose.OTHER)
    about = models.CharField(max_length=250, blank=True, default="")
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.SET_NULL, related_name="rooms")
    private = models.BooleanField(default=False)
    story = models.CharField(max_length=60, blank=True, default="", db_index=True)
    made_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)
    archived_at = models.DateTimeField(null=True, blank=True)
    goes_at = models.DateTimeField(null=True, blank=True)  # when it is deleted, unless somebody keeps it
    last_message = models.BigIntegerField(default=0)  # so that unread rooms cost one query

    class Meta:
        ordering: ClassVar = ["slug"]

    def __str__(self) -> str:
        return f"#{self.slug}"

    @property
    def name(self) -> str:
        return self.slug

    @property
    def ref(self) -> str:
        return f"room:{self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("room", args=[self.slug])

    # -- who may be here ---------------------------------------------------------------------------------

    @classmethod
    def enterable_by(cls, person: Person) -> models.QuerySet[Room]:
        """The one rule of sight: open rooms are the house's, private ones belong to those with a seat.

        To a guest every room without a seat of theirs is as closed as a private one; a key may be for some.
        """
        seated = models.Q(pk__in=Seat.objects.filter(person=person).values("room"))
        rooms = cls.objects.filter(seated if person.is_guest else models.Q(private=False) | seated)
        return rooms if person.within is None else rooms.filter(pk__in=person.within)

    def may_enter(self, person: Person) -> bool:
        if not person.is_active or (person.within is not None and self.pk not in person.within):
            return False
        free = not self.private and not person.is_guest
        return free or self.seats.filter(person=person).exists()

    @classmethod
    def named(cls, words: str, *, person: Person) -> Room:
        """The room called `words` that this person may enter; a private one is not there for others."""
        slug = words.strip().lstrip("#").lower()
        room = cls.enterable_by(person).filter(slug=slug).first()
        if room is None:
            raise NotYours(f"There is no room called #{slug}. /rooms lists those you could enter.")
        return room

    # -- making and joining ------------------------------------------------------------------------------

    @classmethod
    def make(
        cls,
        name: str,
        *,
        by: Person | None,
        purpose: str = Purpose.OTHER,
        about: str = "",
        private: bool = False,
        **more: Any,
    ) -> Room:
        """A new room with its maker in it; Sorry when the name is taken or could not be a name."""
        slug = re.sub(r"[\s_]+", "-", name.strip().lstrip("#").lower())
        if not NAME.fullmatch(slug):
            raise Sorry("A room's name has small letters, digits and dashes, 60 at most.", field="name")
        try:
            with transaction.atomic():
                room = cls.objects.create(
                    slug=slug, purpose=purpose, about=about[:250], private=private, made_by=by, **more
                )
                if by is not None:
                    Seat.objects.create(room=room, person=by, keeper=True)
                note("room.made", f"made #{slug}", by=by, room=room, about=room.ref)
        except IntegrityError:
            raise Sorry(f"There is a room called #{slug} already. Join it, or choose another name.") from None
        return room

    def seat(self, person: Person, *, by: Person | None = None, quiet: bool = False) -> Seat:
        """Give someone a place here; nothing happens when they have one."""
        with transaction.atomic():
            seat, new = Seat.objects.get_or_create(
                room=self, person=person, defaults={"read_to": self.last_message if quiet else 0}
            )
            if new:
                words = f"{person.name} joined" if by in (None, person) else f"{by} brought {person.name} in"
                note("room.joined", words, by=by or person, room=self, about=f"person:{person.pk}")
        return seat

    def leave(self, person: Person) -> None:
        with transaction.atomic():
            if self.seats.filter(person=person).delete()[0]:
                note("room.left", f"{person.name} left", by=person, room=self, about=f"person:{person.pk}")

    # -- words -------------------------------------------------------------------------------------------

    def say(
        self,
        words: str = "",
        *,
        by: Person | None = None,
        voice: str = "",
        card: Card | None = None,
        said: str = "",
        key: str = "",
        at: datetime | None = None,
        thread: Message | None = None,
    ) -> Message:
        """Words enter the room, once for each `key`. `voice` names who speaks when no person does."""
        from fireside.hearth.messages import Message

        words, said = clean(words), clean(said)
        if len(words) > LONGEST:
            raise Sorry(
                f"That is {len(words):,} characters; a message holds {LONGEST:,}. A file could carry it."
            )
        with transaction.atomic():
            in_turn()  # before the room's row is ours, which those whose turn it is may want too
            if key and (known := Message.of(key)):
                return known
            message = Message.objects.create(
                room=self, author=by, voice="" if by else (voice or "Fireside"), text=words, said=said,
                card=dump(card) if card else None, key=key or None, at=at or timezone.now(), thread=thread,
            )  # fmt: skip
            if thread is None:
                Room.objects.filter(pk=self.pk, last_message__lt=message.pk).update(last_message=message.pk)
            if by is not None:
                Seat.objects.filter(room=self, person=by, read_to__lt=message.pk).update(read_to=message.pk)
            note(
                "message.said", "", by=by, room=self, about=message.ref, message=message, at=message.at,
                thread=thread.pk if thread else None,
            )  # fmt: skip
            if thread is not None:  # its article counts its replies, and open pages draw it anew
                note(
                    "message.answered", "", by=by, room=self, about=thread.ref, message=thread, at=message.at
                )
            message.index()
        return message


class Seat(models.Model):
    """One person's place in one room, and how far they have read."""

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="seats")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="seats")
    joined_at = models.DateTimeField(default=timezone.now)
    read_to = models.BigIntegerField(default=0)
    keeper = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint("room", "person", name="one_seat_each")]

    def __str__(self) -> str:
        return f"{self.person} in {self.room}"

    def read(self, message_id: int) -> None:
        Seat.objects.filter(pk=self.pk, read_to__lt=message_id).update(read_to=message_id)


def visible(queryset: models.QuerySet[T], person: Person, room: str = "room") -> models.QuerySet[T]:
    """The records whose room (found at path `room`) this person may enter; without a room: the house's.

    Each record's own room is looked at: a list of all that may be entered would grow with the house.
    """
    if person.is_guest:  # of few rooms, perhaps quiet ones: looking at all that is new would take long
        return queryset.filter(**{f"{room}__in": person.seats.values("room")})
    here = models.Exists(Room.enterable_by(person).filter(pk=models.OuterRef(room)))
    if person.within is not None:  # a program that is for some rooms sees nothing of the rest of the house
        return queryset.filter(here)
    return queryset.filter(models.Q(**{f"{room}__isnull": True}) | here)


def may_see(room: Room | None, person: Person) -> bool:
    """The same for one record in hand, by its room."""
    if room is not None:
        return room.may_enter(person)
    return not person.is_guest and person.within is None


def house_room(slug: str, about: str, purpose: str = Room.Purpose.OTHER) -> Room:
    """A room of the whole house, made when it is first needed, with a seat for everybody."""
    if room := Room.objects.filter(slug=slug).first():
        return room
    room = Room.make(slug, by=None, purpose=purpose, about=about)
    people = Person.objects.filter(deactivated_at=None, email__isnull=False, guest_since=None)
    Seat.objects.bulk_create([Seat(room=room, person=person) for person in people])
    return room
