"""The systems app: its commands join the book, its pages join the rail."""

from django.apps import AppConfig


class SystemsConfig(AppConfig):
    name = "fireside.systems"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from fireside.systems import commands, leaving, places  # noqa: F401 -- models are ready only now

        places.take()
        leaving.take()
