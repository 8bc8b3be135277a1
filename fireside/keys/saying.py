"""In one sentence what something that is connected may do, as people say it beside a room."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.db.models import Q

from fireside.hearth.rooms import Room
from fireside.keys.cards import icon
from fireside.keys.models import Holder
from fireside.web.keyring import held

READS = re.compile(r"\b(read|see|search)\b")  # what is said of whatever reads, or of what cannot


@dataclass(frozen=True, slots=True)
class Connected:
    """One line beside a room: "Prometheus" "may post here. It cannot read."."""

    name: str
    may: str
    icon: str
    url: str


def in_short(holder: Holder) -> str:
    """The worst it may do, how much more there is, and whether it cannot read at all."""
    if holder.may:
        return holder.may
    meanings = holder.meanings()
    if not meanings:
        return "is connected; nobody has said yet what it may do."
    worst, more = meanings[0], len(meanings) - 1
    words = f"can {worst.may}" if worst.known else f"has {worst.scope}, and we do not know what that allows"
    words += f", and {more} thing{'' if more == 1 else 's'} more." if more else "."
    blind = all(one.reach == "writes" and not READS.search(one.may) for one in meanings)
    return f"{words} It cannot read." if blind else words


def reaching(room: Room) -> tuple[list[Connected], int]:
    """What reaches this room, and how much else reaches the whole house; for who may enter it."""
    rows = Holder.objects.filter(Q(room=room) | Q(room=None), ended_at=None)
    known = {one.mark: one for one in rows if one.mark}
    live = held(room)
    here = [Connected(one.name, one.may, one.icon, _url(known.get(one.mark))) for one in live]
    marks = {one.mark for one in live}
    others = [one for one in rows if one.mark is None or one.mark not in marks]
    here += [Connected(one.name, in_short(one), icon(one), _url(one)) for one in others if one.room_id]
    return here, sum(one.room_id is None for one in others)


def _url(holder: Holder | None) -> str:
    return holder.get_absolute_url() if holder else ""
