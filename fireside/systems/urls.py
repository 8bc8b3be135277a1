"""The addresses of systems and runbooks."""

from django.urls import path

from fireside.systems import views

urlpatterns = [
    path("systems/", views.systems, name="systems"),
    path("systems/<slug:slug>/", views.system, name="system"),
    path("runbooks/<slug:slug>/", views.runbook, name="runbook"),
]
