"""How I want to be met, the keys and invitations I gave out, and what keepers look after."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any, TypeAlias

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.db.models import Exists, OuterRef, Prefetch, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from fireside.hearth.commands import book
from fireside.hearth.keys import Key, ending_soon
from fireside.hearth.people import Invitation, Organisation, Person
from fireside.hearth.rooms import Room
from fireside.hearth.timeline import note
from fireside.web.accounts import reset_link
from fireside.web.forms import ask
from fireside.web.page import asker, guests_too, page, see_other
from fireside.web.places import Coming
from fireside.web.saying import form_html
from fireside.web.views.asking import House, NewInvitation, NewKey, Overlap, Profile
from fireside.web.views.people import PAGE, beginning_after

View: TypeAlias = Callable[..., HttpResponseBase]


def for_keepers(view: View) -> View:
    """For everybody else the page does not exist."""

    @login_required
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not asker(request).is_keeper:
            raise Http404
        return view(request, *args, **kwargs)

    guarded.keepers = True  # type: ignore[attr-defined] # for the table of who may what
    return guarded


@guests_too
@login_required
def profile(request: HttpRequest) -> HttpResponse:
    # The form works on a copy, so that a refused name is not drawn around the page as if it were kept.
    form = Profile(request.POST or None, instance=Person.objects.get(pk=asker(request).pk))
    if form.is_valid():
        form.save()
        return _done(request, gettext("Your profile is kept."), "settings")
    return _part(request, "profile", status=422 if form.is_bound else 200, form=form)


@login_required
def keys(request: HttpRequest) -> HttpResponse:
    """Keys for programs that act as me; the secret of a new one is shown in this answer and never again."""
    me = asker(request)
    form, secret = NewKey(me, request.POST or None), ""
    if form.is_valid():
        _, secret = Key.make(me, **form.cleaned_data)
        form = NewKey(me)
    return _keys(request, form, secret)


@login_required
@require_POST
def rotate_key(request: HttpRequest, pk: int) -> HttpResponse:
    """A new secret for a key, shown in this answer; the old one works on for as long as was chosen."""
    key = get_object_or_404(Key, pk=pk, person=asker(request), ended_at=None)
    form = Overlap(request.POST)
    secret = key.rotate(form.cleaned_data["overlap"], by=asker(request)) if form.is_valid() else ""
    return _keys(request, NewKey(asker(request)), secret)


@login_required
@require_POST
def end_key(request: HttpRequest, pk: int) -> HttpResponse:
    """Nothing opens with this key any more; with `old`, nothing with the secret before its newest."""
    key = get_object_or_404(Key, pk=pk, person=asker(request), ended_at=None)
    if request.POST.get("old"):
        key.end_old(by=asker(request))
        return _done(request, gettext("The earlier secret opens nothing now."), "settings-keys")
    key.end(by=asker(request))
    return _done(
        request, gettext("The key “%(name)s” opens nothing now.") % {"name": key.name}, "settings-keys"
    )


def _keys(request: HttpRequest, form: NewKey, secret: str) -> HttpResponse:
    living = asker(request).api_keys.filter(ended_at=None).prefetch_related("rooms").order_by("-pk")
    return _part(
        request, "keys", status=422 if form.is_bound else 200, form=form, secret=secret, keys=living,
        overlap=Overlap(),
    )  # fmt: skip


def keys_end(person: Person) -> Iterator[Coming]:
    """On one's home, for the last week of a key's life."""
    for key in ending_soon().filter(person=person):
        more = gettext("What holds it will be turned away then. My keys gives it a new secret.")
        words = gettext("The key “%(name)s” ends on %(day)s") % {"name": key.name, "day": key.ends_on}
        yield Coming(key.expires_at or key.made_at, words, reverse("settings-keys"), more)


@login_required
def invitations(request: HttpRequest) -> HttpResponse:
    me = asker(request)
    form = NewInvitation(request.POST or None)
    if form.is_valid():
        with transaction.atomic():
            made = Invitation.make(by=me, **form.cleaned_data)
            note("person.invited", "made an invitation link", by=me, about=f"invitation:{made.pk}")
        return _done(request, gettext("The link is ready to be sent."), "settings-invitations")
    guest = ask(book.find("guest-link"), {})
    guest.fields["rooms"].required = True  # here no room goes without saying
    bring = form_html(request, guest, None, request.path)
    return _part(
        request, "invitations", status=422 if form.is_bound else 200, form=form,
        invitations=[(one, _link(one, me)) for one in _invitations(me)], guest_form=bring,
    )  # fmt: skip


@login_required
@require_POST
def end_invitation(request: HttpRequest, pk: int) -> HttpResponse:
    me = asker(request)
    mine = Invitation.objects.all() if me.is_keeper else me.invitations.all()
    found = get_object_or_404(mine, pk=pk, ended_at=None)
    with transaction.atomic():
        Invitation.objects.filter(pk=found.pk).update(ended_at=timezone.now())
        note("person.uninvited", "ended an invitation link", by=me, about=f"invitation:{found.pk}")
    return _done(request, gettext("That link lets nobody in now."), "settings-invitations")


@for_keepers
def organisation(request: HttpRequest) -> HttpResponse:
    form = House(request.POST or None, instance=Organisation.current())
    if form.is_valid():
        with transaction.atomic():
            form.save()
            note("organisation.changed", "changed what the house is called or its zone", by=asker(request))
        return _done(request, gettext("Kept."), "settings-organisation")
    return _part(request, "organisation", status=422 if form.is_bound else 200, form=form)


@for_keepers
def people(request: HttpRequest) -> HttpResponse:
    """Everybody, also those without access, with what a keeper can do for them."""
    found = list(beginning_after(_everybody(), request.GET.get("after", ""))[: PAGE + 1])
    more = found[PAGE - 1].pk if len(found) > PAGE else None
    return _part(request, "people", people=found[:PAGE], more=more)


@for_keepers
@require_POST
def new_password(request: HttpRequest, pk: int) -> HttpResponse:
    """A link for somebody who forgot their password, shown to the keeper once."""
    person = get_object_or_404(Person, pk=pk, deactivated_at=None, email__isnull=False)
    with transaction.atomic():
        words = f"made a link with which {person.name} can choose a new password"
        note("person.password-link", words, by=asker(request), about=f"person:{person.pk}")
    return _part(request, "new_password", person=person, link=reset_link(person))


def _everybody() -> QuerySet[Person]:
    """With whether they have passkeys or codes, so that a keeper can help who lost a phone."""
    theirs = Authenticator.objects.filter(user=OuterRef("pk"))
    return Person.objects.filter(gone_at=None).annotate(factors=Exists(theirs))


def _invitations(me: Person) -> list[Invitation]:
    """The open ones: a keeper's list holds everybody's, mine holds my own."""
    living = Invitation.objects.filter(ended_at=None, expires_at__gt=timezone.now())
    mine = living if me.is_keeper else living.filter(made_by=me)
    rooms = Prefetch("rooms", Room.enterable_by(me))
    return list(mine.select_related("made_by", "team").prefetch_related(rooms).order_by("-pk")[:100])


def _link(one: Invitation, me: Person) -> str:
    """The link itself; one into somebody else's rooms is not for keepers, who could come in by it."""
    hidden = one.guest_until is not None and one.made_by != me
    return "" if hidden else settings.PUBLIC_URL + reverse("join", args=[one.secret])


def _part(request: HttpRequest, part: str, *, status: int = 200, **context: Any) -> HttpResponse:
    return page(request, f"web/settings/{part}.html", at="me", part=part, status=status, **context)


def _done(request: HttpRequest, words: str, url: str) -> HttpResponse:
    messages.success(request, words)
    return see_other(url)
