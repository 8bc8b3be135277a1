"""The addresses of the web door."""

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, path


def soon(request: HttpRequest, **where: object) -> HttpResponse:
    return HttpResponse(status=404)


urlpatterns: list[URLPattern | URLResolver] = [
    path("", soon, name="home"),
    path("search/", soon, name="search"),
    path("do/<slug:verb>/", soon, name="do"),
    path("rooms/<slug:slug>/", soon, name="room"),
    path("rooms/<slug:slug>/m/<int:pk>/", soon, name="message"),
    path("files/<int:pk>/<str:name>", soon, name="file"),
    path("people/<str:handle>/", soon, name="person"),
    path("teams/<slug:slug>/", soon, name="team"),
]
