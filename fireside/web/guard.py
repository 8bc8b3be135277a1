"""What every answer carries: the content policy, and the asker's zone and language."""

from __future__ import annotations

from collections.abc import Callable

from allauth.account.adapter import get_adapter
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone, translation

from fireside.hearth import audit

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self'; font-src 'self'; manifest-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
Next = Callable[[HttpRequest], HttpResponse]


class PolicyMiddleware:
    """No inline script or style, nothing from elsewhere; private pages stay out of shared caches."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        response.headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
        response.headers.setdefault("Cache-Control", "private, no-cache")
        return response


class DoorMiddleware:
    """Answers in the asker's own time zone and language; the audit trail hears from where they came."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with audit.through("web", _address(request)):
            return self._answer(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., object], args: object, given: object
    ) -> None:
        """Guests are shown what says that they are; every other page is not there for them."""
        if request.user.is_authenticated and request.user.is_guest and not getattr(view, "guests", False):
            raise Http404

    def _answer(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            with timezone.override(request.user.tz), translation.override(request.user.language):
                return self.get_response(request)
        return self.get_response(request)


def _address(request: HttpRequest) -> str:
    """Where the request came from, as far as the proxy in front of us is to be believed."""
    try:
        return str(get_adapter().get_client_ip(request))
    except PermissionDenied:  # no address at all, as behind a socket
        return ""
