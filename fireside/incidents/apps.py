"""The incidents app."""

from django.apps import AppConfig


class IncidentsConfig(AppConfig):
    name = "fireside.incidents"
    default_auto_field = "django.db.models.BigAutoField"
