"""The heart of the house as a Django app."""

from django.apps import AppConfig


class HearthConfig(AppConfig):
    name = "fireside.hearth"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from fireside.hearth import verbs, verbs_jobs, verbs_people  # noqa: F401 -- writes its commands into the book
