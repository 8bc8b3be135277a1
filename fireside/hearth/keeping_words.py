"""What the hearth itself keeps for a while: words and files in rooms, sign-ins, jobs, the audit trail."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import models, transaction

from fireside.hearth import audit
from fireside.hearth.files import File
from fireside.hearth.forgetting import forget_messages, kept_on_purpose
from fireside.hearth.keeping import Keeping, Kept, keepable, more
from fireside.hearth.messages import Message
from fireside.hearth.rooms import Room
from fireside.hearth.webhooks import Sending
from fireside.hearth.workflows import now

Purpose = Room.Purpose
SESSION = timedelta(seconds=settings.SESSION_COOKIE_AGE)


def words_of_room(room: Room) -> Kept:
    """The words of one room, for which keepers may choose something of its own."""
    return Kept(
        f"room:{room.pk}", f"Words in #{room.slug}", "messages",
        lambda before, most: _words(models.Q(room=room), before, most), forget_messages,
        days=_of_purpose(room),
        shortest=7,
    )  # fmt: skip


def _of_purpose(room: Room) -> int | None:
    found = Keeping.objects.filter(what=f"words-{room.purpose}").first()
    return found.days if found else None


def _rooms_of_their_own() -> list[Kept]:
    return [words_of_room(room) for room in Room.objects.filter(pk__in=_chosen())]


def _chosen() -> list[int]:
    """The rooms for which keepers chose something."""
    own = Keeping.objects.filter(what__startswith="room:").values_list("what", flat=True)
    return [int(what.removeprefix("room:")) for what in own]


def words_of_kind(purpose: Room.Purpose) -> Kept:
    """The words of all rooms of one purpose, but for rooms with a choice of their own."""

    def find(before: datetime, most: int) -> list[int]:
        rooms = Room.objects.filter(purpose=purpose).exclude(pk__in=_chosen()).values_list("pk", flat=True)
        return _words(models.Q(room__in=list(rooms)), before, most)

    return Kept(
        f"words-{purpose.value}", f"Words in rooms for {purpose.label}", "messages", find, forget_messages,
        shortest=7,
    )  # fmt: skip


def _words(where: models.Q, before: datetime, most: int) -> list[int]:
    """Messages and their replies, when all of them are old and nobody pinned or starred one."""
    replies = Message.objects.filter(thread=models.OuterRef("pk"))
    stays = models.Exists(replies.filter(models.Q(at__gte=before) | kept_on_purpose()))
    old = Message.objects.filter(where, thread=None, at__lt=before).exclude(kept_on_purpose()).exclude(stays)
    return list(old.order_by("pk").values_list("pk", flat=True)[:most])


def _files(before: datetime, most: int) -> list[int]:
    kept = File.objects.filter(message__at__lt=before, message__pinned_at=None)
    return list(
        kept.exclude(message__room__purpose=Purpose.INCIDENT)
        .order_by("pk")
        .values_list("pk", flat=True)[:most]
    )


def _remove_files(numbers: list[int]) -> int:
    """The files go, the words beside them stay; a message that was nothing but a file goes with it."""
    with transaction.atomic():
        for file in File.objects.filter(pk__in=numbers).select_related("message"):
            message = file.message
            file.remove()
            bare = not (message.text or message.said or message.card or message.files.exists())
            if bare and not message.replies.exists():
                forget_messages([message.pk])
    return len(numbers)


def _sign_ins(before: datetime, most: int) -> list[str]:
    """Sessions begun before this moment; each one knows only when it ends."""
    begun = Session.objects.filter(expire_date__lt=before + SESSION)
    return list(begun.values_list("session_key", flat=True)[:most])


def _end_sessions(keys: list[str]) -> int:
    return int(Session.objects.filter(session_key__in=keys).delete()[0])


def _sendings(before: datetime, most: int) -> list[int]:
    old = Sending.objects.filter(made_at__lt=before, due_at=None)
    return list(old.order_by("made_at").values_list("pk", flat=True)[:most])


def _forget_sendings(numbers: list[int]) -> int:
    return int(Sending.objects.filter(pk__in=numbers).delete()[0])


def _jobs(before: datetime, most: int) -> list[str]:
    from fireside.hearth import engine  # heavy, and not every process runs it

    return engine.ended(now() - before, most)


def _forget_jobs(keys: list[str]) -> int:
    from fireside.hearth import engine

    return engine.forget(keys)


def _kinds() -> list[Kept]:
    everything: dict[str, Any] = {"shortest": 365, "days": 730}
    return [
        *map(words_of_kind, Purpose),
        Kept("files", "Files and pictures in rooms", "files", _files, _remove_files, shortest=30,
             help="Those in the rooms of incidents stay, and those in pinned messages."),
        Kept("sign-ins", "Sign-ins, before the password is asked for again", "sign-ins", _sign_ins,
             _end_sessions, days=SESSION.days, longest=SESSION.days),
        Kept("sendings", "What webhooks were told, and what they answered", "sendings", _sendings,
             _forget_sendings, days=30, help="The entries themselves are kept apart.", longest=365),
        Kept("jobs", "Jobs that are done", "jobs", _jobs, _forget_jobs, days=14, longest=365,
             apart=True),
        Kept("audit", "The audit trail", "lines", audit.forgettable, audit.forget, **everything),
    ]  # fmt: skip


for kept in _kinds():
    keepable(kept)
more.append(_rooms_of_their_own)
