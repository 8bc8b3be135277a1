"""What programs may read of post-mortems that were published, and of what was offered in them."""

from __future__ import annotations

from datetime import date, datetime

import msgspec
from django.db.models import Q, QuerySet

from fireside.hearth import webhooks
from fireside.postmortems.models import Mitigation, Postmortem
from fireside.web.api.records import readable


class PostmortemShape(msgspec.Struct):
    """What an incident taught; drafts are not told here."""

    id: int
    title: str
    incident: str
    system: str | None
    published_at: datetime | None
    url: str


class MitigationShape(msgspec.Struct):
    """A change so that the next person stands in a better place; `what` goes on from those words."""

    id: int
    what: str
    incident: str
    owner: str | None
    state: str
    due: date | None
    done_at: datetime | None
    effect: str
    url: str


def postmortem_shape(postmortem: Postmortem) -> PostmortemShape:
    incident = postmortem.incident
    return PostmortemShape(
        id=postmortem.pk, title=postmortem.title, incident=incident.name,
        system=incident.system.slug if incident.system else None, published_at=postmortem.published_at,
        url=postmortem.get_absolute_url(),
    )  # fmt: skip


def mitigation_shape(mitigation: Mitigation) -> MitigationShape:
    return MitigationShape(
        id=mitigation.pk, what=mitigation.what, incident=mitigation.postmortem.incident.name,
        owner=mitigation.owner.handle if mitigation.owner else None, state=mitigation.state,
        due=mitigation.due, done_at=mitigation.done_at, effect=mitigation.effect,
        url=mitigation.get_absolute_url(),
    )  # fmt: skip


def _offered() -> QuerySet[Mitigation]:
    published = Mitigation.objects.exclude(postmortem__published_at=None)
    return published.select_related("owner", "postmortem__incident")


readable(
    "postmortems",
    lambda: Postmortem.objects.exclude(published_at=None).select_related("incident__system"),
    postmortem_shape, room="incident__room", help="What incidents taught, once it is published.",
    filters={"system": lambda words: Q(incident__system__slug=words)},
)  # fmt: skip
readable(
    "mitigations", _offered, mitigation_shape, room="postmortem__incident__room",
    help="Changes offered, and whether they helped.",
    filters={"owner": lambda words: Q(owner__handle=words.lower().lstrip("@"))},
)  # fmt: skip

webhooks.offer(
    postmortem_opened="a post-mortem was begun", postmortem_published="a post-mortem was published",
    mitigation_offered="a change was offered", mitigation_done="a change was made",
)  # fmt: skip
