"""The first minute: the organisation, its first keeper, and the rooms every house has."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from fireside.hearth.errors import Sorry
from fireside.hearth.people import Invitation, Organisation, Person, zones
from fireside.hearth.rooms import Room
from fireside.hearth.timeline import note

# Where else somebody with a proved e-mail may be known already. A later stage adds its own.
elsewhere: list[Callable[[str], Person | None]] = []
ROOMS = {
    "incidents": (Room.Purpose.OTHER, "What is in trouble and what we do about it, in one place."),
    "calls-for-help": (Room.Purpose.CALLS, "Anybody stuck asks here; whoever can help answers."),
    "celebrations": (Room.Purpose.CELEBRATE, "What we shipped, put right and learned."),
}


def begin(org_name: str, *, name: str, email: str, password: str, zone: str = "UTC") -> Person:
    """Make the organisation and its first keeper; Sorry for whoever comes a moment later."""
    late = Sorry("Someone has just set up this Fireside. Ask them for an invitation link.")
    if Organisation.current() is not None:
        raise late
    try:
        with transaction.atomic():
            # The row's number is given, so that of two first visitors the database lets one through.
            Organisation.objects.create(pk=1, name=org_name.strip(), zone=zone)
            keeper = _arrive(name, email, password, zone, keeper_since=timezone.now())
            note("organisation.made", f"set up Fireside for {org_name.strip()}", by=keeper)
            for slug, (purpose, about) in ROOMS.items():
                Room.make(slug, by=keeper, purpose=purpose, about=about)
    except IntegrityError:
        raise late from None
    return keeper


def join(invitation: Invitation, *, name: str, email: str, password: str, zone: str = "UTC") -> Person:
    """Let someone in by an invitation, into its team and the rooms every house has.

    A guest comes into the rooms that are named in it, and nobody after them by the same link.
    """
    try:
        return _come_in(invitation, name, email, password, zone)
    except IntegrityError:
        # The same sentence whether or not the address is known, as far as one can be vague and still of use.
        raise Sorry(
            "That e-mail could not be used here. Try signing in, or use another one.", field="email"
        ) from None


def arrive(name: str, email: str, *, zone: str = "UTC", invitation: Invitation | None = None) -> Person:
    """Let someone in whom another house vouches for, without a password here."""
    return _come_in(invitation, name, email, "", zone if zone in zones() else "UTC")


def known_by(email: str) -> Person | None:
    """Whoever this proved e-mail belongs to: by signing in with it, or by what they said elsewhere."""
    for person in Person.objects.filter(email__iexact=email):
        if person.email and _same(person.email) == _same(email):  # a database may find two letters alike
            return person
    for find in elsewhere:
        if found := find(email):
            found.email = email.lower()
            found.save(update_fields=["email"])
            return found
    return None


def _same(email: str) -> str:
    return unicodedata.normalize("NFKC", email).casefold()


def _come_in(invitation: Invitation | None, name: str, email: str, password: str, zone: str) -> Person:
    with transaction.atomic():
        rooms = _first_rooms(invitation)
        guest = _used_up(invitation, rooms) if invitation else {}
        person = _arrive(name, email, password, zone, **guest)
        note(
            "person.joined", f"{person.name} joined", by=person, about=f"person:{person.pk}",
            invited_by=invitation.made_by_id if invitation else None,
        )  # fmt: skip
        if invitation is not None and invitation.team is not None:
            person.teams.add(invitation.team)
        for room in rooms:
            room.seat(person, by=invitation.made_by if invitation and guest else None, quiet=True)
    return person


def _used_up(invitation: Invitation, rooms: list[Room]) -> dict[str, Any]:
    """What a guest is, whose link lets in nobody else; nothing for a member. Sorry when it has ended."""
    held = Invitation.objects.select_for_update().filter(pk=invitation.pk)
    held.first()  # so that one guest comes in by it, and not two at once
    if Invitation.open_now(invitation.secret) is None or (invitation.guest_until and not rooms):
        raise Sorry("This invitation has ended. Ask whoever sent it for a new one.")
    if not invitation.guest_until:
        return {}
    held.update(ended_at=timezone.now())
    return {"guest_since": timezone.now(), "guest_until": invitation.guest_until}


def _first_rooms(invitation: Invitation | None) -> list[Room]:
    if invitation is not None and invitation.guest_until:  # those that whoever made it may still enter
        return [room for room in invitation.rooms.all() if room.may_enter(invitation.made_by)]
    rooms = list(Room.objects.filter(slug__in=ROOMS, private=False, archived_at=None))
    if invitation is None:
        return rooms
    if invitation.team is not None and invitation.team.room is not None and not invitation.team.room.private:
        rooms.append(invitation.team.room)
    return rooms


def _arrive(name: str, email: str, password: str, zone: str, **more: Any) -> Person:
    person = Person.welcome(name, email=email, zone=zone, **more)
    if password:
        person.set_password(password)
        person.save(update_fields=["password"])
    return person
