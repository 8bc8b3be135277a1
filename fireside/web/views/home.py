"""The hearth: what goes on now, the day so far, and what was said in one's rooms."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.contrib.auth.decorators import login_required
from django.db.models import Exists
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.text import Truncator
from django.views.decorators.http import require_safe

from fireside.hearth import guests
from fireside.hearth.messages import Message
from fireside.hearth.people import Organisation, Person
from fireside.hearth.rooms import Room, Seat
from fireside.hearth.timeline import Entry
from fireside.web import places
from fireside.web.drawings import Mark, day_line
from fireside.web.page import asker, guests_too, page
from fireside.web.reading import gist

YOUNG = timedelta(days=60)  # for so long a new house shows first steps
SAID = 6  # rooms whose last words are shown
LATELY = timedelta(days=2)  # older words are no news
LINE = 120  # letters of the one line a room gets


@dataclass(frozen=True, slots=True)
class Step:
    """Something a new house could do first; it goes when an entry says it was done."""

    words: str
    why: str
    url: str
    icon: str
    done: str


STEPS = (
    Step(
        "Invite people", "A link lets them in; it takes a minute.",
        "/settings/invitations/", "user-plus", "person.invited",
    ),
    Step(
        "Connect your Prometheus", "Alerts then arrive in the room of the team that can help.",
        "/alerts/connect/", "plug", "source.made",
    ),
    Step(
        "Practise an incident", "Open one that is only practice, and look around in calm.",
        "/do/incident/", "siren", "incident.opened",
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class News:
    """The last words of a room in one line."""

    room: Room
    words: str
    at: datetime


@guests_too
@login_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    with places.one_page():
        return _drawn(request, asker(request))


def _drawn(request: HttpRequest, me: Person) -> HttpResponse:
    now = timezone.localtime()
    start = timezone.make_aware(datetime.combine(now.date(), time()))
    end = timezone.make_aware(datetime.combine(now.date() + timedelta(days=1), time()))
    marks = [mark for draw in places.day_marks for mark in draw(me, start, end)]
    first = [guests.hello(me)] if me.is_guest else []
    sentences = [words for greet in places.greetings if (words := greet(me))]
    spoken = _aloud(marks)
    return page(
        request, "web/home.html", at="home", topics=["home"], first_name=me.name.partition(" ")[0],
        sentence=" ".join([*first, *sentences]) or "Everything is quiet.", now=now, counted=spoken,
        line=day_line(marks, now, start, end, words=spoken),
        narrow_line=day_line(marks, now, start, end, narrow=True, words=spoken),
        main=places.pieces(places.home_main, me), side=places.pieces(places.home_side, me),
        coming=places.coming_up(me),
        steps=first_steps(me), said=last_words(me),
    )  # fmt: skip


def last_words(me: Person) -> list[News]:
    """The latest words in each of one's rooms, newest first; one question, whatever their history."""
    newest = Seat.objects.filter(person=me, room__archived_at=None).values("room__last_message")
    said = Message.objects.filter(pk__in=newest, deleted_at=None, at__gt=timezone.now() - LATELY)
    listed = said.select_related("room", "author").order_by("-at")[:SAID]
    return [News(message.room, line(message), message.at) for message in listed]


def line(message: Message) -> str:
    """Who, and the gist of it."""
    who = message.author.name.partition(" ")[0] if message.author else message.speaker
    return Truncator(f"{who}: {gist(message)}").chars(LINE)


def first_steps(me: Person) -> list[Step]:
    """What a young house has not done yet."""
    if me.is_guest:
        return []
    done = {step.done.replace(".", "_"): Exists(Entry.objects.filter(verb=step.done)) for step in STEPS}
    young = Organisation.objects.filter(made_at__gt=timezone.now() - YOUNG).order_by("pk")
    known = young.values(**done).first()
    return [step for step, is_done in zip(STEPS, known.values(), strict=True) if not is_done] if known else []


def _aloud(marks: list[Mark]) -> str:
    """ "2 deploys, 1 incident so far": the day line in words."""
    counts = {kind: sum(mark.kind == kind for mark in marks) for kind in ("deploy", "alert", "incident")}
    words = [f"{count} {kind}{'s' * (count != 1)}" for kind, count in counts.items() if count]
    return f"{', '.join(words)} so far" if words else "Nothing out of the ordinary so far"
