"""The kinds of words that incident commands take: a moment that was, yes or no, something on the board."""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, TypeAlias, TypeVar

from django.db import models
from django.utils import timezone

from fireside.alerts.models import Group
from fireside.hearth.commands import Ask
from fireside.hearth.errors import NotYours, Sorry
from fireside.hearth.kinds import SUGGESTED, Kind, teach
from fireside.hearth.rooms import visible
from fireside.incidents.models import Attempt, Call, Decision, Incident

T = TypeVar("T", bound=models.Model)
NUMBER = re.compile(r"[0-9]{1,18}")
CLOCK = re.compile(r"(?:(yesterday|\d{4}-\d\d-\d\d)[ T])?(\d{1,2})[:.h](\d\d)(?::\d\d)?")
AGO = re.compile(r"(\d{1,4})\s*(m|min|minutes?|h|hours?)(?: ago)?")


def read_when(words: str, ask: Ask) -> dt.datetime:
    """ "9:14", "yesterday 23:50", "2026-11-24 09:14" or "20m ago"; a bare time is today's or yesterday's."""
    wish = words.strip().lower()
    now = timezone.now()
    if wish == "now":
        return now
    if ago := AGO.fullmatch(wish):
        unit = 60 if ago[2].startswith("h") else 1
        return now - dt.timedelta(minutes=int(ago[1]) * unit)
    if (clock := CLOCK.fullmatch(wish)) is None:
        raise Sorry(f"{words} is not a time. You could write 9:14, yesterday 23:50 or 20m ago.")
    moment = _on_the_clock(clock, now.astimezone(ask.person.tz), words)
    if moment > now:
        raise Sorry(f"{words} is still to come. This is for what has happened already.")
    return moment


def _on_the_clock(clock: re.Match[str], now: dt.datetime, words: str) -> dt.datetime:
    """The moment in the asker's zone; a bare clock time that is still to come was yesterday."""
    try:
        day = now.date()
        if clock[1] == "yesterday":
            day -= dt.timedelta(days=1)
        elif clock[1]:
            day = dt.date.fromisoformat(clock[1])
        moment = dt.datetime.combine(day, dt.time(int(clock[2]), int(clock[3])), now.tzinfo)
        if not clock[1] and moment > now:
            moment = dt.datetime.combine(day - dt.timedelta(days=1), moment.timetz())
        return moment.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        raise Sorry(f"{words} is not a time. You could write 9:14 or 2026-11-24 09:14.") from None


def _read_yes(words: str, ask: Ask) -> bool:
    wish = words.strip().lower()
    if wish not in ("yes", "no", "on", "true", "false"):
        raise Sorry(f"{words} is neither yes nor no.")
    return wish in ("yes", "on", "true")


def _read_incident(words: str, ask: Ask) -> Incident:
    wish = words.strip().lower().lstrip("#").removeprefix("inc-")
    seen = Incident.seen_by(ask.person).select_related("room", "lead")
    if NUMBER.fullmatch(wish) and (known := seen.filter(number=int(wish)).first()):
        return known
    raise NotYours(
        f"There is no incident called {words}. You could write INC-12, or look in the list of incidents."
    )


def _read_decision(words: str, ask: Ask) -> Decision:
    """A decision of the incident in this room: "D-3" or "3"."""
    wish = words.strip().lower().removeprefix("d-").removeprefix("d")
    known = Decision.objects.filter(incident=Incident.of(ask.where())).select_related("incident__room", "by")
    if NUMBER.fullmatch(wish) and (decision := known.filter(number=int(wish)).first()):
        return decision
    raise Sorry(
        f"There is no decision {words} in this incident. The register lists them: D-1, D-2 and so on."
    )


