"""What sources of alerts may do, for whoever asks what holds a key to our rooms."""

from __future__ import annotations

from collections.abc import Iterator

from fireside.alerts.models import Alert, Group, Source
from fireside.hearth.rooms import Room
from fireside.web.keyring import Held

GROUPS = 30  # of a room, whose sources are those that reach it
MAY, MAY_HERE = (
    "may post alerts into the rooms of our systems. It cannot read.",
    "may post here. It cannot read.",
)


def held(room: Room | None) -> Iterator[Held]:
    """Every source, or those of which alerts came into this room."""
    sources = Source.objects.filter(ended_at=None).select_related("made_by")
    if room is not None:
        newest = Group.objects.filter(room=room).order_by("-pk").values("pk")[:GROUPS]
        sources = sources.filter(pk__in=Alert.objects.filter(group__in=newest).values("source"))
    for source in sources:
        yield Held(
            mark=f"source:{source.pk}", name=source.name, kind="source", icon="activity",
            may=MAY if room is None else MAY_HERE, by=source.made_by, added_at=source.made_at,
            used_at=source.last_used,
            way_out=f"/source-end {source.name} ends its token.",
        )  # fmt: skip
