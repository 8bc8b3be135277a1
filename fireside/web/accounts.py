"""How django-allauth meets our people."""

from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class Adapter(DefaultAccountAdapter):  # type: ignore[misc]
    """People come in by setting up the organisation or by an invitation, never by a bare sign-up page."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False
