"""The web app: the hearth, rooms and people are on the rail of every page."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "fireside.web"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from fireside.hearth import leaving_people
        from fireside.web import commands, places
        from fireside.web.views import work

        leaving_people.emptied.append(commands.forget)
        places.nav += [
            places.Nav("Hearth", "/", "house", "home", 0),
            places.Nav("Rooms", "/rooms/", "message-circle", "rooms", 45),
            places.Nav("People", "/people/", "users", "people", 70, phone=False),
        ]
        places.coming.append(work.waits_for)