def _seen(queryset: models.QuerySet[T], words: str, ask: Ask, name: str) -> T:
    wish = words.strip().rpartition(":")[2].rpartition("-")[2]
    seen = visible(queryset, ask.person, "incident__room")
    if NUMBER.fullmatch(wish) and (known := seen.filter(pk=int(wish)).first()):
        return known
    raise NotYours(f"There is no {name} called {words}.")


def _read_attempt(words: str, ask: Ask) -> Attempt:
    return _seen(Attempt.objects.select_related("incident__room", "decision", "by"), words, ask, "attempt")


def _read_call(words: str, ask: Ask) -> Call:
    return _seen(Call.objects.select_related("incident__room", "by", "message__room"), words, ask, "call")


# -- what could be meant -------------------------------------------------------------------------------------


def _incidents(words: str, ask: Ask) -> list[tuple[str, str]]:
    """Open ones first, then those that were closed last."""
    wish = words.strip()
    close = models.Q(title__icontains=wish)
    if NUMBER.fullmatch(number := wish.lower().lstrip("#").removeprefix("inc-")):
        close |= models.Q(number=int(number))
    seen = Incident.seen_by(ask.person).filter(close)
    found = seen.order_by(models.F("closed_at").desc(nulls_first=True), "-number")[:SUGGESTED]
    return [(incident.name, str(incident)) for incident in found]


def _decisions(words: str, ask: Ask) -> list[tuple[str, str]]:
    """Those of the incident in this room, as they are read."""
    here = Decision.objects.filter(incident__room=ask.room, what__icontains=words.strip())
    seen = visible(here, ask.person, "incident__room").order_by("-number")[:SUGGESTED]
    return [(decision.name, str(decision)) for decision in seen]


def _attempts(words: str, ask: Ask) -> list[tuple[str, str]]:
    """What is being done or suspected: the asker's own first, outside a room those alone."""
    open_ = Attempt.objects.filter(
        kind__in=(Attempt.Kind.DOING, Attempt.Kind.THEORY),
        incident__closed_at=None,
        what__icontains=words.strip(),
    )
    here = open_.filter(incident__room=ask.room) if ask.room else open_.filter(by=ask.person)
    seen = visible(here, ask.person, "incident__room").order_by("-pk")[:SUGGESTED]
    own_first = sorted(seen, key=lambda attempt: attempt.by_id != ask.person.pk)
    return [(str(attempt.pk), attempt.what) for attempt in own_first]


def _calls(words: str, ask: Ask) -> list[tuple[str, str]]:
    open_ = Call.objects.filter(incident__closed_at=None, need__icontains=words.strip())
    seen = visible(open_, ask.person, "incident__room").order_by("-pk")[:SUGGESTED]
    return [(str(call.pk), call.need) for call in seen]


def _alerts(words: str, ask: Ask) -> list[tuple[str, str]]:
    """What fires comes first."""
    seen = visible(Group.objects.filter(title__icontains=words.strip()), ask.person)
    found = seen.order_by(models.F("resolved_at").desc(nulls_first=True), "-pk")[:SUGGESTED]
    return [(f"group:{group.pk}", group.title) for group in found]


YES_OR_NO = (("yes", "yes"), ("no", "no"))
When: TypeAlias = Annotated[dt.datetime, Kind("when", read_when, hint="9:14 or 20m ago")]
YesNo: TypeAlias = Annotated[bool, Kind("choice", _read_yes, short=True, hint="yes | no", choices=YES_OR_NO)]
teach(
    Group,
    Kind(
        "alert", lambda words, ask: Group.named(words, person=ask.person), True, "an alert", suggest=_alerts
    ),
)
teach(Incident, Kind("incident", _read_incident, short=True, hint="INC-12", suggest=_incidents))
teach(Decision, Kind("decision", _read_decision, short=True, hint="D-3", suggest=_decisions))
teach(
    Attempt,
    Kind("attempt", _read_attempt, True, "the number of something on the board", suggest=_attempts),
)
teach(Call, Kind("call", _read_call, short=True, hint="the number of a call", suggest=_calls))
