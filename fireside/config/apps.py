"""Where everything is wired together."""

from django.apps import AppConfig
from django.conf import settings


class FiresideConfig(AppConfig):
    name = "fireside.config"
    label = "config"

    def ready(self) -> None:
        from django.utils.module_loading import autodiscover_modules

        autodiscover_modules("api")  # each domain says what programs may read of it
        from django.db.backends.signals import connection_created

        from fireside.config import queries, telemetry
        from fireside.hearth import housekeeping  # noqa: F401 -- writes itself into the schedule

        connection_created.connect(queries.watch)
        telemetry.begin(settings.TRACES)
