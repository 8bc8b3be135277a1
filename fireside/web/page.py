"""How a view answers: one way to draw a page, one way to find what the asker may see."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar, cast

from django.db import models
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render, resolve_url

from fireside.hearth.people import Person
from fireside.hearth.rooms import visible

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

T = TypeVar("T", bound=models.Model)
V = TypeVar("V", bound=Callable[..., object])


def guests_too(view: V) -> V:
    """A page that guests are shown, with what is theirs; without this it is not there for them."""
    view.guests = True  # type: ignore[attr-defined]
    return view


def asker(request: HttpRequest) -> Person:
    """The person signed in; views behind `login_required` may count on it."""
    user: Person | AnonymousUser = request.user
    return cast(Person, user)


def page(
    request: HttpRequest,
    template: str,
    *,
    at: str,
    topics: Iterable[str] = (),
    status: int = 200,
    **context: Any,
) -> HttpResponse:
    """Draw a whole page. `at` marks the rail, `topics` are what its live stream listens to.

    Topics: "room:<slug>" (its messages), "story:<ref>" (anything on that timeline), "home".
    """
    context |= {"at": at, "stream": " ".join(topics), "key": secrets.token_urlsafe(16)}
    return render(request, template, context, status=status)


class SeeOther(HttpResponseRedirect):
    """It is done; what came of it is on another page, to be fetched and never posted to."""

    status_code = 303


def see_other(place: str | models.Model) -> SeeOther:
    """Lead on to a named page, an address or a record after a POST."""
    return SeeOther(resolve_url(place))


def found(queryset: models.QuerySet[T], person: Person, *, room: str = "room", **lookup: Any) -> T:
    """The one record this person may see; for anyone else it does not exist."""
    record = visible(queryset, person, room).filter(**lookup).first()
    if record is None:
        raise Http404
    return record
