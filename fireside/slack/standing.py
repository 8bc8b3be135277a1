"""How it stands between Fireside and Slack, in plain words, for those who look after it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from fireside.hearth.people import Person
from fireside.hearth.rooms import Room
from fireside.hearth.start import ROOMS
from fireside.slack.channel import Channel
from fireside.slack.inbox import TRIES, Arrival
from fireside.slack.installation import Installation
from fireside.slack.post import Post
from fireside.slack.scopes import SCOPES, Scope

ENDED = {
    "app_uninstalled": "Fireside was taken out of this workspace.",
    "token_revoked": "Fireside was taken out of this workspace, or its token was taken back.",
    "tokens_revoked": "Fireside was taken out of this workspace, or its token was taken back.",
    "account_inactive": "The workspace, or our bot in it, was deactivated.",
    "invalid_auth": "Slack does not take our token any more.",
    "team_access_not_granted": "The organisation does not let us into this workspace any more.",
}
SHOWN = 200  # links on one page
LATE = "It is being tried again by itself."


@dataclass(frozen=True, slots=True)
class Link:
    """A room and a channel: `words` say what there is to know, "" when words simply go through."""

    channel: Channel
    words: str
    closed: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """One workspace: is it connected, what does not go well, what is linked."""

    installation: Installation
    ended: bool
    words: str  # "connected", "degraded" or "not connected"
    troubles: list[str]
    missing: list[Scope]
    links: list[Link]
    hidden: int  # links of private rooms whose door is closed to the reader
    rooms: list[Room]  # of the whole house, and without a channel

    @property
    def named(self) -> str:
        """By this a command knows which workspace is meant."""
        return self.installation.team_id or self.installation.name


def standings(person: Person) -> list[Standing]:
    """Every workspace that ever let us in, the living first."""
    known = Installation.objects.order_by("ended_at", "pk")
    return [_standing(one, person) for one in sorted(known, key=lambda one: one.ended_at is not None)]


def unanswered() -> str:
    """Why what is set has brought no workspace yet, or ""."""
    known = settings.SLACK
    if Installation.objects.exists() or known["CLIENT_ID"]:
        return ""
    if known["BOT_TOKEN"]:
        return f"SLACK_BOT_TOKEN is set, and Slack has not said yet whose it is. The log says more. {LATE}"
    if known["APP_TOKEN"] or known["SIGNING_SECRET"]:
        return "Slack could reach Fireside, and SLACK_BOT_TOKEN is not set yet. Step 3 says where it is."
    return ""


def with_waiting(channels: QuerySet[Channel]) -> QuerySet[Channel]:
    """The same, each with how many posts wait for it."""
    due = Post.objects.filter(channel=OuterRef("pk"), due_at__isnull=False).order_by().values("channel")
    counted = Subquery(due.annotate(n=Count("pk")).values("n"))  # never through all that was said
    return channels.select_related("room", "installation").annotate(waiting=Coalesce(counted, 0))


def link(channel: Channel) -> Link:
    """How it stands with one of `with_waiting`'s channels."""
    closed = channel.closed_at is not None or channel.installation.ended_at is not None
    return Link(channel, _said(channel, closed=closed), closed)


def _said(channel: Channel, *, closed: bool) -> str:
    if channel.installation.ended_at is not None:
        return f"{channel.installation} is no longer connected, so what is said here stays here."
    if closed or channel.trouble:
        return channel.trouble
    if not channel.channel_id:
        return "It is being made in Slack."
    waiting = channel.waiting  # type: ignore[attr-defined] # of `with_waiting`
    if not waiting or not channel.slowed or not channel.not_before or channel.not_before <= timezone.now():
        return ""
    why = channel.slowed.removeprefix("Slack ")
    return f"{waiting} waiting for Slack{f', which {why}' if why != channel.slowed else ''}."


def _standing(installation: Installation, person: Person) -> Standing:
    ended = installation.ended_at is not None or _tokenless(installation)
    missing = [] if ended else [scope for scope in SCOPES if scope.name in installation.missing]
    troubles = list(_troubles(installation))
    seen = Room.enterable_by(person)
    linked = Channel.objects.filter(installation=installation)
    current = linked.exclude(closed_at__isnull=False, room__archived_at__isnull=False)
    links = [link(one) for one in with_waiting(current.filter(room__in=seen)).order_by("room__slug")[:SHOWN]]
    free = seen.filter(slug__in=ROOMS, private=False, archived_at=None).exclude(channels__in=linked)
    degraded = troubles or missing or any(one.words and one.channel.channel_id for one in links)
    words = "not connected" if ended else "degraded" if degraded else "connected"
    hidden = current.exclude(room__in=seen).count()
    return Standing(installation, ended, words, troubles, missing, links, hidden, [] if ended else list(free))


def _tokenless(installation: Installation) -> bool:
    """Its token stood in the environment, and does no longer."""
    return not installation.token and not settings.SLACK["BOT_TOKEN"]


def _troubles(installation: Installation) -> Iterable[str]:
    trouble = installation.trouble
    if installation.ended_at is not None:
        yield ENDED.get(trouble, f"Slack says: {trouble}." if trouble else "It was ended.")
        return
    if _tokenless(installation):
        yield "SLACK_BOT_TOKEN is not set any more."
        return
    if trouble.startswith("Slack "):
        yield f"{trouble}. {LATE}"
    elif trouble and not trouble.startswith("missing_scope"):
        yield f"{trouble}."
    if installation.deaf:
        yield f"Nothing comes in. {installation.deaf}. {LATE}"
    if count := Arrival.objects.filter(installation=installation, tries__gte=TRIES).count():
        things = "One thing" if count == 1 else f"{count} things"
        yield f"{things} that came from Slack could not be handled. The log says why."
