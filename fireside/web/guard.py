"""What every answer carries: the content policy, and the asker's zone and language."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from allauth.account.adapter import get_adapter
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.utils import timezone, translation

from fireside.hearth import audit, signins

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self'; font-src 'self'; manifest-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {  # of every answer, whoever gives it, unless it says otherwise
    "Content-Security-Policy": POLICY,
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
NUL = "\0"
Next = Callable[[HttpRequest], HttpResponse]


class PolicyMiddleware:
    """No inline script or style, nothing from elsewhere, and no page kept where another person finds it."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response


class SignsMiddleware:
    """Without the one sign that no database can hold, wherever somebody put it."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if NUL in request.path:
            raise SuspiciousOperation("There is no such address")
        request.COOKIES = {name: words.replace(NUL, "") for name, words in request.COOKIES.items()}
        request.GET = _without(request.GET)
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_: Any) -> None:
        if request.method == "POST" and not request.path.startswith("/api/"):  # which reads its own
            request.POST = _without(request.POST)


def _without(given: Any) -> Any:  # a QueryDict that may be changed, or not, as Django's types have it
    if not any(NUL in words for name, values in given.lists() for words in (name, *values)):
        return given
    clean = QueryDict(mutable=True)
    for name, values in given.lists():
        clean.setlist(name.replace(NUL, ""), [words.replace(NUL, "") for words in values])
    return clean


class DoorMiddleware:
    """Answers in the asker's own time zone and language; the audit trail hears from where they came."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        address = address_of(request)
        with audit.through("web", address):
            return self._answer(request, address)

    def _answer(self, request: HttpRequest, address: str) -> HttpResponse:
        if not request.user.is_authenticated:
            return self.get_response(request)
        browser = request.headers.get("User-Agent", "")
        signins.seen(request.user, request.session.session_key or "", browser=browser, address=address)
        with timezone.override(request.user.tz), translation.override(request.user.language):
            response = self.get_response(request)
        if _left(request):
            response.headers["Clear-Site-Data"] = '"cache", "storage"'
        return response

    def process_view(
        self, request: HttpRequest, view: Callable[..., object], args: object, given: object
    ) -> None:
        """Guests are shown what says that they are; every other page is not there for them."""
        if request.user.is_authenticated and request.user.is_guest and not getattr(view, "guests", False):
            raise Http404


def _left(request: HttpRequest) -> bool:
    """Has whoever asked signed out? Then what their browser has kept of us goes too."""
    return not request.user.is_authenticated


def address_of(request: HttpRequest) -> str:
    """Where the request came from, as far as the proxy in front of us is to be believed."""
    try:
        return str(get_adapter().get_client_ip(request))
    except PermissionDenied:  # no address at all, as behind a socket
        return ""
