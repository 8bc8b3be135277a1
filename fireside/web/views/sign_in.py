"""Sign-in and devices: everything with which I come in, and where I am signed in."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_POST

from fireside.hearth import signins
from fireside.web.browsers import browser_named
from fireside.web.page import asker, page, see_other
from fireside.web.passkeys import no_passkeys
from fireside.web.second import is_missing


@login_required
def shown(request: HttpRequest) -> HttpResponse:
    me = asker(request)
    factors = list(Authenticator.objects.filter(user=me).order_by("pk"))
    kinds = {kind: [one for one in factors if one.type == kind] for kind in Authenticator.Type.values}
    codes = kinds["recovery_codes"]
    places = signins.living(me)
    for place in places:
        place.browser = browser_named(place.browser)
    return page(
        request, "web/settings/sign_in.html", at="me",
        passkeys=[(one, one.wrap().name) for one in kinds["webauthn"]],
        no_passkeys=no_passkeys(settings.PUBLIC_URL),
        app=kinds["totp"][0] if kinds["totp"] else None,
        codes=codes[0].wrap() if codes else None,
        left=len(codes[0].wrap().get_unused_codes()) if codes else 0,
        linked=SocialAccount.objects.filter(user=me).exists(),
        oidc_name=settings.OIDC["ISSUER"] and settings.OIDC["NAME"],
        needed=is_missing(request), places=places, current=request.session.session_key,
    )  # fmt: skip


@login_required
@require_POST
def end(request: HttpRequest, pk: int) -> HttpResponse:
    me = asker(request)
    place = get_object_or_404(signins.SignIn, pk=pk, person=me)
    signins.end(me, place.session, by=me)
    messages.success(request, gettext("Signed out there."))
    return see_other("settings-sign-in")


@login_required
@require_POST
def end_others(request: HttpRequest) -> HttpResponse:
    me = asker(request)
    count = signins.end_all(me, but=request.session.session_key or "", by=me)
    words = ngettext("Signed out in one other place.", "Signed out in %(n)s other places.", count)
    messages.success(request, words % {"n": count} if count else gettext("You are signed in only here."))
    return see_other("settings-sign-in")
