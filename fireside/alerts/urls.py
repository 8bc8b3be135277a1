"""The addresses of alerts for people; those for machines are in intake.py."""

from django.urls import path

from fireside.alerts import views

urlpatterns = [
    path("alerts/", views.alerts, name="alerts"),
    path("alerts/connect/", views.sources, name="sources"),
    path("alerts/<int:pk>/", views.group, name="group"),
]
