"""The provider outside, by OpenID Connect: where we send people, and what we believe of what comes back.

allauth carries the state and the code and its proof (PKCE); here each ID token is checked, signature, issuer,
audience, time and nonce, before anything in it counts.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
from typing import Any

import jwt
from allauth.core.internal import ratelimit
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialAccount, SocialApp
from allauth.socialaccount.providers.base import AuthProcess, ProviderException
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from allauth.utils import get_request_param
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET
from requests import RequestException

PROVIDER = "oidc"
SCOPES = ("openid", "profile", "email")
SIGNED = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
NEEDED = ("authorization_endpoint", "token_endpoint", "jwks_uri")
SLACK = 60  # seconds by which two clocks may differ
LONGEST = 255  # characters of a `sub`, as the standard has it

log = logging.getLogger(__name__)


class Provider(OpenIDConnectProvider):  # type: ignore[misc]
    """The one provider of this house."""

    pkce_enabled_default = True

    def get_oauth2_adapter(self, request: HttpRequest) -> Client:
        return Client(request)

    def get_redirect_from_request_kwargs(self, request: HttpRequest) -> dict[str, Any]:
        """What is asked for is ours to say, not the address's; only where to go afterwards is taken."""
        nonce, config = secrets.token_urlsafe(24), Client(request).openid_config
        groups = settings.OIDC["GROUPS"] and "groups" in (config.get("scopes_supported") or ())
        asked = {"scope": [*SCOPES, *(["groups"] if groups else [])], "auth_params": {"nonce": nonce}}
        onward = super().get_redirect_from_request_kwargs(request).get("next_url")
        return asked | {"process": AuthProcess.LOGIN, "next_url": onward, "nonce": nonce}

    def extract_uid(self, data: dict[str, Any]) -> str:
        """Issuer and subject together, so that another issuer's people are never taken for these."""
        return hashlib.sha256(f"{data['iss']}\n{data['sub']}".encode()).hexdigest()

    def extract_extra_data(self, data: dict[str, Any]) -> dict[str, Any]:
        """Nothing of what they told about somebody; what we noted beside an earlier visit stays."""
        known = SocialAccount.objects.filter(provider=PROVIDER, uid=self.extract_uid(data)).first()
        return dict(known.extra_data) if known else {}

    def extract_common_fields(self, data: dict[str, Any]) -> dict[str, Any]:
        return {}

    def extract_email_addresses(self, data: dict[str, Any]) -> list[Any]:
        return []


