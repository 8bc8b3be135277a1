"""The addresses of what is connected."""

from django.urls import path

from fireside.keys import views

urlpatterns = [
    path("keys/", views.keys, name="keys"),
    path("keys/connect/", views.before, name="keys-connect"),
    path("keys/import/", views.bring, name="keys-import"),
    path("keys/<int:pk>/", views.holder, name="holder"),
]
