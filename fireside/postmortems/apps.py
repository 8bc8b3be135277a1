"""The postmortems app: its commands and workflows, and its pieces on other pages."""

from django.apps import AppConfig


class PostmortemsConfig(AppConfig):
    name = "fireside.postmortems"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from fireside.postmortems import commands, leaving, places, workflows  # noqa: F401 -- models are ready only now

        places.take()
        leaving.take()
