"""The heart of the house as a Django app."""

from django.apps import AppConfig


class HearthConfig(AppConfig):
    name = "fireside.hearth"
    default_auto_field = "django.db.models.BigAutoField"
