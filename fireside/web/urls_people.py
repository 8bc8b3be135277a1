"""The addresses of people: coming in, signing in, who is here, settings."""

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as recovery
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as webauthn
from django.urls import path, re_path
from django.views.generic import RedirectView

from fireside.web import oidc
from fireside.web.factors import answering
from fireside.web.views import audit, keeping, leaving, people, rooms, settings, sign_in, welcome, work

to_reset = RedirectView.as_view(pattern_name="account_reset_password")
reset_done = account.password_reset_from_key_done

urlpatterns = [
    path("welcome/", welcome.welcome, name="welcome"),
    path("join/<str:secret>/", welcome.invited, name="join"),
    # of django-allauth only what people need here; its other pages are simply not there
    path("account/login/", answering(account.login), name="account_login"),
    path("account/logout/", account.logout, name="account_logout"),
    path("account/closed/", account.account_inactive, name="account_inactive"),
    path("account/signup/", account.signup, name="account_signup"),
    path("account/password/", answering(account.password_change), name="account_change_password"),
    path("account/password/reset/", welcome.forgotten, name="account_reset_password"),
    path("account/password/set/", to_reset, name="account_set_password"),
    path("account/password/reset/sent/", account.password_reset_done, name="account_reset_password_done"),
    path("account/password/reset/done/", reset_done, name="account_reset_password_from_key_done"),
    re_path(
        r"^account/password/reset/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$", account.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path("account/login/second/", answering(mfa.authenticate), name="mfa_authenticate"),
    path("account/login/passkey/", webauthn.login_webauthn, name="mfa_login_webauthn"),
    path("account/confirm/", answering(account.reauthenticate), name="account_reauthenticate"),
    path("account/confirm/code/", answering(mfa.reauthenticate), name="mfa_reauthenticate"),
    path("account/confirm/passkey/", webauthn.reauthenticate_webauthn, name="mfa_reauthenticate_webauthn"),
    path("account/oidc/", oidc.away, name="oidc"),
    path("account/oidc/back/", oidc.back, name="oidc-callback"),
    path("account/back/<str:token>/", leaving.come_back, name="come-back"),
    path("people/", people.people, name="people"),
    path("people/suggest/", rooms.suggest, name="suggest"),
    path("people/<str:handle>/", people.person, name="person"),
    path("teams/", people.teams, name="teams"),
    path("teams/<slug:slug>/", people.team, name="team"),
    path("settings/", settings.profile, name="settings"),
    path("settings/sign-in/", sign_in.shown, name="settings-sign-in"),
    path("settings/sign-in/", sign_in.shown, name="mfa_index"),
    path("settings/sign-in/", sign_in.shown, name="mfa_list_webauthn"),
    path("settings/sign-in/app/", answering(totp.activate_totp), name="mfa_activate_totp"),
    path("settings/sign-in/app/remove/", totp.deactivate_totp, name="mfa_deactivate_totp"),
    path("settings/sign-in/codes/", recovery.view_recovery_codes, name="mfa_view_recovery_codes"),
    path("settings/sign-in/codes/new/", recovery.generate_recovery_codes, name="mfa_generate_recovery_codes"),
    path("settings/sign-in/passkeys/add/", answering(webauthn.add_webauthn), name="mfa_add_webauthn"),
    path("settings/sign-in/passkeys/<int:pk>/", answering(webauthn.edit_webauthn), name="mfa_edit_webauthn"),
    path("settings/sign-in/passkeys/<int:pk>/remove/", webauthn.remove_webauthn, name="mfa_remove_webauthn"),
    path("settings/sign-in/others/end/", sign_in.end_others, name="settings-end-others"),
    path("settings/sign-in/<int:pk>/end/", sign_in.end, name="settings-end-sign-in"),
    path("settings/keys/", settings.keys, name="settings-keys"),
    path("settings/keys/<int:pk>/end/", settings.end_key, name="settings-end-key"),
    path("settings/invitations/", settings.invitations, name="settings-invitations"),
    path("settings/invitations/<int:pk>/end/", settings.end_invitation, name="settings-end-invitation"),
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
