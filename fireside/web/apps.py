"""The web app: the hearth, rooms and people are on the rail of every page."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "fireside.web"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from fireside.hearth import leaving_people
        from fireside.web import commands, held, keyring, places
        from fireside.web.views import settings, webhooks, work

        leaving_people.emptied.append(commands.forget)
        places.nav += [
            places.Nav("Hearth", "/", "house", "home", 0),
            places.Nav("Rooms", "/rooms/", "message-circle", "rooms", 45),
            places.Nav("People", "/people/", "users", "people", 70, phone=False),
        ]
        keyring.holders.append(held.held)
        places.coming += [work.waits_for, settings.keys_end, webhooks.webhooks_stopped]
