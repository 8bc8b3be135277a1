"""The heart of the house as a Django app."""

from django.apps import AppConfig


class HearthConfig(AppConfig):
    name = "fireside.hearth"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # their commands go into the book
        from fireside.hearth import (  # noqa: F401
            verbs,
            verbs_forgetting,
            verbs_guests,
            verbs_jobs,
            verbs_people,
            verbs_webhooks,
        )
