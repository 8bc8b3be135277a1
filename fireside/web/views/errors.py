"""What people and programs are told when a page is not there, stays closed, or broke."""

from __future__ import annotations

import sys
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import loader
from django.views import defaults

from fireside.hearth import errand
from fireside.hearth.away import away
from fireside.web.api.answers import Trouble, answer
from fireside.web.away import for_program, not_now


def missing(request: HttpRequest, exception: Exception) -> HttpResponse:
    if for_program(request):
        return answer(Trouble("There is nothing here."), HTTPStatus.NOT_FOUND)
    return render(request, "404.html", status=HTTPStatus.NOT_FOUND)


def closed(request: HttpRequest, exception: Exception) -> HttpResponse:
    if for_program(request):
        return answer(Trouble("This stays closed."), HTTPStatus.FORBIDDEN)
    return defaults.permission_denied(request, exception)


def broken(request: HttpRequest) -> HttpResponse:
    if why := away(sys.exc_info()[1]):
        return not_now(request, why)
    if for_program(request):
        words = f"Something broke on our side; a keeper finds it in the log as {errand.number()}."
        return answer(Trouble(words), HTTPStatus.INTERNAL_SERVER_ERROR)
    page = loader.get_template("500.html").render({"number": errand.number()})
    return HttpResponse(page, status=HTTPStatus.INTERNAL_SERVER_ERROR)


def unreadable(request: HttpRequest, exception: Exception) -> HttpResponse:
    if for_program(request):
        return answer(Trouble("This request could not be read."), HTTPStatus.BAD_REQUEST)
    return defaults.bad_request(request, exception)
