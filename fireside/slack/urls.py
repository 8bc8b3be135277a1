"""The way in for a workspace, and the page where keepers look after Slack."""

from django.urls import path

from fireside.slack import views

urlpatterns = [
    path("slack/install", views.install, name="slack-install"),
    path("slack/oauth_redirect", views.oauth_redirect, name="slack-oauth"),
    path("settings/slack/", views.look_after, name="settings-slack"),
]
