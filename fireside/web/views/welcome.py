"""The ways in: the first page of all, and an invitation."""

from __future__ import annotations

from allauth.account.views import password_reset
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from fireside.hearth.errors import Sorry
from fireside.hearth.people import Invitation, Organisation, Person
from fireside.hearth.start import begin, join
from fireside.web.accounts import INVITATION
from fireside.web.page import guests_too, see_other
from fireside.web.views.asking import Arrival, Beginning

BACKEND = "django.contrib.auth.backends.ModelBackend"


@guests_too
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def welcome(request: HttpRequest) -> HttpResponse:
    """The first visitor makes the organisation and becomes its keeper."""
    if request.method != "POST":
        if Organisation.current() is not None:
            return redirect(settings.LOGIN_REDIRECT_URL)
        return render(request, "web/welcome/welcome.html", {"form": Beginning()})
    form = Beginning(request.POST)
    if form.is_valid():
        try:
            return _inside(request, begin(**form.cleaned_data))
        except Sorry as sorry:
            return render(request, "web/welcome/late.html", {"words": sorry.words}, status=409)
    return render(request, "web/welcome/welcome.html", {"form": form}, status=422)


@guests_too
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def invited(request: HttpRequest, secret: str) -> HttpResponse:
    """Somebody with a link comes in."""
    if request.user.is_authenticated:
        messages.info(request, gettext("You are in already. Such a link is for those who are not."))
        return redirect(settings.LOGIN_REDIRECT_URL)
    invitation = Invitation.open_now(secret)
    if invitation is None:
        return render(request, "web/welcome/ended.html", status=404)
    if settings.OIDC["ISSUER"]:
        request.session[INVITATION] = secret  # for those who come in with their account outside
    form = Arrival(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            return _inside(request, join(invitation, **form.cleaned_data))
        except Sorry as sorry:
            form.add_error(sorry.field or None, sorry.words)
    status = 422 if form.is_bound else 200
    return render(request, "web/welcome/join.html", {"form": form, "invitation": invitation}, status=status)


@guests_too
def forgotten(request: HttpRequest) -> HttpResponse:
    """A new password by e-mail, or, where no e-mail is sent, whom to ask."""
    if not settings.CAN_MAIL:
        return render(request, "web/welcome/forgotten.html")
    answer: HttpResponse = password_reset(request)
    return answer


def _inside(request: HttpRequest, person: Person) -> HttpResponse:
    login(request, person, backend=BACKEND)
    return see_other(settings.LOGIN_REDIRECT_URL)
