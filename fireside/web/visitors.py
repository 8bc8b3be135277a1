"""Who reads a live page: found by the session when it opens, and looked for again while it stays open."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth import SESSION_KEY, get_user
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import close_old_connections
from django.db.models import Max
from django.http import HttpRequest, parse_cookie
from django.utils import timezone

from fireside.hearth.people import Person
from fireside.hearth.signins import holds
from fireside.hearth.timeline import Entry


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who came with which session, and the newest entry there was then."""

    person: Person
    session: str
    newest: int


def visitor(headers: dict[bytes, bytes]) -> Visitor | None:
    """Whoever holds the session of this cookie."""
    cookies = parse_cookie(headers.get(b"cookie", b"").decode("latin-1"))
    session = cookies.get(settings.SESSION_COOKIE_NAME, "").replace("\0", "")
    request = HttpRequest()
    request.session = SessionStore(session)
    try:
        person = get_user(request)
        if not isinstance(person, Person) or not person.is_active:
            return None
        return Visitor(person, session, Entry.objects.aggregate(newest=Max("pk"))["newest"] or 0)
    finally:
        close_old_connections()


def signed_in(sessions: Set[str]) -> set[str]:
    """Those of the sessions that still let somebody in: not signed out, not ended by a new password."""
    known = Session.objects.filter(session_key__in=sessions, expire_date__gt=timezone.now())
    held = {session.session_key: session.get_decoded() for session in known}
    people = Person.objects.in_bulk({int(data[SESSION_KEY]) for data in held.values() if SESSION_KEY in data})
    return {key for key, data in held.items() if holds(people.get(int(data.get(SESSION_KEY, 0))), data)}
