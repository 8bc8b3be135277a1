"""The postmortems app."""

from django.apps import AppConfig


class PostmortemsConfig(AppConfig):
    name = "fireside.postmortems"
    default_auto_field = "django.db.models.BigAutoField"
