"""The incidents app."""

from importlib import import_module

from django.apps import AppConfig


class IncidentsConfig(AppConfig):
    name = "fireside.incidents"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        for part in (
            "commands",
            "commands_board",
            "commands_help",
            "commands_timeline",
            "workflows",
            "places",
        ):
            import_module(f"fireside.incidents.{part}")
        from fireside.incidents import leaving

        leaving.take()
