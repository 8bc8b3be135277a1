"""Whom the provider outside sends us: who that is here, whether they may come in, and into which teams."""

from __future__ import annotations

import time
from typing import Any

from allauth.account.adapter import get_adapter as get_account_adapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.models import Authenticator
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount
from allauth.socialaccount.providers.base import AuthError
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.http import HttpRequest
from django.shortcuts import redirect, render
from django.utils.text import slugify
from django.utils.translation import gettext

from fireside.hearth import audit
from fireside.hearth.people import Invitation, Person, Team
from fireside.hearth.start import arrive, known_by
from fireside.hearth.timeline import note
from fireside.web.accounts import INVITATION, WAITING
from fireside.web.oidc import PROVIDER, refused

PATIENCE = 600  # seconds
MOST = 500  # groups that are read


class Door(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """Nobody comes in who is not known, by an earlier visit or by an e-mail that the provider has proved."""

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        claims = sociallogin.claims
        if not sociallogin.is_existing:
            sociallogin.user = self._met(request, sociallogin)
        person = sociallogin.user
        if not person.is_active:
            audit.write("person.refused", about=f"person:{person.pk}")
            raise ImmediateHttpResponse(redirect("account_inactive"))
        in_teams(person, link(person, sociallogin.account.uid), groups(claims))

    def on_authentication_error(
        self, request: HttpRequest, provider: Any, error: Any = None, exception: Any = None,
        extra_context: Any = None,
    ) -> None:  # fmt: skip
        raise ImmediateHttpResponse(refused(request, exception, cancelled=error == AuthError.CANCELLED))

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        return False

    def _met(self, request: HttpRequest, sociallogin: Any) -> Person:
        """Who that is, when they come for the first time; the answer to a stranger is an exception."""
        claims = sociallogin.claims
        email = proved_email(claims)
        person = known_by(email) if email else None
        if person is not None and person.is_active and person != request.user and _has_own_key(person):
            request.session[WAITING] = {
                "uid": sociallogin.account.uid, "email": email, "groups": groups(claims), "at": time.time(),
            }  # fmt: skip
            messages.info(request, gettext(
                "Sign in once the way you did until now. From then on %(name)s is enough."
            ) % {"name": settings.OIDC["NAME"]})  # fmt: skip
            raise ImmediateHttpResponse(redirect("account_login"))
        if person is None and email:
            person = self._let_in(request, email, claims)
        if person is None:
            audit.write("person.unknown")
            page = render(request, "web/welcome/unknown.html",
                          {"name": settings.OIDC["NAME"], "proved": bool(email)}, status=403)  # fmt: skip
            raise ImmediateHttpResponse(page)
        return person

    def _let_in(self, request: HttpRequest, email: str, claims: dict[str, Any]) -> Person | None:
        """Somebody new: by an invitation they hold, or because people like them are let in."""
        invitation = Invitation.open_now(request.session.pop(INVITATION, ""))
        allowed = {email.rpartition("@")[2], *(f"group:{name.lower()}" for name in groups(claims))}
        if invitation is None and not allowed & settings.OIDC["LETS_IN"]:
            return None
        name = str(claims.get("name") or claims.get("preferred_username") or email.partition("@")[0])
        zone = str(claims.get("zoneinfo") or "UTC")
        return arrive(" ".join(name.split())[:80], email, zone=zone, invitation=invitation)


def proved_email(claims: dict[str, Any]) -> str:
    """The e-mail, when the provider says that it is theirs; nothing else finds anybody."""
    email = claims.get("email")
    if not _proved(claims) or not isinstance(email, str):
        return ""
    try:
        validate_email(email)
    except ValidationError:
        return ""
    return email.lower() if len(email) <= 254 else ""


def _proved(claims: dict[str, Any]) -> bool:
    """Entra has a claim of its own for it: that the owner of the domain has proved the address."""
    said = claims.get("email_verified", claims.get("xms_edov"))
    return said is True or (isinstance(said, str) and said in ("true", "1"))


def _has_own_key(person: Person) -> bool:
    return person.has_usable_password() or Authenticator.objects.filter(user=person).exists()


def link(person: Person, uid: str) -> SocialAccount:
    """The account outside with this name is theirs from now on."""
    account, made = SocialAccount.objects.get_or_create(provider=PROVIDER, uid=uid, defaults={"user": person})
    if made:
        get_account_adapter().send_notification_mail("socialaccount/email/account_connected", person)
    return account


def link_waiting(request: HttpRequest, person: Person) -> None:
    """After somebody signed in as before: what waited is theirs, when it has their e-mail."""
    waiting = request.session.pop(WAITING, None)
    if not waiting or time.time() - waiting["at"] > PATIENCE or waiting["email"] != person.email:
        return
    in_teams(person, link(person, waiting["uid"]), waiting["groups"])


# -- groups ------------------------------------------------------------------------------------------------


def groups(claims: dict[str, Any]) -> list[str]:
    """The groups somebody is in, as the claim has them: a list of names, or one; a path counts by its end."""
    told = claims.get(settings.OIDC["GROUPS"]) if settings.OIDC["GROUPS"] else None
    names = [told] if isinstance(told, str) else told if isinstance(told, list) else []
    return [name.rstrip("/").rpartition("/")[2] for name in names[:MOST] if isinstance(name, str)]


def in_teams(person: Person, account: SocialAccount, names: list[str]) -> None:
    """Into the teams called like these groups, and out of those that came from groups; no others."""
    if not settings.OIDC["GROUPS"]:
        return
    teams = {team.pk: team for team in Team.objects.filter(slug__in={slugify(name) for name in names})}
    given = set(account.extra_data.get("teams", []))
    mine = set(person.teams.values_list("pk", flat=True))
    new, over = teams.keys() - mine, (given & mine) - teams.keys()
    for team in [*(teams[pk] for pk in new), *Team.objects.filter(pk__in=over)]:
        _move(person, team, into=team.pk in new)
    account.extra_data = {"teams": sorted((given & teams.keys() & mine) | new)}
    account.save(update_fields=["extra_data"])


def _move(person: Person, team: Team, *, into: bool) -> None:
    if into:
        person.teams.add(team)
        if team.room is not None and not team.room.private:
            team.room.seat(person, quiet=True)
        note("team.joined", f"{person.name} is in {team.name} now", by=person, about=f"team:{team.pk}")
    else:
        person.teams.remove(team)
        note("team.left", f"{person.name} is no longer in {team.name}", by=person, about=f"team:{team.pk}")
    audit.write("team.given", about=f"person:{person.pk}", team=team.pk, into=into)
