"""Words in a room: messages, what they were before, claps for them, and drafts not yet sent."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any, ClassVar

from django.db import connection, models, transaction
from django.urls import reverse
from django.utils import timezone

from fireside.hearth.cards import Card, dump, load
from fireside.hearth.errors import NotYours, Sorry
from fireside.hearth.people import Person
from fireside.hearth.rooms import LONGEST, Room
from fireside.hearth.timeline import Entry, note

if TYPE_CHECKING:
    from datetime import datetime

KEYS = 0x4B455953  # PostgreSQL's locks for the keys of messages
CLAPS = ("👏", "❤️", "👀", "🙏", "🎉", "💡")


class Message(models.Model):
    """Words said in a room, with their own time; a card may be drawn beneath them."""

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="messages")
    author = models.ForeignKey(
        Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="messages"
    )
    voice = models.CharField(max_length=40, blank=True, default="")
    text = models.TextField(blank=True, default="")
    said = models.TextField(blank=True, default="")  # the command, as it was typed
    card = models.JSONField(null=True, blank=True)
    key = models.CharField(max_length=120, unique=True, null=True, blank=True)
    at = models.DateTimeField()
    thread = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.CASCADE, related_name="replies"
    )
    edited_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)
    pinned_at = models.DateTimeField(null=True, blank=True)
    pinned_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering: ClassVar = ["pk"]
        indexes: ClassVar = [
            models.Index("room", "id", name="message_room", condition=models.Q(thread=None)),
            models.Index("room", "at", name="message_old", condition=models.Q(thread=None)),
            models.Index("room", "pinned_at", name="message_pins", condition=~models.Q(pinned_at=None)),
        ]

    def __str__(self) -> str:
        return self.text or self.said or (str(self.drawn) if self.card else "")

    @classmethod
    def of(cls, key: str) -> Message | None:
        """The message with this key; who asks at the same time waits for the end of our transaction.

        Somebody who asks again while the first try still hangs finds what came of it, instead of a conflict.
        """
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                number = zlib.crc32(key.encode()) - 2**31
                cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [KEYS, number])
        return cls.objects.filter(key=key).first()

    @property
    def ref(self) -> str:
        return f"message:{self.pk}"

    @property
    def drawn(self) -> Card | None:
        return load(self.card) if self.card else None

    @property
    def speaker(self) -> str:
        return self.author.name if self.author else (self.voice or "Former colleague")

    def get_absolute_url(self) -> str:
        return reverse("message", args=[self.room.slug, self.pk])

    def index(self) -> None:
        """Keep the search in step with what is said."""
        from fireside.hearth.search import keep

        keep(
            "message", self.pk, title=f"{self.speaker} in #{self.room.slug}", body=str(self), room=self.room,
            at=self.at, url=self.get_absolute_url(), person=self.author, gone=self.deleted_at is not None,
        )  # fmt: skip

    def edit(self, words: str, *, by: Person | None) -> None:
        """The author's new words; the old ones are kept. What no person said is changed by no person."""
        if by != self.author or self.deleted_at:
            raise NotYours("Only the person who said it could change it.")
        if not words.strip() or len(words) > LONGEST:
            raise Sorry(
                f"A message has 1 to {LONGEST:,} characters. You could delete it instead.", field="text"
            )
        if words == self.text:
            return
        with transaction.atomic():
            Version.objects.create(message=self, text=self.text, said=self.said)
            self.text, self.edited_at = words, timezone.now()
            self.save(update_fields=["text", "edited_at"])
            self._noted("edited", by=by)
            self.index()

    def delete_words(self, *, by: Person | None) -> None:
        """The author (or a keeper) takes the words back, also from timelines they were put on."""
        if by != self.author and not (by and by.is_keeper):
            raise NotYours("Only the person who said it could take it back.")
        if self.deleted_at:
            return
        with transaction.atomic():
            now = timezone.now()
            self.versions.all().delete()
            self.text, self.said, self.card, self.deleted_at, self.pinned_at = "", "", None, now, None
            self.save(update_fields=["text", "said", "card", "deleted_at", "pinned_at"])
            for file in self.files.all():
                file.remove()
            self.entries.filter(verb="message.starred", withdrawn_at=None).update(
                withdrawn_at=now, withdrawn_by=by
            )
            self._noted("deleted", by=by)
            self.index()

    def redraw(self, card: Card, *, trace: str = "", voice: str = "Fireside") -> None:
        """Change the card in place and, with `trace`, leave a line under it that says what changed."""
        with transaction.atomic():
            drawn = dump(card)
            if drawn != self.card:
                self.card = drawn
                self.save(update_fields=["card"])
                self._noted("redrawn", by=None)
                self.index()
            if trace:
                self.room.say(trace, voice=voice, thread=self)

    def clap(self, sign: str, *, by: Person, on: bool | None = None) -> bool:
        """Clap, or take the clap back (with `on` only that one way); tells whether it now stands."""
        if sign not in CLAPS:
            raise Sorry(f"You could clap with one of {' '.join(CLAPS)}.")
        with transaction.atomic():
            clap, new = Clap.objects.get_or_create(message=self, person=by, sign=sign)
            wish = new if on is None else on
            if not wish:
                clap.delete()
            if wish == new:
                self._noted("clapped", by=by, sign=sign, on=new)
        return wish

    def pin(self, *, by: Person, on: bool = True) -> None:
        with transaction.atomic():
            self.pinned_at, self.pinned_by = (timezone.now(), by) if on else (None, None)
            self.save(update_fields=["pinned_at", "pinned_by"])
            self._noted("pinned", by=by, on=on)

    def star(self, *, by: Person, story: str) -> Entry:
        """Put these words on a story's timeline, at the time they were said."""
        with transaction.atomic():
            known = self.entries.filter(verb="message.starred", story=story, withdrawn_at=None).first()
            return known or note(
                "message.starred", str(self), by=self.author, room=self.room, about=self.ref, story=story,
                message=self, at=self.at, starred_by=by.pk,
            )  # fmt: skip

    def unstar(self, *, by: Person, story: str) -> None:
        with transaction.atomic():
            self.entries.filter(verb="message.starred", story=story, withdrawn_at=None).update(
                withdrawn_at=timezone.now(), withdrawn_by=by
            )
            note("message.unstarred", by=by, room=self.room, about=self.ref, story=story)

    def _noted(self, verb: str, *, by: Person | None, at: datetime | None = None, **data: Any) -> None:
        note(
            f"message.{verb}", by=by, room=self.room, about=self.ref, message=self, at=at,
            thread=self.thread_id, **data,
        )  # fmt: skip


class Version(models.Model):
    """What a message said before it was changed."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="versions")
    text = models.TextField()
    said = models.TextField(blank=True, default="")
    until = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.text


class Clap(models.Model):
    """One person's small sign that words landed."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="claps")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="claps")
    sign = models.CharField(max_length=16)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint("message", "person", "sign", name="one_clap_each")]

    def __str__(self) -> str:
        return f"{self.sign} by {self.person}"


class Draft(models.Model):
    """Words someone has begun to write; nobody else sees them."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="drafts")
    place = models.CharField(max_length=120)  # "room:7", "postmortem:3:summary"
    text = models.TextField()
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint("person", "place", name="one_draft_each")]

    def __str__(self) -> str:
        return f"draft in {self.place}"

    @classmethod
    def keep(cls, person: Person, place: str, words: str) -> None:
        """Keep these words; empty words end the draft."""
        if words.strip():
            cls.objects.update_or_create(
                person=person, place=place, defaults={"text": words[:LONGEST], "at": timezone.now()}
            )
        else:
            cls.objects.filter(person=person, place=place).delete()

    @classmethod
    def words(cls, person: Person, place: str) -> str:
        found = cls.objects.filter(person=person, place=place).first()
        return found.text if found else ""
