"""allauth's views in our house: loaded when somebody comes, with a status that says what their forms say."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeAlias

from django.http import HttpRequest, HttpResponse
from django.utils.module_loading import import_string

View: TypeAlias = Callable[..., HttpResponse]
MANY_TRIES = {"too_many_login_attempts", "rate_limited"}


def later(name: str) -> View:
    """The view of this name, loaded when somebody comes: what it needs is heavy, and comes seldom."""

    def view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        found: View = import_string(name)
        return found(request, *args, **kwargs)

    return view


def answering(view: View) -> View:
    """Let the status say what a form of allauth says in words: to put something right, or to wait."""

    @wraps(view)
    def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        form = (getattr(response, "context_data", None) or {}).get("form")
        if response.status_code == 200 and form is not None and form.is_bound and form.errors:
            codes = {error.code for errors in form.errors.as_data().values() for error in errors}
            response.status_code = 429 if codes & MANY_TRIES else 422
        return response

    return answered
