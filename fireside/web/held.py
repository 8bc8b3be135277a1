"""What webhooks are told, for whoever asks what holds a key to our rooms."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

from django.db.models import Q

from fireside.hearth.models import Room, Webhook
from fireside.hearth.webhooks import kinds, teams
from fireside.web.keyring import Held

CALLED = {"group": "alert", "postmortem": "post-mortem"}


def held(room: Room | None) -> Iterator[Held]:
    """Every webhook, or those that hear what happens in this room."""
    hooks = Webhook.objects.filter(ended_at=None).select_related("room", "team", "made_by")
    found: Iterable[Webhook] = hooks
    if room is not None:
        found = _hearing(room, hooks.filter(Q(room=room) if room.private else Q(room=room) | Q(room=None)))
    for hook in found:
        place = "here" if room is not None else f"in {hook.where}"
        yield Held(
            mark=hook.ref, name=hook.name, kind="webhook", room=hook.room,
            may=f"is told what happens {place}: {', '.join(map(_plainly, hook.kinds))}. It cannot post.",
            vendor=urlsplit(hook.address).hostname or "", by=hook.made_by, added_at=hook.made_at,
            used_at=hook.used_at, way_out="Its maker or a keeper ends it in Settings → Webhooks.",
        )  # fmt: skip


def _hearing(room: Room, hooks: Iterable[Webhook]) -> list[Webhook]:
    """Those of a team hear its rooms only; whose a room is, is asked when there is one of a team."""
    some = list(hooks)
    owners = {team for of in teams for team in of(room)} if any(hook.team_id for hook in some) else set()
    return [hook for hook in some if hook.team_id is None or hook.team_id in owners]


def _plainly(kind: str) -> str:
    """A kind as people would say it: "incident.*" is "all about incidents"."""
    family = kind.removesuffix(".*")
    return f"all about {CALLED.get(family, family)}s" if family != kind else kinds.get(kind, kind)
