"""Every call to Slack goes through here: one way to make a client, three ways in which it can go wrong."""

from __future__ import annotations

import http.client
import logging
import re
import urllib.request
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.error import URLError
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from fireside.hearth.errors import Plain
from fireside.hearth.seal import seal, unseal
from fireside.slack.installation import Installation

if TYPE_CHECKING:  # the library is heavy, and a house without Slack need not wait for it
    from slack_sdk import WebClient
    from slack_sdk.errors import SlackApiError

PATIENCE = 10  # seconds for one answer
DEAD = {"invalid_auth", "token_revoked", "account_inactive", "app_uninstalled", "team_access_not_granted"}
UNSURE = {"internal_error", "fatal_error", "request_timeout", "service_unavailable", "team_added_to_org"}

log = logging.getLogger(__name__)


class Later(Plain):
    """Slack was not asked, or says that it did nothing: ask again in so many seconds."""

    def __init__(self, seconds: float, why: str) -> None:
        super().__init__(why)
        self.seconds = seconds
        self.why = why


class Away(Later):
    """Slack was not reached at all."""

    def __init__(self) -> None:
        super().__init__(1, "Slack cannot be reached")


class Unsure(Plain):
    """The answer was lost: Slack may have done it."""


class Refused(Plain):
    """Slack says no, with a code ("is_archived"); `answer` is all that it says."""

    def __init__(self, method: str, code: str, answer: dict[str, Any]) -> None:
        super().__init__(f"{method}: {code}")
        self.code = code
        self.answer = answer


def client(token: str = "", patience: int = PATIENCE) -> WebClient:
    """A client of the one place where Slack is; nothing is sent twice behind our back."""
    from slack_sdk import WebClient

    url = settings.SLACK["API_URL"]
    return WebClient(token=token or None, base_url=url, timeout=patience, proxy=proxy(url), retry_handlers=[])


def proxy(url: str) -> str | None:
    """The proxy the system names for this address, with its exceptions honoured."""
    there = urlsplit(url)
    if urllib.request.proxy_bypass(there.hostname or ""):
        return None
    return urllib.request.getproxies().get(there.scheme)


def call(
    installation: Installation, method: str, *, patience: int = PATIENCE, **given: Any
) -> dict[str, Any]:
    """Ask this workspace's Slack, by the name slack_sdk gives the method: "chat_postMessage".

    `patience` is in seconds: less where somebody waits.

    Raises Later, Unsure, Refused; Lost when there is no token.
    """
    from slack_sdk.errors import SlackApiError

    _exchange(installation)
    asked = getattr(client(installation.secret(), patience), method)
    try:
        return _answered(asked(**given))
    except SlackApiError as error:
        raise _trouble(installation, method, error) from error
    except URLError as error:
        if isinstance(error.reason, ConnectionRefusedError | OSError) and not isinstance(
            error.reason, TimeoutError
        ):
            raise Away from error
        raise Unsure(str(error)) from error
    except (OSError, http.client.HTTPException) as error:  # the connection ended half way
        raise Unsure(str(error)) from error


def refusal(token: str, patience: int = PATIENCE) -> str:
    """Why Slack does not take this token, by its code; "" when it does. Unsure when there was no answer."""
    from slack_sdk.errors import SlackApiError

    try:
        client(token, patience).auth_test()
    except SlackApiError as error:
        return str(_answered(error.response).get("error", "no reason"))
    except (OSError, http.client.HTTPException) as error:
        raise Unsure(type(error).__name__) from error
    return ""


def _answered(response: Any) -> dict[str, Any]:
    return dict(response.data) if isinstance(response.data, dict) else {}


def _trouble(installation: Installation, method: str, error: SlackApiError) -> Exception:
    response: Any = error.response
    answer = response.data if isinstance(response.data, dict) else {}
    code = str(answer.get("error", ""))
    if response.status_code == 429 or code in ("ratelimited", "rate_limited"):
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Later(float(headers.get("retry-after", 30)), "Slack asks us to slow down")
    if response.status_code >= 500 or code in UNSURE or not code:
        return Unsure(f"{method}: {response.status_code} {code}")
    if code in DEAD:
        installation.end(code)
    elif code == "missing_scope":
        installation.troubled(f"missing_scope: {answer.get('needed', '')}")
    elif code.startswith("invalid_"):
        log.error("Slack refused %s: %s at %s", method, code, " ".join(_places(answer)))
    return Refused(method, code, answer)


def _places(answer: dict[str, Any]) -> list[str]:
    """Where in what we sent Slack found fault, without what stands there."""
    return re.findall(r"json-pointer:([\w/]+)", str(answer.get("response_metadata", "")))


def _exchange(installation: Installation) -> None:
    """Take a new token for one that ends soon; while the old one is good, a failure harms nobody yet."""
    if installation.fresh() or not installation.refresh:
        return
    try:
        with transaction.atomic():  # a refresh token works once, so one asks at a time
            held = Installation.objects.select_for_update().get(pk=installation.pk)
            if not held.fresh():
                _take_new_token(held)
    except Later as later:
        installation.troubled(later.why)
        if installation.expires_at is not None and installation.expires_at <= timezone.now():
            raise
        return
    installation.token, installation.refresh = held.token, held.refresh
    installation.expires_at = held.expires_at


def _take_new_token(held: Installation) -> None:
    from slack_sdk.errors import SlackApiError

    try:
        answer = client().oauth_v2_access(
            client_id=settings.SLACK["CLIENT_ID"], client_secret=settings.SLACK["CLIENT_SECRET"],
            grant_type="refresh_token", refresh_token=unseal(held.refresh),
        )  # fmt: skip
    except SlackApiError as error:
        code = error.response.get("error")
        raise Later(30, f"The token could not be exchanged ({code}); installing again helps") from error
    except (OSError, http.client.HTTPException) as error:
        raise Away from error
    held.token, held.refresh = seal(answer["access_token"]), seal(answer["refresh_token"])
    held.expires_at = timezone.now() + timedelta(seconds=int(answer["expires_in"]))
    held.save(update_fields=["token", "refresh", "expires_at"])


def is_slacks(url: str) -> bool:
    """Does this address belong to the same Slack as the Web API?"""
    try:
        there, slack = urlsplit(url), urlsplit(settings.SLACK["API_URL"])
    except ValueError:
        return False
    host, home = there.hostname or "", slack.hostname or ""
    return url.isascii() and there.scheme == slack.scheme and (host == home or host.endswith(f".{home}"))


def tell(response_url: str, words: str, blocks: list[dict[str, Any]] | None = None) -> bool:
    """Answer the asker alone by the address that Slack gave with the question; False when it is used up."""
    from slack_sdk.webhook import WebhookClient

    if not is_slacks(response_url):
        return False
    webhook = WebhookClient(response_url, timeout=PATIENCE, proxy=proxy(response_url), retry_handlers=[])
    try:
        said = webhook.send(
            text=words, blocks=blocks or None, response_type="ephemeral", replace_original=False
        )
    except (OSError, http.client.HTTPException):
        return False
    return said.status_code == 200
