"""The systems app."""

from django.apps import AppConfig


class SystemsConfig(AppConfig):
    name = "fireside.systems"
    default_auto_field = "django.db.models.BigAutoField"
