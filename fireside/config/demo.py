"""`fireside demo`: an empty Fireside is filled with the story of Unicorn Rentals."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils import timezone

from fireside.alerts.handle import take_all
from fireside.alerts.models import Delivery, Group, Source
from fireside.config import story, story_keys
from fireside.config.past import happened
from fireside.hearth import start
from fireside.hearth.commands import Ask, Outcome, Sorry, perform, say_line
from fireside.hearth.models import Message, Organisation, Person, Room, Team
from fireside.hearth.workflows import rest, settle
from fireside.incidents.drawn import redraw
from fireside.incidents.models import Call, Incident
from fireside.keys import ours
from fireside.keys.models import Holder
from fireside.postmortems.models import Postmortem, Telling
from fireside.systems.models import Runbook, System

Lines = Sequence[tuple[int, str, str, str]]


def fill() -> str:
    """Tell the whole story in one transaction; returns what to say to whoever asked for it."""
    if Organisation.current() is not None:
        raise Sorry(
            "There are people in this Fireside already. For the demo use an empty folder: --data ./demo"
        )
    now = timezone.now()
    with transaction.atomic():
        with happened(now - timedelta(days=400)):
            _people()
            _rooms()
        _systems(now)
        _keys(now)
        _fired(now, lambda minutes: minutes < -story.DAY)
        _past(now)
        _fired(now, lambda minutes: minutes >= -story.DAY)
        for minutes, who, room, line in [*story.TALK, *story.RELEASE]:
            _say(now + timedelta(minutes=minutes), who, room, line)
        _live(now)
        _clap()
        ours.meet()
        rest()
    return (
        f"{story.ORG} is here. Sign in as aroha@example.org (or priya, sione, mei, kiri ... @example.org) "
        f"with the password: {story.PASSWORD}"
    )


def _people() -> None:
    first, *others = story.PEOPLE.items()
    keeper = start.begin(
        story.ORG, name=first[1][0], email=f"{first[0]}@example.org", password=story.PASSWORD, zone=story.ZONE
    )
    keeper.handle = first[0]
    keeper.save()
    for slug, (name, purpose) in story.TEAMS.items():
        Team.objects.create(slug=slug, name=name, purpose=purpose)
    secret = make_password(story.PASSWORD)
    for handle, (name, _, about) in others:
        person = Person.welcome(
            name, email=f"{handle}@example.org", handle=handle, zone=story.ZONE, about=about
        )
        Person.objects.filter(pk=person.pk).update(password=secret)
    for handle, (_, teams, about) in story.PEOPLE.items():
        person = _who(handle)
        person.teams.set(Team.objects.filter(slug__in=teams))
        Person.objects.filter(pk=person.pk).update(about=about)


def _rooms() -> None:
    everyone = list(Person.objects.all())
    for slug, (purpose, about, team_slug, private) in story.ROOMS.items():
        team = Team.objects.filter(slug=team_slug).first()
        members = [person for person in everyone if team is None or team in person.teams.all()]
        room = Room.make(slug, by=members[0], purpose=purpose, about=about, team=team, private=private)
        for person in members[: 3 if private else None]:
            room.seat(person)
        if team is not None and not private:
            Team.objects.filter(pk=team.pk).update(room=room)
    for slug in start.ROOMS:
        for person in everyone:
            Room.objects.get(slug=slug).seat(person)


def _systems(now: datetime) -> None:
    with happened(now - timedelta(days=300)):
        for name, (what, team_slug, labels) in story.SYSTEMS.items():
            team = Team.objects.get(slug=team_slug)
            System.add(name, by=_who("aroha"), what=what, team=team, matchers=[labels])
    for title, (system, alert, by, days, steps) in story.RUNBOOKS.items():
        with happened(now - timedelta(days=days)):
            known = System.objects.get(name=system)
            Runbook.write(title, steps, by=_who(by), system=known, alertname=alert)


def _keys(now: datetime) -> None:
    """What is connected, as it was connected; what grew since has been noted and not looked at."""
    for name, kind, place, keeper, days, used, told in story_keys.KEYS:
        room, who = Room.objects.filter(slug=place).first(), _who(keeper) if keeper else None
        with happened(now - timedelta(days=days)):
            one = Holder.connect(name, by=who or _who("aroha"), keeper=who, kind=kind, room=room, **told)
        Holder.objects.filter(pk=one.pk).update(
            used_at=now - timedelta(days=used), review_by=(now + timedelta(days=90 - days % 90)).date()
        )
    name, scopes = story_keys.GREW
    with happened(now - timedelta(days=4)):
        Holder.objects.get(name=name).now_has(scopes, by=None)
        settle()


def _past(now: datetime) -> None:
    begin = now - timedelta(days=6, hours=7)
    quiet = _tell(story.QUIET, begin)
    with happened(now - timedelta(days=5)):
        lines = [*story.QUIET_STORY, *story.QUIET_MORE]
        _write(quiet, lines, "The night search went quiet", story.QUIET_SUMMARY)
    for handle, moments in story.QUIET_TELLINGS.items():
        telling = Telling.mine(Postmortem.objects.get(incident=quiet), _who(handle))
        for minutes, saw, knew, thought in moments:
            telling.add(begin + timedelta(minutes=minutes), saw=saw, knew=knew, thought=thought)
        telling.share()
    with happened(now - timedelta(days=2)):
        _do("luca", quiet.room, "publish")
        settle()
    for handle in ("aroha", "mei", "sione", "ruth", "kiri"):
        _do(handle, quiet.room, "applaud")
    calendar = _tell(story.CALENDAR, now - timedelta(days=4, hours=3))
    with happened(now - timedelta(days=3)):
        _write(calendar, story.CALENDAR_STORY, "The Sunday with a missing hour", "")


def _write(incident: Incident, lines: Sequence[tuple[str, str]], title: str, summary: str) -> None:
    for handle, line in lines:
        say_line(Ask(_who(handle), incident.room), line)
    perform(Ask(_who(lines[0][0]), incident.room), "title", {"title": title})
    if summary:
        perform(Ask(_who("luca"), incident.room), "write", {"section": "summary", "words": summary})


def _fired(now: datetime, then: Callable[[int], bool]) -> None:
    """Alerts of earlier days, over again; some were met with their runbook."""
    for minutes, name, lasted, who in story.FIRED:
        if not then(minutes):
            continue
        began = now + timedelta(minutes=minutes)
        over = began + timedelta(minutes=lasted, seconds=1)
        _alert(name, began)
        group = _alert(name, over, over=True)
        group.redraw()  # only now is it known how long that was
        said = f"Back to normal after {lasted} minutes"
        Message.objects.filter(thread=group.message, author=None).update(text=said)
        if who:
            with happened(over):
                book = Runbook.objects.get(alertname=name)
                _do(who, group.room, "runbook-helped", runbook=book.slug, about=group.ref)
                settle()


def _clap() -> None:
    for words, sign, handles in story.CLAPS:
        message = Message.objects.get(text__startswith=words)
        for handle in handles:
            message.clap(sign, by=_who(handle))


def _live(now: datetime) -> None:
    group = _alert("PaymentsRefused", now - timedelta(minutes=47))
    lines = [
        (minutes, who, room, line.replace("{group}", group.ref)) for minutes, who, room, line in story.REFUSED
    ]
    incident = _tell(lines, now)
    group.refresh_from_db()
    begin = group.opened_at.replace(second=0, microsecond=0)
    group.counts = [[(begin + timedelta(minutes=n)).isoformat(), min(8, 1 + n // 5)] for n in range(47)]
    group.save(update_fields=["counts"])
    group.redraw()
    incident.refresh_from_db()
    redraw(incident)


def _alert(name: str, moment: datetime, *, over: bool = False) -> Group:
    """Prometheus calls, or says that it is over, through the same inbox as every day."""
    source, _ = Source.make("prometheus", by=_who("sione"))
    with happened(moment):
        at = timezone.now().isoformat()
        body = json.dumps(story.alert(name, at, at if over else "")).encode()
        sha256 = hashlib.sha256(body).hexdigest()
        Delivery.objects.create(
            source=source, at=timezone.now(), form="webhook", sha256=sha256, size=len(body), body=body
        )
        take_all()
        settle()
    return Group.objects.latest("pk")


def _tell(lines: Lines, begin: datetime) -> Incident:
    """Live through one incident line by line, each at its own minute."""
    known = set(Incident.objects.values_list("pk", flat=True))
    place = ""
    for minutes, who, room, line in lines:
        moment = begin + timedelta(minutes=minutes)
        if line == "{coming}":
            _coming(moment, who)
            continue
        _say(moment, who, room.format(inc=place), line)
        if newest := Incident.objects.exclude(pk__in=known).select_related("room").first():
            place = newest.room.slug
    return Incident.objects.exclude(pk__in=known).get()


def _coming(moment: datetime, who: str) -> None:
    with happened(moment):
        call = Call.objects.latest("pk")
        room = Room.objects.get(slug="calls-for-help")
        perform(Ask(_who(who), room), "coming", {"call": str(call.pk)})
        settle()


def _say(moment: datetime, who: str, room: str, line: str) -> Outcome:
    with happened(moment):
        outcome = say_line(Ask(_who(who), Room.objects.get(slug=room)), line)
        settle()
    return outcome


def _do(who: str, room: Room, verb: str, **values: str) -> Outcome:
    return perform(Ask(_who(who), room), verb, values)


def _who(handle: str) -> Person:
    return Person.objects.get(handle=handle)
