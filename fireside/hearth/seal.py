"""Secrets at rest: sealed with a key made from SECRET_KEY, so that the database alone opens nothing."""

from __future__ import annotations

import base64
from functools import cache
from typing import TYPE_CHECKING

from django.conf import settings

if TYPE_CHECKING:  # heavy, and a house may seal nothing
    from cryptography.fernet import Fernet


class Unsealable(Exception):
    """Sealed under another SECRET_KEY, or not by us."""


def seal(secret: str, use: str = "slack.tokens") -> str:
    """The secret as Fernet (AES-128-CBC with HMAC-SHA256) keeps it; nothing stays nothing."""
    return _fernet(settings.SECRET_KEY, use).encrypt(secret.encode()).decode() if secret else ""


def unseal(kept: str, use: str = "slack.tokens") -> str:
    """What `seal` was given; Unsealable when the key is no longer the same."""
    from cryptography.fernet import InvalidToken

    if not kept:
        return ""
    try:
        return _fernet(settings.SECRET_KEY, use).decrypt(kept.encode()).decode()
    except InvalidToken:
        raise Unsealable from None


@cache
def _fernet(secret_key: str, use: str) -> Fernet:
    from cryptography.fernet import Fernet
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    info = f"fireside.{use}".encode()
    derived = HKDF(SHA256(), length=32, salt=None, info=info).derive(secret_key.encode())
    return Fernet(base64.urlsafe_b64encode(derived))
