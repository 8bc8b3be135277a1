"""A person who goes: signed out at once, two weeks in which they could stay, then only a number is left."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.core import signing
from django.db import transaction
from django.urls import reverse

from fireside.hearth import audit, signins, workflows
from fireside.hearth.batches import batches
from fireside.hearth.messages import Message, Version
from fireside.hearth.namesakes import NAME, unname
from fireside.hearth.people import Person
from fireside.hearth.rooms import Room

GRACE = timedelta(days=14)
SALT = "come back"

# What later stages let go of a person, and of their words when those go too.
emptied: list[Callable[[Person], None]] = []


def leave(person: Person, *, by: Person, words_go: bool) -> str:
    """Sign them out everywhere and for good, unless they stay; gives the path by which they could come back.

    Only who goes by themselves gets it: whom a keeper deletes asks a keeper.
    """
    person.not_the_last_keeper()
    with transaction.atomic():
        if person.is_active:
            person.deactivate(by=by)
        person.goes_at, person.words_go = workflows.now() + GRACE, words_go
        person.save(update_fields=["goes_at", "words_go"])
        sign_out(person)
        audit.write("person.leaving", by=by, about=f"person:{person.pk}", words=words_go)
    return reverse("come-back", args=[signing.dumps(_claim(person), salt=SALT)]) if by == person else ""


def who_comes_back(token: str) -> Person | None:
    """Whoever holds this way back, while there is one."""
    try:
        pk, _ = claim = signing.loads(token, salt=SALT)
    except (signing.BadSignature, TypeError, ValueError):
        return None
    person = Person.objects.filter(pk=pk, goes_at__isnull=False, gone_at=None).first()
    return person if person is not None and _claim(person) == claim else None


def stay(person: Person, *, by: Person) -> None:
    """They stay after all, with everything but their sign-ins and keys."""
    with transaction.atomic():
        person.reactivate(by=by)
        audit.write("person.staying", by=by, about=f"person:{person.pk}")


def _claim(person: Person) -> list[object]:
    return [person.pk, int(person.goes_at.timestamp() * 1_000_000) if person.goes_at else 0]


def sign_out(person: Person) -> None:
    """End every sign-in of this person, and what they let others in with."""
    signins.end_all(person)
    person.api_keys.filter(ended_at=None).update(ended_at=workflows.now())
    person.invitations.filter(ended_at=None).update(ended_at=workflows.now())


def let_people_go() -> None:
    """Those whose time has come go; whoever dies half way goes on where it was."""
    for person in Person.objects.filter(goes_at__lte=workflows.now(), gone_at=None).order_by("pk"):
        _go(person)


def _go(person: Person) -> None:
    for empty in emptied:
        empty(person)
    words = 0
    if person.words_go:
        theirs = Message.objects.filter(author=person, deleted_at=None)
        theirs = theirs.exclude(text="", said="", room__purpose=Room.Purpose.INCIDENT)
        line = theirs.order_by("pk").values_list("pk", flat=True)
        words = batches(lambda most: list(line[:most]), lambda found: _take_back(found, person))
    unname(person)
    sign_out(person)
    asked = audit.Audit.objects.filter(verb="person.leaving", about=f"person:{person.pk}").first()
    with transaction.atomic():
        secret = (person.api_keys, person.invitations, person.webhooks, person.sign_ins)
        for private in (person.seats, person.drafts, *secret):
            private.all().delete()
        person.teams.clear()
        _stone(person)
        audit.write(
            "person.gone", by=asked.by if asked else None, about=f"person:{person.pk}", messages=words
        )


def _take_back(numbers: list[int], person: Person) -> int:
    """Their words go. What others answered stays, and so does a card that is part of an incident's story."""
    with transaction.atomic():
        Version.objects.filter(message__in=numbers).delete()
        for message in Message.objects.filter(pk__in=numbers).select_related("room"):
            message.entries.filter(verb="message.starred").update(
                words="", data={}, withdrawn_at=workflows.now(), withdrawn_by=person
            )
            if message.card and message.room.purpose == Room.Purpose.INCIDENT:
                message.text = message.said = ""
                message.save(update_fields=["text", "said"])
                message.index()
            else:
                message.delete_words(by=person)  # Slack hears of it, and open pages
    return len(numbers)


def _stone(person: Person) -> None:
    """What is left: a number, so that what they said to others still hangs together."""
    person.name, person.handle = NAME, f"someone-who-was-here-{person.pk}"
    person.email, person.about, person.theme, person.language, person.zone = None, "", "", "en", "UTC"
    person.keeper_since, person.last_login, person.hue = None, None, 1
    person.gone_at = person.joined_at = person.deactivated_at = workflows.now()
    person.goes_at = None
    person.set_unusable_password()
    person.save()
