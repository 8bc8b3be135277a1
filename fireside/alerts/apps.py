"""The alerts app: its commands and workflows join the books, its pages join the rail and home."""

from django.apps import AppConfig


class AlertsConfig(AppConfig):
    name = "fireside.alerts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from fireside.alerts import commands, held, keeping, views, workflows  # noqa: F401 -- models are ready only now
        from fireside.web import keyring, places

        keeping.take()
        places.nav.append(places.Nav("Alerts", "/alerts/", "bell", "alerts", 30, views.live, phone=False))
        places.home_side.append(places.Piece(10, views.home_piece))
        places.system_main.append(places.Piece(10, views.system_piece))
        keyring.holders.append(held.held)
        places.day_marks.append(views.day_marks)
        places.coming.append(views.sources_end)
