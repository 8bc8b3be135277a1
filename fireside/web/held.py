"""What webhooks are told, for whoever asks what holds a key to our rooms."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from django.db.models import Q

from fireside.hearth.models import Room, Webhook
from fireside.hearth.webhooks import kinds, teams
from fireside.web.keyring import Held

CALLED = {"group": "alert", "postmortem": "post-mortem"}


def held(room: Room | None) -> Iterator[Held]:
    """Every webhook, or those that hear what happens in this room."""
    hooks = Webhook.objects.filter(ended_at=None).select_related("room", "team", "made_by")
    if room is not None:
        hears = Q(room=room)
        if not room.private:  # a private room is heard only by one of that room
            owners = {team for of in teams for team in of(room)} - {None}
            hears |= Q(room=None, team=None) | Q(room=None, team__in=owners)
        hooks = hooks.filter(hears)
    for hook in hooks:
        place = "here" if room is not None else f"in {hook.where}"
        yield Held(
            mark=hook.ref, name=hook.name, kind="webhook", room=hook.room,
            may=f"is told what happens {place}: {', '.join(map(_plainly, hook.kinds))}. It cannot post.",
            vendor=urlsplit(hook.address).hostname or "", by=hook.made_by, added_at=hook.made_at,
            used_at=hook.used_at, way_out="Its maker or a keeper ends it in Settings → Webhooks.",
        )  # fmt: skip


def _plainly(kind: str) -> str:
    """A kind as people would say it: "incident.*" is "all about incidents"."""
    family = kind.removesuffix(".*")
    return f"all about {CALLED.get(family, family)}s" if family != kind else kinds.get(kind, kind)
