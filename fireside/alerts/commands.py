"""What people do about alerts: take one on, ask what fires, connect a source."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.utils.timezone import now

from fireside.alerts import handle
from fireside.alerts.cards import lasted
from fireside.alerts.models import Group, Source
from fireside.hearth.commands import Ask, Whisper, command
from fireside.hearth.errors import Sorry
from fireside.hearth.keys import by_hand
from fireside.hearth.kinds import Kind, Line, Word, read_days, teach
from fireside.hearth.people import Role
from fireside.hearth.rooms import visible

teach(
    Group,
    Kind("alert", lambda words, ask: Group.named(words, person=ask.person), short=True, hint="group:12"),
)


@command("/on-it", example="/on-it", title="I am on it", where=("team",), role=Role.GUEST)
def on_it(ask: Ask, group: Group | None = None) -> Whisper:
    """Say that you are looking into an alert, so that nobody wonders. Without more, the newest one here."""
    group = group or _newest_in(ask)
    if group.take(by=ask.person):
        return Whisper(f"The card of {group.title} says that you are on it.")
    return Whisper(f"The card of {group.title} says so already.")


@command("/alerts", example="/alerts", title="What fires now", shows=True, role=Role.GUEST)
def alerts(ask: Ask) -> Whisper:
    """Tell what fires now, in all the rooms you could enter."""
    firing = visible(Group.objects.filter(resolved_at=None).select_related("room"), ask.person)
    lines = [
        f"- {group.title}, for {lasted(group.opened_at, now())}, in #{group.room.slug}"
        for group in firing[:20]
    ]
    return Whisper("\n".join(lines) or "Nothing fires. It is calm.")


@command(
    "/source", example="/source Prometheus in Frankfurt", title="Connect a source of alerts", role=Role.KEEPER
)
def source(ask: Ask, name: Line, days: Word = "") -> Whisper:
    """Make a token with which a Prometheus or an Alertmanager may post alerts; a second ends the first."""
    by_hand(ask.door)
    made, secret = Source.make(name, by=ask.person, days=read_days(days) if days else None)
    address = f"{settings.PUBLIC_URL}/hooks/alertmanager"
    return Whisper(
        f"This is the token of {made.name}. It is shown only now:\n\n`{secret}`\n\n"
        f"Alertmanager posts to `{address}` with it. The page Connect your Prometheus has it all to copy."
    )


@command(
    "/source-renew",
    example="/source-renew Prometheus in Frankfurt overlap: 7",
    title="A new token",
    role=Role.KEEPER,
)
def source_renew(ask: Ask, name: Line, overlap: Word = "7") -> Whisper:
    """Make a new token for a source; the old one works on for some days, and the page tells which is used."""
    by_hand(ask.door)
    found, days = _source(name), read_days(overlap, "overlap", least=0)
    secret = found.rotate(timedelta(days=days), by=ask.person)
    old = f"The old one works for {days} more days." if days else "The old one works no more."
    return Whisper(f"This is the new token of {found.name}. It is shown only now:\n\n`{secret}`\n\n{old}")


@command(
    "/source-end",
    example="/source-end Prometheus in Frankfurt",
    title="End a source of alerts",
    role=Role.KEEPER,
)
def source_end(ask: Ask, name: Line) -> Whisper:
    """Stop listening to a source. What still fired because of it counts as over."""
    found = _source(name)
    found.end(by=ask.person)
    handle.let_go(found)
    return Whisper(f"{found.name} is no longer listened to.")


def _newest_in(ask: Ask) -> Group:
    found = Group.objects.filter(room=ask.where(), resolved_at=None).select_related("room", "system").first()
    if found is None:
        raise Sorry("Nothing fires in this room right now.")
    return found


def _source(name: str) -> Source:
    found = Source.objects.filter(name__iexact=name.strip(), ended_at=None).first()
    if found is None:
        raise Sorry(f"There is no source called {name}.", field="name")
    return found
