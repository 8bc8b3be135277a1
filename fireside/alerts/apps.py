"""The alerts app."""

from django.apps import AppConfig


class AlertsConfig(AppConfig):
    name = "fireside.alerts"
    default_auto_field = "django.db.models.BigAutoField"
