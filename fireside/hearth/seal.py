"""Secrets at rest: sealed with a key made from SECRET_KEY, so that the database alone opens nothing."""

from __future__ import annotations

import base64
from functools import cache
from typing import TYPE_CHECKING

from django.conf import settings

if TYPE_CHECKING:  # heavy, and many a house seals nothing
    from cryptography.fernet import Fernet


class Unsealable(Exception):
    """Sealed under another SECRET_KEY, or not by us."""


def seal(secret: str) -> str:
    """The secret as Fernet (AES-128-CBC with HMAC-SHA256) keeps it; nothing stays nothing."""
    return _fernet(settings.SECRET_KEY).encrypt(secret.encode()).decode() if secret else ""


def unseal(kept: str) -> str:
    """What `seal` was given; Unsealable when the key is no longer the same."""
    from cryptography.fernet import InvalidToken

    if not kept:
        return ""
    try:
        return _fernet(settings.SECRET_KEY).decrypt(kept.encode()).decode()
    except InvalidToken:
        raise Unsealable from None


@cache
def _fernet(secret_key: str) -> Fernet:
    from cryptography.fernet import Fernet
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    # The name is of the first that was sealed; with another one, what is kept would open no more.
    derived = HKDF(SHA256(), length=32, salt=None, info=b"fireside.slack.tokens").derive(secret_key.encode())
    return Fernet(base64.urlsafe_b64encode(derived))
