"""The audit trail: who did what administrative or destructive thing, when and from where.

It is only ever added to. The database itself refuses changes (see the migration `audit`), and each line holds
the hash of the one before it, so that an edit behind our back shows. People stand in it by number, never by
name, and words that somebody said never do.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar

from django.db import models, transaction
from django.utils import timezone

from fireside.hearth.order import in_turn

if TYPE_CHECKING:
    from fireside.hearth.people import Person

FORGOTTEN = "audit.forgotten"  # allows the database to let the lines up to its `upto` go

# What is written down, and how it reads; {it} is what it was about. A later stage adds its own with `know`.
acts: dict[str, str] = {
    "organisation.made": "set up this Fireside",
    "organisation.changed": "changed what the house is called or its zone",
    "person.joined": "came in by an invitation",
    "person.invited": "made an invitation link",
    "person.uninvited": "ended an invitation link",
    "person.signed-in": "signed in",
    "person.refused": "gave a wrong password, or was refused",
    "person.password": "chose a new password",
    "session.ended": "signed out in other places",
    "factor.added": "added a second way to show that it is them",
    "factor.removed": "removed a way to show that it is them",
    "factor.codes": "made new recovery codes",
    "factor.refused": "gave a wrong code",
    "factors.removed": "removed the passkeys and codes of {it}",
    "person.linked": "linked their account at the sign-in provider",
    "person.unknown": "came from the sign-in provider and is not known here",
    "team.given": "moved {it} into a team or out of it, as the sign-in provider says",
    "person.password-link": "made a link for a new password of {it}",
    "person.deactivated": "ended the access of {it}",
    "person.reactivated": "gave access back to {it}",
    "person.guest": "said until when {it} is a guest",
    "person.keeper": "made {it} a keeper",
    "person.no-keeper": "took the keeping of the house off {it}",
    "person.leaving": "asked that {it} be deleted",
    "person.staying": "let {it} stay after all",
    "person.gone": "deleted {it}",
    "person.exported": "took a copy of all that is theirs",
    "team.removed": "took {it} out of a team",
    "key.made": "made a key for programs",
    "key.rotated": "gave a key for programs a new secret",
    "key.old-ended": "ended the earlier secret of a key",
    "key.ended": "ended a key for programs",
    "room.leaving": "asked that {it} be deleted",
    "room.staying": "let {it} stay after all",
    "room.gone": "deleted {it}",
    "job.retried": "let a job run again",
    "job.cancelled": "cancelled a job",
    "keeping.changed": "changed how long something is kept",
    "keeping.done": "let go of what was old enough",
    "audit.exported": "took a copy of the audit trail",
    FORGOTTEN: "let go of the oldest lines of this trail",
}


def know(**said: str) -> None:
    """More acts to write down: `know(source_made="made a token for a source")` for "source.made"."""
    acts.update({verb.replace("_", ".", 1).replace("_", "-"): words for verb, words in said.items()})


class Audit(models.Model):
    """One line of the trail. Numbers have no gaps; nothing in it points to another table."""

    number = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField()
    verb = models.CharField(max_length=60)
    by = models.BigIntegerField(null=True)  # a person's number; a key to their row could be made empty
    about = models.CharField(max_length=60, blank=True, default="")  # "person:17", "room:4"
    door = models.CharField(
        max_length=8, blank=True, default=""
    )  # "web", "api", "cli", "slack"; else by itself
    address = models.CharField(max_length=45, blank=True, default="")  # where the request came from
    data = models.JSONField(default=dict, blank=True)
    before = models.CharField(max_length=64, blank=True, default="")  # the hash of the line before
    hash = models.CharField(max_length=64, unique=True)

    class Meta:
        ordering: ClassVar = ["-number"]
        indexes: ClassVar = [
            models.Index("verb", "number", name="audit_verb"),
            models.Index("by", "number", name="audit_by"),
            models.Index("at", name="audit_at"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.verb}"

    def facts(self) -> dict[str, Any]:
        """All that the hash is about, in plain JSON."""
        return {
            "number": self.number, "at": self.at.astimezone(UTC).isoformat(timespec="microseconds"),
            "verb": self.verb, "by": self.by, "about": self.about, "door": self.door,
            "address": self.address, "data": self.data, "before": self.before,
        }  # fmt: skip

    def sealed(self) -> str:
        """SHA-256 of the facts as JSON with sorted keys, no spaces and plain ASCII."""
        written = json.dumps(self.facts(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(written.encode()).hexdigest()


# -- from where --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Door:
    """Through which door something is done, and from which address; who does it is always an argument."""

    name: str = ""
    address: str = ""


INSIDE = Door()  # nobody asked: what happens by itself
_door: ContextVar[Door] = ContextVar("door", default=INSIDE)


@contextmanager
def through(name: str, address: str = "") -> Iterator[None]:
    """What is written meanwhile came through this door; an address that is known already stays."""
    token = _door.set(Door(name[:8], (address or _door.get().address)[:45]))
    try:
        yield
    finally:
        _door.reset(token)


def address() -> str:
    """Where what is done now came from, as far as that is known."""
    return _door.get().address


# -- writing, checking, letting go -------------------------------------------------------------------------


def write(verb: str, *, by: Person | int | None = None, about: str = "", **data: Any) -> Audit:
    """Add a line, in the transaction of what it tells of; `data` holds numbers and settings, never words."""
    if verb not in acts:
        raise RuntimeError(f"{verb} is not known to the audit trail")
    with transaction.atomic():
        in_turn()
        last = Audit.objects.order_by("-number").values_list("number", "hash").first() or (0, "")
        door = _door.get()
        line = Audit(
            number=last[0] + 1, at=timezone.now(), verb=verb, by=getattr(by, "pk", by), about=about,
            door=door.name, address=door.address, data=data, before=last[1],
        )  # fmt: skip
        line.hash = line.sealed()
        line.save(force_insert=True)
    return line


def troubles(known: tuple[int, str] | None = None) -> Iterator[str]:
    """What does not fit, in words; nothing when nobody changed the trail.

    `known` is the number and the hash of a line that somebody wrote down elsewhere. Only that can show that
    the end was cut off, or that everything was written anew.
    """
    if known and Audit.objects.filter(number=known[0]).values_list("hash", flat=True).first() != known[1]:
        yield f"Line {known[0]} is not the one you know."
    last: Audit | None = None
    for line in Audit.objects.order_by("number").iterator(chunk_size=2000):
        if line.hash != line.sealed():
            yield f"Line {line.number} was changed after it was written."
        elif last is None:
            yield from _beginning(line)
        elif line.number != last.number + 1:
            yield f"Between the lines {last.number} and {line.number} something is missing."
        elif line.before != last.hash:
            yield f"Line {line.number} does not follow the one before it."
        last = line


def _beginning(first: Audit) -> Iterator[str]:
    """The oldest line is the very first, or the next after those that were let go, as a later one says."""
    if first.number == 1:
        return
    ends = Audit.objects.filter(verb=FORGOTTEN).values_list("data", flat=True)
    if {"upto": first.number - 1, "hash": first.before} not in ends:
        yield f"The lines before {first.number} are gone, and no line says that they were let go."


def forgettable(before: datetime, most: int) -> list[int]:
    """The numbers of up to `most` of the oldest lines, from before this moment."""
    old = Audit.objects.filter(at__lt=before).exclude(verb=FORGOTTEN).order_by("-number").first()
    if old is None:
        return []
    oldest = Audit.objects.filter(number__lte=old.number).order_by("number")
    return list(oldest.values_list("number", flat=True)[:most])


def forget(numbers: list[int]) -> int:
    """Let these oldest lines go, after a line that says so; without it the database would refuse."""
    with transaction.atomic():
        last = Audit.objects.get(number=numbers[-1])
        write(FORGOTTEN, upto=last.number, hash=last.hash)
        return Audit.objects.filter(number__lte=last.number).delete()[0]
