"""The keys app: its commands and workflows join the books, its pages join the rail and the rooms."""

from django.apps import AppConfig


class KeysConfig(AppConfig):
    name = "fireside.keys"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from fireside.keys import commands, leaving, places, workflows  # noqa: F401 -- models are ready only now

        places.take()
        leaving.take()
