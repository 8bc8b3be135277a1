"""The house rule that some need a second factor: until they have one, only the page to add one is open."""

from __future__ import annotations

from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from fireside.web.guard import Next

OPEN = ("/settings/sign-in/", "/account/", "/static/", "/api/")  # programs have keys, not browsers


def is_missing(request: HttpRequest) -> bool:
    """Does the rule ask this person for more than they have? Who came from outside has it there."""
    rule, person = settings.REQUIRE_SECOND_FACTOR, request.user
    if not person.is_authenticated or not (rule == "everybody" or (rule == "keepers" and person.is_keeper)):
        return False
    if any(record.get("method") == "socialaccount" for record in get_authentication_records(request, person)):
        return False
    codes = Authenticator.Type.RECOVERY_CODES  # they stand in for the others, and are not one by themselves
    return not Authenticator.objects.filter(user=person).exclude(type=codes).exists()


class SecondFactorMiddleware:
    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith(OPEN) and is_missing(request):
            return redirect("settings-sign-in")
        return self.get_response(request)
