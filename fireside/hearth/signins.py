"""Where somebody is signed in: each browser, its address, when it was last seen; to be ended at any time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import ClassVar

from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.models import Session
from django.db import models, transaction
from django.db.models import OuterRef, Q
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from fireside.hearth import audit
from fireside.hearth.away import if_possible
from fireside.hearth.people import Person

SELDOM = 300  # seconds between two looks at the same browser, so that reading costs no writing
MOST = 20_000  # sessions remembered by this process

ended: list[Callable[[set[str]], None]] = []  # who hears of sessions that let nobody in any more
_seen: dict[str, float] = {}  # when this process wrote down that a session was seen


class SignIn(models.Model):
    """One browser in which a person is signed in; gone with its session."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="sign_ins")
    session = models.CharField(max_length=40, unique=True)
    since = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField(default=timezone.now)
    browser = models.CharField(max_length=200, blank=True, default="")
    address = models.CharField(max_length=45, blank=True, default="")

    class Meta:
        ordering: ClassVar = ["-seen_at"]

    def __str__(self) -> str:
        return f"{self.person} in {self.browser or 'some browser'}"


class Tally(models.Model):
    """How often something was tried, counted for all processes: the table of Django's database cache."""

    cache_key = models.CharField(max_length=255, primary_key=True)
    value = models.TextField()
    expires = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "hearth_tally"

    def __str__(self) -> str:
        return self.cache_key


def seen(person: Person, session: str, *, browser: str, address: str) -> None:
    """This browser is here; written down every few minutes at most, and never in the way of reading."""
    now = time.monotonic()
    if now - _seen.get(session, -SELDOM) < SELDOM:
        return
    if len(_seen) >= MOST:
        _seen.clear()
    _seen[session] = now
    place = SignIn(person=person, session=session, browser=browser[:200], address=address[:45])
    changes = ["person", "seen_at", "browser", "address"]
    keep = partial(SignIn.objects.bulk_create, update_conflicts=True, unique_fields=["session"])
    if_possible(partial(keep, [place], update_fields=changes))


def living(person: Person) -> list[SignIn]:
    """Where this person is signed in now, the newest first."""
    found = SignIn.objects.filter(person=person).annotate(
        held=models.Subquery(
            Session.objects.filter(session_key=OuterRef("session"), expire_date__gt=timezone.now()).values(
                "session_data"
            )[:1]
        )
    )
    return [one for one in found if one.held and holds(person, Session(session_data=one.held).get_decoded())]


def holds(person: Person | None, data: dict[str, str]) -> bool:
    """Does a session with this in it still let this person in?"""
    if person is None or not person.is_active or data.get(SESSION_KEY) != str(person.pk):
        return False
    return constant_time_compare(data.get(HASH_SESSION_KEY, ""), person.get_session_auth_hash())


def end(person: Person, session: str, *, by: Person) -> None:
    """Sign one browser of this person out."""
    with transaction.atomic():
        _end({session})
        audit.write("session.ended", by=by, about=f"person:{person.pk}", sessions=1)


def end_all(person: Person, *, but: str = "", by: Person | None = None) -> int:
    """Sign this person out everywhere, but for one session; tells how many ended."""
    gone = {key for key in _sessions(person) if key != but}
    with transaction.atomic():
        _end(gone)
        if gone and by is not None:
            audit.write("session.ended", by=by, about=f"person:{person.pk}", sessions=len(gone))
    return len(gone)


def _sessions(person: Person) -> Iterator[str]:
    """All of theirs, also those that began before sign-ins were written down."""
    for session in Session.objects.iterator(chunk_size=500):
        if session.get_decoded().get(SESSION_KEY) == str(person.pk):
            yield session.session_key


def _end(sessions: set[str]) -> None:
    Session.objects.filter(session_key__in=sessions).delete()
    SignIn.objects.filter(session__in=sessions).delete()
    for session in sessions:
        _seen.pop(session, None)
    transaction.on_commit(partial(tell, sessions))


def tell(sessions: set[str]) -> None:
    """Open pages of these sessions hear of it in this process at once, elsewhere within a minute."""
    for hear in ended:
        hear(sessions)


def tidy() -> None:
    """Let go of where people were signed in, and of what was counted long ago."""
    now = timezone.now()
    old = Q(seen_at__lt=now - timedelta(days=1)) & ~models.Exists(
        Session.objects.filter(session_key=OuterRef("session"))
    )
    SignIn.objects.filter(old).delete()
    Tally.objects.filter(expires__lt=now).delete()
