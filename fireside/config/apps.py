"""Where everything is wired together."""

from django.apps import AppConfig


class FiresideConfig(AppConfig):
    name = "fireside.config"
    label = "config"

    def ready(self) -> None:
        from fireside.hearth import housekeeping  # noqa: F401 -- writes itself into the schedule
