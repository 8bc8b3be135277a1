"""The addresses of people: coming in, signing in, who is here, settings."""

from allauth.account import views as account
from django.urls import include, path, re_path
from django.views.generic import RedirectView

from fireside.web.answering import answering
from fireside.web.page import guests_too
from fireside.web.views import audit, keeping, leaving, people, rooms, settings, webhooks, welcome, work

to_reset = guests_too(RedirectView.as_view(pattern_name="account_reset_password"))
reset_sent = guests_too(account.password_reset_done)
from_key = guests_too(account.password_reset_from_key)
reset_done = guests_too(account.password_reset_from_key_done)

urlpatterns = [
    path("welcome/", welcome.welcome, name="welcome"),
    path("join/<str:secret>/", welcome.invited, name="join"),
    # of django-allauth only what people need here; its other pages are simply not there
    path("account/login/", guests_too(answering(account.login)), name="account_login"),
    path("account/logout/", guests_too(account.logout), name="account_logout"),
    path("account/closed/", guests_too(account.account_inactive), name="account_inactive"),
    path("account/signup/", guests_too(account.signup), name="account_signup"),
    path("account/password/", guests_too(answering(account.password_change)), name="account_change_password"),
    path("account/password/reset/", welcome.forgotten, name="account_reset_password"),
    path("account/password/set/", to_reset, name="account_set_password"),
    path("account/password/reset/sent/", reset_sent, name="account_reset_password_done"),
    path("account/password/reset/done/", reset_done, name="account_reset_password_from_key_done"),
    re_path(
        r"^account/password/reset/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$", from_key,
        name="account_reset_password_from_key",
    ),
    path("", include("fireside.web.urls_sign_in")),
    path("account/back/<str:token>/", leaving.come_back, name="come-back"),
    path("people/", people.people, name="people"),
    path("people/suggest/", rooms.suggest, name="suggest"),
    path("people/<str:handle>/", people.person, name="person"),
    path("teams/", people.teams, name="teams"),
    path("teams/<slug:slug>/", people.team, name="team"),
    path("settings/", settings.profile, name="settings"),
    path("settings/keys/", settings.keys, name="settings-keys"),
    path("settings/keys/<int:pk>/rotate/", settings.rotate_key, name="settings-rotate-key"),
    path("settings/keys/<int:pk>/end/", settings.end_key, name="settings-end-key"),
    path("settings/invitations/", settings.invitations, name="settings-invitations"),
    path("settings/invitations/<int:pk>/end/", settings.end_invitation, name="settings-end-invitation"),
    path("settings/webhooks/", webhooks.webhooks, name="settings-webhooks"),
    path("settings/webhooks/<int:pk>/", webhooks.webhook, name="settings-webhook"),
    path("settings/organisation/", settings.organisation, name="settings-organisation"),
    path("settings/jobs/", work.work, name="settings-jobs"),
    path("settings/people/", settings.people, name="settings-people"),
    path("settings/people/<int:pk>/new-password/", settings.new_password, name="settings-new-password"),
    path("settings/mine/", leaving.go, name="settings-go"),
    path("settings/mine/copy/", leaving.mine, name="settings-mine"),
    path("settings/keeping/", keeping.shown, name="settings-keeping"),
    path("settings/audit/", audit.shown, name="settings-audit"),
    path("settings/audit/export/", audit.export, name="settings-audit-export"),
]  # fmt: skip
