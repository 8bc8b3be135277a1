"""How people come in: the list of stolen passwords, and the provider outside."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from fireside.config.doctor.findings import Finding, broken, fine
from fireside.hearth.breached import NotAList, check

PATIENCE = 5  # seconds


def stolen(path: str) -> Iterator[Finding]:
    """Can the list be read, and is it in order where we look?"""
    if not path:
        yield fine("There is no list of stolen passwords; the most common ones are refused all the same.")
        return
    try:
        size = check(Path(path))
    except (OSError, NotAList) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        yield broken(
            f"BREACHED_PASSWORDS names {path}, which cannot be used: {why}.",
            "docs/sign-in.md says how to make one; until then the most common passwords are refused.",
        )
    else:
        yield fine(f"The list of stolen passwords is in order ({size / 1_000_000_000:,.1f} GB).")


def provider() -> Iterator[Finding]:
    """Does it answer, and as whom we know it? Nobody's secret is sent."""
    import requests

    issuer = settings.OIDC["ISSUER"]
    if not issuer:
        yield fine("No provider outside is set up; people sign in with passwords and passkeys.")
        return
    try:
        answer = requests.get(f"{issuer.rstrip('/')}/.well-known/openid-configuration", timeout=PATIENCE)
        answer.raise_for_status()
        told = answer.json()
    except requests.RequestException as error:
        yield broken(
            f"The provider at OIDC_ISSUER does not answer ({type(error).__name__}).",
            "Is the address right, and may we go there? People still come in with passwords and passkeys.",
        )
        return
    if not isinstance(told, dict) or told.get("issuer") != issuer:
        named = told.get("issuer") if isinstance(told, dict) else "nothing"
        yield broken(f"The provider calls itself {str(named)[:200]}.", "Set OIDC_ISSUER to exactly that.")
    else:
        yield fine(f"{settings.OIDC['NAME']} answers at OIDC_ISSUER.")
