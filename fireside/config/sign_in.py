"""What the environment says about how people come in, checked before anything else begins."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from fireside.config.env import Nonsense
from fireside.web.passkeys import no_passkeys

OIDC = ("ISSUER", "CLIENT_ID", "CLIENT_SECRET", "NAME", "GROUPS", "LETS_IN")
LETS_IN = re.compile(r"group:\S+|[a-z0-9-]+(\.[a-z0-9-]+)+")
HERE = ("127.0.0.1", "localhost", "::1")


def sign_in_settings(value: Callable[[str], str], public_url: str, *, alone: bool) -> dict[str, Any]:
    """Django's and allauth's settings for passwords, passkeys and the provider outside."""
    return {
        "AUTH_PASSWORD_VALIDATORS": _passwords(value("BREACHED_PASSWORDS")),
        "MFA_PASSKEY_LOGIN_ENABLED": not no_passkeys(public_url),
        "CACHES": {"default": _tallies(alone)},
        **FIXED,
    }


def _tallies(alone: bool) -> dict[str, Any]:
    """Where tries are counted: in memory for the one process of SQLite, else in the database."""
    where = "locmem.LocMemCache" if alone else "db.DatabaseCache"
    return {
        "BACKEND": f"django.core.cache.backends.{where}",
        "LOCATION": "" if alone else "hearth_tally",
        "OPTIONS": {"MAX_ENTRIES": 50_000},  # nobody pushes a count out by making many
    }


def second_factor(value: Callable[[str], str]) -> str:
    """Who needs one."""
    if (needed := value("REQUIRE_SECOND_FACTOR")) not in ("", "nobody", "keepers", "everybody"):
        raise Nonsense(f"REQUIRE_SECOND_FACTOR is {needed!r}; it can be nobody, keepers or everybody.")
    return needed


def oidc_settings(value: Callable[[str], str]) -> dict[str, Any]:
    """The provider outside by short names ("ISSUER"); Nonsense when it cannot be meant."""
    known: dict[str, Any] = {name: value(f"OIDC_{name}") for name in OIDC}
    together = [known["ISSUER"], known["CLIENT_ID"], known["CLIENT_SECRET"]]
    if any(together) and not all(together):
        raise Nonsense("OIDC_ISSUER, OIDC_CLIENT_ID and OIDC_CLIENT_SECRET go together; one is missing.")
    if known["ISSUER"]:
        there = urlsplit(known["ISSUER"])
        if there.scheme != "https" and not (there.scheme == "http" and there.hostname in HERE):
            raise Nonsense("OIDC_ISSUER is an address that begins with https://; what is set does not.")
        if "/.well-known/" in known["ISSUER"]:
            raise Nonsense("OIDC_ISSUER is the address before /.well-known/; leave out the rest.")
    words = known["LETS_IN"].replace(",", " ").lower().split()
    if strange := [word for word in words if not LETS_IN.fullmatch(word)]:
        raise Nonsense(f"OIDC_LETS_IN holds {strange[0]!r}; write domains (example.org) or group:name.")
    if any(word.startswith("group:") for word in words) and not known["GROUPS"]:
        raise Nonsense("OIDC_LETS_IN names a group, so OIDC_GROUPS has to say which claim holds them.")
    return known | {"LETS_IN": frozenset(words)}


def _passwords(stolen: str) -> list[dict[str, Any]]:
    django, ours = "django.contrib.auth.password_validation.", "fireside.hearth.breached."
    return [
        {"NAME": f"{django}MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
        {"NAME": f"{django}CommonPasswordValidator"},
        {
            "NAME": f"{django}UserAttributeSimilarityValidator",
            "OPTIONS": {"user_attributes": ("name", "handle", "email")},
        },
        *([{"NAME": f"{ours}BreachedPasswordValidator", "OPTIONS": {"path": stolen}}] if stolen else []),
    ]


ACCOUNT: dict[str, Any] = {
    "ACCOUNT_FORMS": {
        "reauthenticate": "fireside.web.accounts.ConfirmForm",
        "login": "fireside.web.accounts.LoginForm",
        "change_password": "fireside.web.accounts.ChangePasswordForm",
        "reset_password": "fireside.web.accounts.ResetPasswordForm",
        "reset_password_from_key": "fireside.web.accounts.ResetPasswordKeyForm",
    },
    "ACCOUNT_EMAIL_SUBJECT_PREFIX": "",
    "ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS": False,  # an address that nobody here has gets no e-mail from us
    "ACCOUNT_ADAPTER": "fireside.web.accounts.Adapter",
    "ACCOUNT_USER_MODEL_USERNAME_FIELD": None,
    "ACCOUNT_LOGIN_METHODS": {"email"},
    "ACCOUNT_SIGNUP_FIELDS": ["email*", "password1*"],
    "ACCOUNT_EMAIL_VERIFICATION": "none",
    "ACCOUNT_SESSION_REMEMBER": True,
    "ACCOUNT_LOGOUT_ON_GET": False,
    "ACCOUNT_PREVENT_ENUMERATION": True,
}
FACTORS: dict[str, Any] = {
    "MFA_ADAPTER": "fireside.web.factors.Adapter",
    "MFA_FORMS": {
        "authenticate": "fireside.web.factors.CodeForm",
        "reauthenticate": "fireside.web.factors.ConfirmCodeForm",
        "activate_totp": "fireside.web.factors.AddAppForm",
        "login_webauthn": "fireside.web.factors.LoginPasskeyForm",
        "authenticate_webauthn": "fireside.web.factors.SecondPasskeyForm",
        "reauthenticate_webauthn": "fireside.web.factors.ConfirmPasskeyForm",
        "add_webauthn": "fireside.web.factors.AddPasskeyForm",
        "edit_webauthn": "fireside.web.factors.NamePasskeyForm",
    },
    "MFA_SUPPORTED_TYPES": ["totp", "recovery_codes", "webauthn"],
    "MFA_WEBAUTHN_USER_VERIFICATION": "required",  # a finger, a face or a PIN, also as a second factor
    "MFA_RECOVERY_CODES_SHOW_ONCE": True,
    "MFA_RECOVERY_CODE_DIGITS": 10,
}
OUTSIDE: dict[str, Any] = {
    "SOCIALACCOUNT_ADAPTER": "fireside.web.outside.Door",
    "SOCIALACCOUNT_LOGIN_ON_GET": True,  # a form that is sent on elsewhere is not let through by our policy
    "SOCIALACCOUNT_REQUESTS_TIMEOUT": 5,
}
FIXED = ACCOUNT | FACTORS | OUTSIDE
