"""Somebody from outside: brought into named rooms until a day, and out at once when it has passed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone

from fireside.hearth import workflows
from fireside.hearth.errors import Sorry
from fireside.hearth.people import Invitation, Person
from fireside.hearth.rooms import Room
from fireside.hearth.timeline import note

USUAL = dt.timedelta(days=14)
MOST = dt.timedelta(days=365)
LINK = 7  # days in which somebody can come in by a guest's link; it lets one person in


def last_day(by: Person) -> dt.date:
    """The last day of a guest when nobody names one."""
    return timezone.now().astimezone(by.tz).date() + USUAL


def bring(rooms: Iterable[Room], until: dt.date, *, by: Person) -> Invitation:
    """A link by which one person comes in as a guest of these rooms."""
    end = _end_of(until, by)
    with transaction.atomic():
        made = Invitation.make(by=by, days=LINK, guest_until=end)
        made.rooms.set(rooms)
        note("person.invited", "made an invitation link", by=by, about=f"invitation:{made.pk}")
    return made


def hello(guest: Person) -> str:
    """What a guest reads first."""
    until = f" until {guest.guest_until.astimezone(guest.tz):%-d %B}" if guest.guest_until else ""
    return f"You are a guest here{until}. What you could read and say is in your rooms."


def looks_after(guest: Person, person: Person) -> bool:
    """Does this person look after a room of theirs, or after the house?"""
    mine = person.seats.filter(keeper=True).values("room")
    return person.is_keeper or guest.seats.filter(room__in=mine).exists()


def stay(guest: Person, until: dt.date, *, by: Person) -> None:
    """A guest stays until the end of another day, also one whose last day has passed."""
    if not guest.is_guest:
        raise Sorry(f"{guest.name} is a member here, and stays.", field="person")
    _for_who_looks_after(guest, by)
    ended = guest.deactivated_at is not None and not guest.is_over  # by somebody, and not by the calendar
    if ended and not by.is_keeper:
        raise Sorry(f"The access of {guest.name} was ended. A keeper of the house could give it back.")
    guest.guest_until = _end_of(until, by)
    with transaction.atomic():
        guest.save(update_fields=["guest_until"])
        if guest.deactivated_at is not None:
            guest.reactivate(by=by)
        words = f"{guest.name} is a guest until {until:%-d %B %Y}"
        note("person.guest", words, by=by, about=f"person:{guest.pk}")


def let_go(guest: Person, *, by: Person) -> None:
    """A guest's access ends at once."""
    _for_who_looks_after(guest, by)
    if guest.is_active:
        guest.deactivate(by=by)


def let_go_of_all_that_are_over() -> None:
    """Note for everybody that a guest's last day has passed; they have been out since."""
    over = Person.objects.filter(guest_until__lte=workflows.now(), deactivated_at=None)
    for guest in over.order_by("pk"):
        with transaction.atomic():
            guest.deactivate(by=None)


def _for_who_looks_after(guest: Person, by: Person) -> None:
    if not looks_after(guest, by):
        raise Sorry("Whoever looks after a room of theirs could do this, and so could a keeper of the house.")


def _end_of(day: dt.date, by: Person) -> dt.datetime:
    """The last moment of a day as `by` has days; Sorry when it has passed or is too far away."""
    now = timezone.now().astimezone(by.tz)
    if not now.date() <= day <= (now + MOST).date():
        raise Sorry("A guest stays until today at the soonest, and for a year at most.", field="until")
    return dt.datetime.combine(day, dt.time.max, by.tz)
