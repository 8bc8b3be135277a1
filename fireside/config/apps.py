"""Where everything is wired together."""

from django.apps import AppConfig


class FiresideConfig(AppConfig):
    name = "fireside.config"
    label = "config"
