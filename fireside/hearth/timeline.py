"""What happened: one append-only table feeds timelines, live pages, reactions and the audit trail."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from django.db import connection, models
from django.utils import timezone

from fireside.hearth import audit, traces
from fireside.hearth.cards import Card
from fireside.hearth.order import in_turn

if TYPE_CHECKING:
    from fireside.hearth.messages import Message
    from fireside.hearth.people import Person
    from fireside.hearth.rooms import Room


class Entry(models.Model):
    """One thing that happened: when, who, where, in words a person would say."""

    at = models.DateTimeField()
    noted_at = models.DateTimeField(default=timezone.now)
    verb = models.CharField(max_length=60)
    words = models.TextField(blank=True, default="")
    by = models.ForeignKey(
        "hearth.Person", null=True, blank=True, on_delete=models.SET_NULL, related_name="entries"
    )
    room = models.ForeignKey(
        "hearth.Room", null=True, blank=True, on_delete=models.CASCADE, related_name="entries"
    )
    message = models.ForeignKey(
        "hearth.Message", null=True, blank=True, on_delete=models.SET_NULL, related_name="entries"
    )
    about = models.CharField(max_length=60, blank=True, default="")
    story = models.CharField(max_length=60, blank=True, default="")
    data = models.JSONField(default=dict, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = models.ForeignKey(
        "hearth.Person", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        indexes: ClassVar = [
            models.Index("story", "at", "id", name="entry_story"),
            models.Index("room", "id", name="entry_room"),
            models.Index("verb", "at", name="entry_verb"),
            models.Index("about", name="entry_about"),
        ]

    def __str__(self) -> str:
        return f"{self.verb}: {self.words}"


class Cursor(models.Model):
    """How far a reader of the timeline has come."""

    name = models.CharField(max_length=40, primary_key=True)
    entry = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.name} at {self.entry}"


_listeners: list[Callable[[], None]] = []


def listen(heard: Callable[[], None]) -> None:
    """Call `heard` after each commit that noted something, in this process; it must return at once."""
    _listeners.append(heard)


def _tell() -> None:
    for heard in _listeners:
        heard()


def note(
    verb: str,
    words: str = "",
    *,
    by: Person | None = None,
    room: Room | None = None,
    about: str = "",
    story: str = "",
    message: Message | None = None,
    at: datetime | None = None,
    **data: Any,
) -> Entry:
    """Write an entry in the transaction that caused it; must run inside `transaction.atomic()`."""
    from django.db import transaction

    if not connection.in_atomic_block:
        raise RuntimeError(f"note({verb!r}) belongs into the transaction that caused it")
    in_turn()
    entry = Entry.objects.create(
        verb=verb, words=words, by=by, room=room, about=about, story=story, message=message,
        at=at or timezone.now(), data=data | traces.carry(),
    )  # fmt: skip
    if verb in audit.acts:
        audit.write(verb, by=by, about=about)
    transaction.on_commit(_tell)
    return entry


class Record(models.Model):
    """Something that is kept: it has a room and a story, shows itself as a card, notes what happens."""

    class Meta:
        abstract = True

    @property
    def ref(self) -> str:
        """ "incident:12": how entries point to this record."""
        return f"{self._meta.model_name}:{self.pk}"

    @property
    def story(self) -> str:
        return self.ref

    @property
    def home(self) -> Room | None:
        """The room whose people may see this record; None means everybody who is signed in."""
        raise NotImplementedError

    def card(self) -> Card:
        raise NotImplementedError

    def get_absolute_url(self) -> str:
        raise NotImplementedError

    def note(
        self,
        verb: str,
        words: str = "",
        *,
        by: Person | None,
        at: datetime | None = None,
        message: Message | None = None,
        **data: Any,
    ) -> Entry:
        return note(
            f"{self._meta.model_name}.{verb}", words, by=by, room=self.home, about=self.ref,
            story=self.story, at=at, message=message, **data,
        )  # fmt: skip
