"""How django-allauth meets our people: signing in, passwords, and the way to the first page."""

from __future__ import annotations

import logging
from collections.abc import Callable
from smtplib import SMTPException
from typing import Any

from allauth.account import forms as allauth
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from fireside.hearth import audit, signins
from fireside.hearth.people import Organisation, Person
from fireside.web.fielded import Fielded

# Programs and probes speak here before there is anybody; they get their own answers.
NO_WELCOME = ("/welcome/", "/static/", "/api/", "/hooks/", "/events", "/healthz", "/readyz", "/metrics")
WAITING = "oidc-waiting"  # in the session: an account outside that waits for its person to sign in here
INVITATION = "invitation"  # in the session: the secret of the link somebody came by
NEW = _("Ten characters or more; a few words together are fine.")
log = logging.getLogger(__name__)


# What is written down and told by e-mail when somebody changes how they sign in.
CHANGES = {
    "mfa/email/totp_activated": ("factor.added", "app", "An app for codes was added."),
    "mfa/email/totp_deactivated": ("factor.removed", "app", "The app for codes was removed."),
    "mfa/email/webauthn_added": ("factor.added", "passkey", "A passkey was added."),
    "mfa/email/webauthn_removed": ("factor.removed", "passkey", "A passkey was removed."),
    "mfa/email/recovery_codes_generated": ("factor.codes", "", "New recovery codes were made."),
    "account/email/password_changed": ("", "", "The password was changed."),
    "account/email/password_reset": ("", "", "A new password was chosen by a link."),
    "socialaccount/email/account_connected": (
        "person.linked",
        "",
        "Your account outside was linked.",
    ),
}


class Adapter(DefaultAccountAdapter):  # type: ignore[misc]
    """People come in by setting up the organisation or by an invitation, never by a bare sign-up page."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "incorrect_password": _("That is not your password."),
        "too_many_login_attempts": _("That was many tries. Wait five minutes, then try again."),
        "rate_limited": _("That was many tries in a short time. Wait a few minutes, then try again."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def login(self, request: HttpRequest, user: Person) -> None:
        super().login(request, user)
        audit.write("person.signed-in", by=user, about=f"person:{user.pk}")
        if WAITING in request.session:
            from fireside.web.outside import link_waiting  # heavy, and rare

            link_waiting(request, user)

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Whose door it was, when that is somebody's; what was typed is never kept."""
        person = Person.objects.filter(email__iexact=str(credentials.get("email", ""))).first()
        audit.write("person.refused", about=f"person:{person.pk}" if person else "")

    def get_reauthentication_methods(self, user: Person) -> list[dict[str, Any]]:
        words = {"mfa_reauthenticate": _("Use a code"), "mfa_reauthenticate:webauthn": _("Use a passkey")}
        known = super().get_reauthentication_methods(user)
        return [one | {"description": words.get(one["id"], one["description"])} for one in known]

    def logout(self, request: HttpRequest) -> None:
        session = request.session.session_key
        super().logout(request)
        if session:
            signins.tell({session})

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("settings-sign-in")

    def set_password(self, user: Person, password: str) -> None:
        """Whoever else is signed in as them is signed out."""
        super().set_password(user, password)
        signins.end_all(user, but=self.request.session.session_key or "")
        audit.write("person.password", by=user, about=f"person:{user.pk}")

    def send_notification_mail(self, template_prefix: str, user: Person, *args: Any, **kwargs: Any) -> None:
        """Somebody's ways to sign in have changed: the trail knows, and they are told."""
        verb, way, words = CHANGES[template_prefix]
        if verb:
            audit.write(verb, by=user, about=f"person:{user.pk}", **({"way": way} if way else {}))
        if settings.CAN_MAIL and user.email:
            facts = {"user": user, "words": words, "at": timezone.now(), "address": self._address()}
            self.send_mail("account/email/changed", user.email, facts)

    def _address(self) -> str:
        try:
            return str(self.get_client_ip(self.request))
        except PermissionDenied:  # no address at all, as behind a socket
            return ""

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """A mail server that is away goes to the log: the page answers the same for every address."""
        try:
            super().send_mail(template_prefix, email, context)
        except (SMTPException, OSError):
            log.exception("an e-mail could not be sent")


class FirstVisitMiddleware:
    """Until there is an organisation, every page leads to the first one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        elsewhere = not request.user.is_authenticated and not request.path.startswith(NO_WELCOME)
        if elsewhere and Organisation.current() is None:
            return redirect("welcome")
        return self.get_response(request)


def reset_link(person: Person) -> str:
    """A link with which this person chooses a new password; it works once, for a few days."""
    token = allauth.default_token_generator.make_token(person)
    path = reverse("account_reset_password_from_key", args=[user_pk_to_url_str(person), token])
    return settings.PUBLIC_URL + path


class LoginForm(Fielded, allauth.LoginForm):  # type: ignore[misc]
    labels = {"login": "E-mail", "password": "Password"}  # noqa: RUF012
    autocomplete = {"login": "username", "password": "current-password"}  # noqa: RUF012
    helps = {"password": ""}  # noqa: RUF012 -- the way to a new password stands below the form


class ChangePasswordForm(Fielded, allauth.ChangePasswordForm):  # type: ignore[misc]
    labels = {"oldpassword": "Your password now", "password1": "A new one", "password2": "The new one again"}  # noqa: RUF012
    helps = {"password1": NEW}  # noqa: RUF012


class ConfirmForm(Fielded, allauth.ReauthenticateForm):  # type: ignore[misc]
    labels = {"password": "Your password"}  # noqa: RUF012
    autocomplete = {"password": "current-password"}  # noqa: RUF012
    helps = {"password": ""}  # noqa: RUF012


class ResetPasswordForm(Fielded, allauth.ResetPasswordForm):  # type: ignore[misc]
    labels = {"email": "E-mail"}  # noqa: RUF012
    autocomplete = {"email": "username"}  # noqa: RUF012


class ResetPasswordKeyForm(Fielded, allauth.ResetPasswordKeyForm):  # type: ignore[misc]
    labels = {"password1": "A new password", "password2": "The same again"}  # noqa: RUF012
    helps = {"password1": NEW}  # noqa: RUF012
