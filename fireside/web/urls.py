"""The addresses of rooms, words, files, search and the hearth."""

from django.urls import path

from fireside.web.views import do, files, home, messages, rooms, search, words

urlpatterns = [
    path("", home.home, name="home"),
    path("search/", search.search, name="search"),
    path("do/<slug:verb>/", do.do, name="do"),
    path("rooms/", rooms.rooms, name="rooms"),
    path("rooms/<slug:slug>/", rooms.room, name="room"),
    path("rooms/<slug:slug>/pinned/", rooms.pinned, name="room-pinned"),
    path("rooms/<slug:slug>/files/", rooms.files, name="room-files"),
    path("rooms/<slug:slug>/people/", rooms.people, name="room-people"),
    path("rooms/<slug:slug>/about/", rooms.about, name="room-about"),
    path("rooms/<slug:slug>/read/", rooms.read, name="room-read"),
    path("rooms/<slug:slug>/palette/", rooms.palette, name="room-palette"),
    path("rooms/<slug:slug>/draft/", words.draft, name="room-draft"),
    path("rooms/<slug:slug>/m/<int:pk>/", messages.message, name="message"),
    path("files/<int:pk>/<str:name>", files.file, name="file"),
]
