"""Second factors: how django-allauth's passkeys, codes and recovery codes look and are kept in this house."""

from __future__ import annotations

import struct
from typing import Any
from urllib.parse import urlsplit

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.base import forms as base
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.totp.internal.auth import generate_totp_secret
from allauth.mfa.webauthn import forms as webauthn
from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from fido2.webauthn import AuthenticationResponse, RegistrationResponse

from fireside.hearth import audit
from fireside.hearth.people import Organisation, Person
from fireside.hearth.seal import Unsealable, seal, unseal
from fireside.web.fielded import Fielded

USE = "sign-in.factors"
LONGEST = 64 * 1024  # characters of what a browser says
BROKEN = (RecursionError, TypeError, ValueError, KeyError, IndexError, AttributeError, struct.error)


class Adapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Secrets are sealed, and passkeys belong to the name in PUBLIC_URL."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": _(
            "That did not fit. A code works once and for half a minute; the app shows the next one soon."
        ),
    }

    def encrypt(self, text: str) -> str:
        return seal(text, USE)

    def decrypt(self, encrypted_text: str) -> str:
        try:
            return unseal(encrypted_text, USE)
        except Unsealable:  # under another SECRET_KEY: nobody's code fits, and a keeper can take it away
            return str(generate_totp_secret())

    def get_totp_issuer(self) -> str:
        return str(Organisation.current() or "Fireside")

    def generate_authenticator_name(self, user: Person, type: Any) -> str:  # noqa: A002 -- as allauth calls it
        return "My passkey"

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return {"id": urlsplit(settings.PUBLIC_URL).hostname or "", "name": self.get_totp_issuer()}

    def build_totp_svg(self, url: str) -> str:
        """Dark on white in any light, for cameras, with a quiet edge."""
        import qrcode  # type: ignore[import-untyped]
        from qrcode.image.svg import SvgPathFillImage  # type: ignore[import-untyped]

        return str(qrcode.make(url, image_factory=SvgPathFillImage).to_string(encoding="unicode"))


class _Refusing:
    """A wrong code is written down: whose it would have been, never what was typed."""

    user: Person

    def _emit_authentication_failed(self, authenticator: Any) -> None:
        audit.write("factor.refused", about=f"person:{self.user.pk}")


class CodeForm(Fielded, _Refusing, base.AuthenticateForm):  # type: ignore[misc]
    labels = {"code": _("Code")}  # noqa: RUF012


class ConfirmCodeForm(Fielded, _Refusing, base.ReauthenticateForm):  # type: ignore[misc]
    labels = {"code": _("Code")}  # noqa: RUF012


class AddAppForm(Fielded, ActivateTOTPForm):  # type: ignore[misc]
    labels = {"code": _("The code it shows now")}  # noqa: RUF012


class Credential(forms.JSONField):
    """What a browser says of a passkey, looked at before anything is made of it: it may be anything."""

    def __init__(self, shape: Any) -> None:
        super().__init__(widget=forms.HiddenInput)
        self.shape = shape

    def to_python(self, value: Any) -> Any:
        try:
            given = super().to_python(value if len(value or "") < LONGEST else "{}")
            self.shape.from_dict(given)
        except BROKEN:
            raise ValidationError(Adapter.error_messages["incorrect_code"], code="incorrect_code") from None
        return given


class LoginPasskeyForm(webauthn.LoginWebAuthnForm):  # type: ignore[misc]
    credential = Credential(AuthenticationResponse)


class SecondPasskeyForm(webauthn.AuthenticateWebAuthnForm):  # type: ignore[misc]
    credential = Credential(AuthenticationResponse)


class ConfirmPasskeyForm(webauthn.ReauthenticateWebAuthnForm):  # type: ignore[misc]
    credential = Credential(AuthenticationResponse)


class AddPasskeyForm(Fielded, webauthn.AddWebAuthnForm):  # type: ignore[misc]
    credential = Credential(RegistrationResponse)
    labels = {"name": _("What you call it")}  # noqa: RUF012
    name = forms.CharField(required=False, max_length=80)
    passwordless = None  # each of ours can be used without a password


class NamePasskeyForm(Fielded, webauthn.EditWebAuthnForm):  # type: ignore[misc]
    labels = {"name": _("What you call it")}  # noqa: RUF012
    name = forms.CharField(max_length=80)
