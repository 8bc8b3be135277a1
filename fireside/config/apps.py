"""Where everything is wired together."""

from django.apps import AppConfig


class FiresideConfig(AppConfig):
    name = "fireside.config"
    label = "config"

    def ready(self) -> None:
        from django.utils.module_loading import autodiscover_modules

        autodiscover_modules("api")  # each domain says what programs may read of it
        from fireside.hearth import housekeeping  # noqa: F401 -- writes itself into the schedule
