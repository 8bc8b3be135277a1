"""What programs may read of what is connected."""

from __future__ import annotations

from datetime import date, datetime

import msgspec
from django.db.models import Q

from fireside.hearth.errors import Sorry
from fireside.keys.models import Holder
from fireside.web.api.records import readable


class KeyShape(msgspec.Struct):
    """Something that is connected; `scopes` are as they came, `may` tells them in words, worst first."""

    id: int
    name: str
    kind: str
    vendor: str
    scopes: list[str]
    may: list[str]
    why: str
    keeper: str | None
    room: str | None
    added_at: datetime
    used_at: datetime | None
    review_by: date
    ended_at: datetime | None
    url: str


def key_shape(holder: Holder) -> KeyShape:
    kept = holder.kept_by
    words = [one.words for one in holder.meanings()]
    return KeyShape(
        id=holder.pk, name=holder.name, kind=holder.kind, vendor=holder.vendor, scopes=holder.scopes,
        may=[f"It {holder.may}", *words] if holder.may else words, why=holder.why,
        keeper=kept.handle if kept else None, room=holder.room.slug if holder.room else None,
        added_at=holder.added_at, used_at=holder.used_at, review_by=holder.review_by,
        ended_at=holder.ended_at, url=holder.get_absolute_url(),
    )  # fmt: skip


def _state(words: str) -> Q:
    if words not in ("connected", "ended"):
        raise Sorry("state is connected or ended.", field="state")
    return Q(ended_at__isnull=words == "connected")


readable(
    "keys", lambda: Holder.objects.select_related("room", "keeper"), key_shape,
    help="What holds a key to our rooms, and what it may do.",
    filters={"state": _state, "kind": lambda words: Q(kind=words)},
)  # fmt: skip
