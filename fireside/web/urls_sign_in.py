"""The addresses of passkeys, codes, the account outside, and where somebody is signed in."""

from allauth.account import views as account
from django.urls import URLPattern, path

from fireside.web.answering import answering, later
from fireside.web.page import guests_too
from fireside.web.views import sign_in

HERE = "settings/sign-in/"


def mfa(route: str, view: str, name: str) -> URLPattern:
    """One of django-allauth's, under the name by which it looks for it."""
    return path(route, guests_too(answering(later(f"allauth.mfa.{view}"))), name=f"mfa_{name}")


urlpatterns = [
    mfa("account/login/second/", "base.views.authenticate", "authenticate"),
    mfa("account/login/passkey/", "webauthn.views.login_webauthn", "login_webauthn"),
    path("account/confirm/", guests_too(answering(account.reauthenticate)), name="account_reauthenticate"),
    mfa("account/confirm/code/", "base.views.reauthenticate", "reauthenticate"),
    mfa("account/confirm/passkey/", "webauthn.views.reauthenticate_webauthn", "reauthenticate_webauthn"),
    path("account/oidc/", guests_too(later("fireside.web.oidc.away")), name="oidc"),
    path("account/oidc/back/", guests_too(later("fireside.web.oidc.back")), name="oidc-callback"),
    path(HERE, guests_too(sign_in.shown), name="settings-sign-in"),
    path(HERE, guests_too(sign_in.shown), name="mfa_index"),
    path(HERE, guests_too(sign_in.shown), name="mfa_list_webauthn"),
    mfa(f"{HERE}app/", "totp.views.activate_totp", "activate_totp"),
    mfa(f"{HERE}app/remove/", "totp.views.deactivate_totp", "deactivate_totp"),
    mfa(f"{HERE}codes/", "recovery_codes.views.view_recovery_codes", "view_recovery_codes"),
    mfa(f"{HERE}codes/new/", "recovery_codes.views.generate_recovery_codes", "generate_recovery_codes"),
    mfa(f"{HERE}passkeys/add/", "webauthn.views.add_webauthn", "add_webauthn"),
    mfa(f"{HERE}passkeys/<int:pk>/", "webauthn.views.edit_webauthn", "edit_webauthn"),
    mfa(f"{HERE}passkeys/<int:pk>/remove/", "webauthn.views.remove_webauthn", "remove_webauthn"),
    path(f"{HERE}others/end/", guests_too(sign_in.end_others), name="settings-end-others"),
    path(f"{HERE}<int:pk>/end/", guests_too(sign_in.end), name="settings-end-sign-in"),
]
