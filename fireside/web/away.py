"""What people and programs are told while nothing can be written: not now, nothing is lost, try again."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from fireside.hearth.away import AGAIN
from fireside.hearth.commands import Whisper
from fireside.web.api.answers import Trouble, answer
from fireside.web.guard import POLICY
from fireside.web.saying import by_script, whisper_html


def not_now(request: HttpRequest, why: str) -> HttpResponse:
    """503, for a program, a script of ours or a person; a form comes back with its words and its key."""
    if for_program(request):
        told = answer(Trouble(f"{why} Please ask again in a moment."), HTTPStatus.SERVICE_UNAVAILABLE)
    elif by_script(request):
        told = HttpResponse(
            whisper_html(Whisper(f"{why} Nothing is lost; please try again in a moment."), wrong=True)
        )
    else:
        told = HttpResponse(render_to_string("503.html", {"why": why, **_again(request)}))
    told.status_code = HTTPStatus.SERVICE_UNAVAILABLE
    told.headers["Retry-After"] = str(AGAIN)
    told.headers["Cache-Control"] = "no-store"
    told.headers["Content-Security-Policy"] = POLICY  # it may come from outside the middleware
    return told


def _again(request: HttpRequest) -> dict[str, object]:
    """The same form once more; its key makes sure that what was done all the same is not done twice."""
    path = request.get_full_path()
    if request.method != "POST" or not request.POST.get("key"):
        return {"path": path}
    words = request.POST.get("words", "")
    hidden = [(name, value) for name, values in request.POST.lists() for value in values if name != "words"]
    return {"path": path, "form": True, "words": words, "hidden": hidden, "files": bool(request.FILES)}


def for_program(request: HttpRequest) -> bool:
    return request.path.startswith("/api/") and request.path != "/api/"
