"""Every address of the house."""

from django.urls import include, path

urlpatterns = [
    path("", include("fireside.web.urls_people")),
    path("api/", include("fireside.web.api.urls")),
    path("", include("fireside.alerts.urls")),
    path("", include("fireside.systems.urls")),
    path("", include("fireside.incidents.urls")),
    path("", include("fireside.postmortems.urls")),
    path("", include("fireside.keys.urls")),
    path("", include("fireside.slack.urls")),
    path("", include("fireside.web.urls")),
]

handler400 = "fireside.web.views.errors.unreadable"
handler403 = "fireside.web.views.errors.closed"
handler404 = "fireside.web.views.errors.missing"
handler500 = "fireside.web.views.errors.broken"
