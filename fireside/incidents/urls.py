"""The addresses of incidents."""

from django.urls import path

from fireside.incidents import views

urlpatterns = [
    path("incidents/", views.incidents, name="incidents"),
    path("incidents/<int:number>/", views.incident, name="incident"),
    path("incidents/<int:number>/decisions/", views.register, name="decisions"),
    path("incidents/<int:number>/timeline.md", views.timeline, name="incident-timeline"),
]
