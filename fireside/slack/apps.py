"""The Slack door as a Django app."""

from importlib import import_module

from django.apps import AppConfig


class SlackConfig(AppConfig):
    name = "fireside.slack"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        for part in ("commands", "workflows", "places"):
            import_module(f"fireside.slack.{part}")
        from fireside.hearth import start
        from fireside.slack import leaving
        from fireside.slack.account import Account

        leaving.take()
        start.elsewhere.append(Account.person_with)
