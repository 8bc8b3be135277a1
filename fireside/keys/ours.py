"""What Fireside itself lets in, kept in step with the register: it is told, and never typed in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction

from fireside.hearth.cards import Button, Card, text
from fireside.hearth.order import in_turn
from fireside.keys.models import Holder
from fireside.web.keyring import Held, held

STEPS = {
    "slack": "In Slack: Settings and administration, Manage apps, the app, then Remove app.",
    "github": "In GitHub: the organisation's settings, GitHub Apps or OAuth policy, Uninstall or Revoke.",
    "google": "In Google's Admin console: Security, API controls, Manage third-party app access.",
    "microsoft": "In Microsoft Entra: Enterprise applications, the app, Properties, then Delete.",
}


def meet() -> None:
    """Bring the register up to date with all that the house lets in; what is no longer let in has ended."""
    now = held()
    for one in now:
        with transaction.atomic():
            in_turn()
            _met(one)
    for gone in Holder.objects.filter(ours=True, ended_at=None).exclude(mark__in=[one.mark for one in now]):
        gone.end(by=None)


def _met(one: Held) -> None:
    told: dict[str, Any] = {
        "name": one.name[:120], "kind": one.kind, "vendor": one.vendor, "place": one.place,
        "may": one.may[:300], "room": one.room, "way_out": one.way_out[:300],
    }  # fmt: skip
    known = Holder.objects.filter(mark=one.mark).first()
    if known is None:
        more = {"added_at": one.added_at} if one.added_at else {}
        Holder.connect(
            told.pop("name"), by=one.by, keeper=one.by, why=one.why, scopes=list(one.scopes), mark=one.mark,
            ours=True, used_at=one.used_at, **told, **more,
        )  # fmt: skip
        return
    told |= {"ended_at": None, "used_at": one.used_at or known.used_at}
    changed = [name for name, value in told.items() if getattr(known, name) != value]
    for name in changed:
        setattr(known, name, told[name])
    if changed:
        known.save(update_fields=changed)
    known.now_has(list(one.scopes), by=None)


def freshly(holders: Iterable[Holder]) -> list[Holder]:
    """The same ones; of those the house lets in itself, when they were last used as of now."""
    live = {one.mark: one for one in held()}
    found = list(holders)
    for holder in found:
        if holder.mark in live:
            holder.used_at = live[holder.mark].used_at or holder.used_at
    return found


def in_order(holders: Iterable[Holder]) -> list[Holder]:
    """Our own app first, then what reaches furthest; with fresh times."""
    own = [*freshly(holders)]
    return sorted(own, key=lambda one: (not _own_app(one), *(-part for part in one.weight), one.name.lower()))


def _own_app(holder: Holder) -> bool:
    return holder.ours and holder.kind == Holder.Kind.APP


def way_out(holder: Holder) -> Card:
    """How something is taken away, before anybody says that it is."""
    where = STEPS.get(holder.place, "Where it was made: end its token or take its address out.")
    return Card(
        title=text("How to take {name} away", name=holder.name), kind="holder", icon="lock",
        body=(text("{way}", way=holder.way_out or where),
              text("Tokens that it was given are better ended too.")),
        buttons=(Button("It is taken away", "disconnect", {"holder": holder.ref, "done": "yes"}, "main"),),
        link=holder.get_absolute_url(),
    )  # fmt: skip
