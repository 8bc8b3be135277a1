"""How a program is let in: its key, the shape of what it sends, and errors that are always JSON."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeAlias

import msgspec
from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from fireside.hearth.commands import Missing
from fireside.hearth.errors import NotYours, Sorry
from fireside.hearth.keys import READ, Key, Shut
from fireside.hearth.people import Person
from fireside.hearth.slips import Slipped
from fireside.web import pace
from fireside.web.api.answers import Trouble, answer

LARGEST = 256 * 1024  # bytes of one request; files go another way
TOO_FAST = "This is faster than one program may write. Please wait as long as Retry-After says."
Endpoint: TypeAlias = Callable[..., HttpResponse]


class Refused(Exception):
    """A request that goes no further: the status, and a sentence about why."""

    def __init__(self, status: int, words: str, needs: str = "", **headers: str) -> None:
        super().__init__(words)
        self.status, self.words, self.headers = status, words, headers
        self.needs = [needs] if needs else []


def door(method: str, needs: Callable[..., str] = lambda **_: READ) -> Callable[[Endpoint], Endpoint]:
    """Let in the holder of a key, who is given to the view, and answer in JSON whatever happens.

    `needs` is asked with what the address names, and tells which scope the key has to have.

    No cookie counts here, so there is no other site's form to fear and no CSRF token to ask for.
    """
    allowed = ("GET", "HEAD") if method == "GET" else (method,)

    def let(view: Endpoint) -> Endpoint:
        @csrf_exempt
        @wraps(view)
        def inside(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            try:
                if request.method not in allowed:
                    raise Refused(405, f"This takes {method}.", Allow=", ".join(allowed))
                person = holder(request, needs(**kwargs))
                if method == "POST" and (seconds := pace.writes.wait(person.pk)):
                    raise Refused(429, TOO_FAST, Retry_After=str(seconds))
                with timezone.override(person.tz):
                    return view(request, person, *args, **kwargs)
            except Refused as refused:
                return answer(Trouble(refused.words, needs=refused.needs), refused.status, **refused.headers)
            except Http404:
                return answer(Trouble("There is nothing here that you could see."), 404)
            except Sorry as sorry:
                return told(sorry)

        return inside

    return let


def holder(request: HttpRequest, needs: str) -> Person:
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not secret.strip():
        raise Refused(401, "Send `Authorization: Bearer` and a living key.", WWW_Authenticate="Bearer")
    try:
        return Key.let_in(secret.strip(), needs)
    except Shut as shut:
        if shut.needs:
            how = f'Bearer error="insufficient_scope", scope="{shut.needs}"'
            raise Refused(403, shut.words, shut.needs, WWW_Authenticate=how) from None
        raise Refused(401, shut.words, WWW_Authenticate="Bearer") from None


def body(request: HttpRequest) -> dict[str, str]:
    """The words of a request: a JSON object of strings; nothing at all where no words are needed."""
    raw = _bytes(request)
    if not raw:
        return {}
    if request.content_type != "application/json":
        raise Refused(415, "Send the words as application/json.")
    try:
        data = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as wrong:
        raise Refused(400, f"This is not JSON we can read: {wrong}") from None
    if not isinstance(data, dict):
        raise Refused(400, "Send a JSON object, with words by name.")
    for name, words in data.items():
        if not isinstance(words, str):
            raise Sorry(f"{name} takes words: a JSON string.", field=name)
        readable_words(words, name)
    return data


def readable_words(words: str, name: str) -> str:
    """The words as they came; Sorry for the one character no database can keep."""
    if "\0" in words or "\0" in name:
        raise Sorry("Words can hold no NUL character.", field=name.replace("\0", ""))
    return words


def told(sorry: Sorry) -> HttpResponse:
    needs = sorry.names if isinstance(sorry, Missing) else []
    status = 404 if isinstance(sorry, NotYours) else 422
    slips = [kind.name for kind in sorry.kinds] if isinstance(sorry, Slipped) else []
    return answer(Trouble(sorry.words, sorry.field, needs, slips), status)


def _bytes(request: HttpRequest) -> bytes:
    declared = request.headers.get("Content-Length", "")
    if declared.isdecimal() and int(declared) > LARGEST:
        raise Refused(413, f"A request holds {LARGEST // 1024} KB at most.")
    try:
        raw = request.body
    except RequestDataTooBig:
        raw = b" " * (LARGEST + 1)
    if len(raw) > LARGEST:
        raise Refused(413, f"A request holds {LARGEST // 1024} KB at most.")
    return raw
