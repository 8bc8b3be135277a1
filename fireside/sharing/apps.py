"""The sharing app."""

from importlib import import_module

from django.apps import AppConfig


class SharingConfig(AppConfig):
    name = "fireside.sharing"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        import_module("fireside.sharing.commands")