class Client(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]
    """We, at the provider."""

    state: dict[str, Any]

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request, PROVIDER)

    def get_provider(self) -> Provider:
        known = settings.OIDC
        app = SocialApp(
            provider=PROVIDER, provider_id=PROVIDER, name=known["NAME"][:40], client_id=known["CLIENT_ID"],
            secret=known["CLIENT_SECRET"], settings={"server_url": known["ISSUER"].rstrip("/")},
        )  # fmt: skip
        return Provider(self.request, app=app)

    @property
    def openid_config(self) -> dict[str, Any]:
        config = super().openid_config
        if not isinstance(config, dict) or config.get("issuer") != settings.OIDC["ISSUER"]:
            raise ProviderException("the provider says that it is somebody else than OIDC_ISSUER")
        if not all(isinstance(config.get(name), str) for name in NEEDED):
            raise ProviderException("the provider does not say where its doors are")
        return config

    def get_callback_url(self, request: HttpRequest, app: SocialApp) -> str:
        return str(settings.PUBLIC_URL + reverse("oidc-callback"))

    def complete_login(self, request: HttpRequest, app: SocialApp, token: Any, **kwargs: Any) -> Any:
        claims = self._checked(kwargs["response"].get("id_token"))
        if self.openid_config.get("userinfo_endpoint"):
            told = self._fetch_user_info(token.token)
            if not isinstance(told, dict) or told.get("sub") != claims["sub"]:
                raise ProviderException("the provider told us about somebody else")
            claims = told | claims  # what is signed counts for more
        login = self.get_provider().sociallogin_from_response(request, claims)
        login.claims = claims
        return login

    def _checked(self, id_token: Any) -> dict[str, Any]:
        """What a token says, once it is certain that the provider says it, to us, now, because we asked."""
        if not isinstance(id_token, str):
            raise ProviderException("the provider sent no ID token")
        try:
            claims: dict[str, Any] = jwt.decode(
                id_token, self._key(id_token), SIGNED, audience=settings.OIDC["CLIENT_ID"], leeway=SLACK,
                issuer=settings.OIDC["ISSUER"], options={"require": ["exp", "iat", "iss", "aud", "sub"]},
            )  # fmt: skip
        except jwt.PyJWTError as error:
            raise ProviderException(f"the ID token does not hold ({type(error).__name__})") from error
        if not secrets.compare_digest(str(claims.get("nonce", "")).encode(), self.state["nonce"].encode()):
            raise ProviderException("the ID token answers another question than ours")
        if claims.get("azp", settings.OIDC["CLIENT_ID"]) != settings.OIDC["CLIENT_ID"]:
            raise ProviderException("the ID token was made for another client")
        if not isinstance(claims["sub"], str) or not 0 < len(claims["sub"]) <= LONGEST:
            raise ProviderException("the ID token is about nobody")
        return claims

    def _key(self, id_token: str) -> jwt.PyJWK:
        """The provider's key with the number that the token names, or its only one."""
        with get_adapter().get_requests_session() as session:
            answer = session.get(self.openid_config["jwks_uri"])
            answer.raise_for_status()
            told = answer.json()
        if not isinstance(told, dict):
            raise ProviderException("the provider's keys cannot be read")
        keys = [key for key in jwt.PyJWKSet.from_dict(told).keys if key.public_key_use in (None, "sig")]
        wanted = jwt.get_unverified_header(id_token).get("kid")
        found = [key for key in keys if wanted in (None, key.key_id)]
        if len(found) != 1:
            raise ProviderException("the ID token is signed with a key that the provider does not show")
        return found[0]


class _Callback(OAuth2CallbackView):  # type: ignore[misc]
    def _get_state(self, request: HttpRequest, provider: Provider) -> tuple[Any, HttpResponse | None]:
        state, answer = super()._get_state(request, provider)
        self.adapter.state = state or {}
        return state, answer


@require_GET
def away(request: HttpRequest) -> HttpResponse:
    """Off to the provider."""
    _only_with_a_provider()
    if not ratelimit.consume(request, app="allauth.account", action="login", limit_get=True):
        waiting: HttpResponse = ratelimit.respond_429(request)
        return waiting
    try:
        view = OAuth2LoginView.adapter_view(Client(request))
        answer: HttpResponse = view(request)
    except (RequestException, ProviderException) as error:
        return refused(request, error)
    return answer


@require_GET
def back(request: HttpRequest) -> HttpResponse:
    """Back from the provider, with a code or with a no."""
    _only_with_a_provider()
    if len(get_request_param(request, "code") or "") > 4096:
        return refused(request, None)
    try:
        answer: HttpResponse = _Callback.adapter_view(Client(request))(request)
    except (RequestException, ProviderException) as error:
        return refused(request, error)
    return answer


def refused(request: HttpRequest, error: BaseException | None, *, cancelled: bool = False) -> HttpResponse:
    """A calm page that says what can be done: their house is away, or what came back does not hold."""
    is_away = isinstance(error, RequestException)
    why = error if isinstance(error, ProviderException) else type(error).__name__  # others may quote a secret
    log.warning("Somebody could not come in by OpenID Connect: %s", "they said no" if cancelled else why)
    context = {"name": settings.OIDC["NAME"], "is_away": is_away, "cancelled": cancelled}
    return render(request, "web/welcome/outside.html", context, status=503 if is_away else 401)


def _only_with_a_provider() -> None:
    if not settings.OIDC["ISSUER"]:
        raise Http404
