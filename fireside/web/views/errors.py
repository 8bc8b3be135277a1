"""What people and programs are told when a page is not there, stays closed, or broke."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views import defaults

from fireside.web.api.answers import Trouble, answer


def missing(request: HttpRequest, exception: Exception) -> HttpResponse:
    if for_program(request):
        return answer(Trouble("There is nothing here."), HTTPStatus.NOT_FOUND)
    return render(request, "404.html", status=HTTPStatus.NOT_FOUND)


def closed(request: HttpRequest, exception: Exception) -> HttpResponse:
    if for_program(request):
        return answer(Trouble("This stays closed."), HTTPStatus.FORBIDDEN)
    return defaults.permission_denied(request, exception)


def broken(request: HttpRequest) -> HttpResponse:
    if for_program(request):
        words = "Something broke on our side; it is written in the log."
        return answer(Trouble(words), HTTPStatus.INTERNAL_SERVER_ERROR)
    return defaults.server_error(request)


def unreadable(request: HttpRequest, exception: Exception) -> HttpResponse:
    if for_program(request):
        return answer(Trouble("This request could not be read."), HTTPStatus.BAD_REQUEST)
    return defaults.bad_request(request, exception)


def for_program(request: HttpRequest) -> bool:
    return request.path.startswith("/api/") and request.path != "/api/"
