"""The addresses for programs; every other path below /api/ answers that there is nothing, as JSON."""

from django.urls import path

from fireside.web.api import do, hearth, openapi, records
from fireside.web.views import api

urlpatterns = [
    path("", api.guide, name="api"),
    path("openapi.json", openapi.document, name="openapi"),
    path("do/<str:verb>", do.do, name="api-do"),
    path("rooms/<slug:slug>/messages", hearth.messages),
    path("entries", hearth.entries),
    path("search", hearth.search),
    path("<slug:kind>", records.listed, name="api-records"),
    path("<slug:kind>/<int:pk>", records.one, name="api-record"),
]
