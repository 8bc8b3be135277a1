"""How a workspace lets us in by a link (OAuth), and how what it gives us is kept."""

from __future__ import annotations

import http.client
import logging
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import quote

from django.conf import settings
from slack_bolt import BoltRequest, BoltResponse
from slack_bolt.oauth import OAuthFlow
from slack_bolt.oauth.callback_options import CallbackOptions, FailureArgs, SuccessArgs
from slack_bolt.oauth.oauth_settings import OAuthSettings
from slack_sdk.oauth import InstallationStore, OAuthStateStore
from slack_sdk.oauth.installation_store import Installation as Given

from fireside.slack.calls import client
from fireside.slack.installation import STATE_FOR, Installation, State
from fireside.slack.scopes import wanted

INSTALL, BACK = "/slack/install", "/slack/oauth_redirect"
UNREACHABLE = "unreachable"  # no code of Slack's, but ours
log = logging.getLogger(__name__)


class Kept(InstallationStore):
    """What a workspace gives us goes into our own table."""

    def save(self, installation: Given) -> None:
        org = bool(installation.is_enterprise_install)
        name = installation.enterprise_name if org else installation.team_name
        expires = installation.bot_token_expires_at
        Installation.install(
            team_id="" if org else installation.team_id or "",
            enterprise_id=installation.enterprise_id or "",
            token=installation.bot_token or "",
            refresh=installation.bot_refresh_token or "",
            expires_at=datetime.fromtimestamp(expires, UTC) if expires else None,
            name=(name or "")[:120],
            url=(installation.enterprise_url or "")[:200],
            app_id=installation.app_id or "",
            bot_id=installation.bot_id or "",
            bot_user_id=installation.bot_user_id or "",
            scopes=",".join(sorted(installation.bot_scopes or [])),
        )


class Once(OAuthStateStore):
    """A word that a browser brings back from Slack within ten minutes, and that counts once."""

    def issue(self, *args: object, **kwargs: object) -> str:
        return State.objects.create(word=secrets.token_urlsafe(32)).word

    def consume(self, state: str) -> bool:
        return State.take(state)


def flow() -> OAuthFlow | None:
    """Slack's way of asking, when there is a client id.

    Bolt reads SLACK_* variables by itself wherever it is told nothing, so it is told everything.
    """
    known = settings.SLACK
    if not known["CLIENT_ID"]:
        return None
    return OAuthFlow(
        client=client(),
        logger=log,
        settings=OAuthSettings(
            client_id=known["CLIENT_ID"], client_secret=known["CLIENT_SECRET"],
            scopes=wanted(), user_scopes=[],
            redirect_uri=settings.PUBLIC_URL + BACK, install_path=INSTALL, redirect_uri_path=BACK,
            authorization_url=known["AUTHORIZE_URL"], install_page_rendering_enabled=False,
            installation_store=Kept(), installation_store_bot_only=True, state_store=Once(),
            state_expiration_seconds=int(STATE_FOR.total_seconds()), logger=log,
            callback_options=CallbackOptions(success=_installed, failure=_refused),
        ),
    )  # fmt: skip


def begin(asked: OAuthFlow, query: str, headers: dict[str, str]) -> BoltResponse:
    """Where to send the browser, and the cookie by which it is known when it comes back."""
    return asked.handle_installation(BoltRequest(body="", query=query, headers=dict(headers)))


def finish(asked: OAuthFlow, query: str, headers: dict[str, str]) -> BoltResponse:
    """200 with the name of the workspace that let us in, else a status and the code of what went wrong."""
    try:
        return asked.handle_callback(BoltRequest(body="", query=query, headers=dict(headers)))
    except (OSError, http.client.HTTPException) as error:
        log.warning("Slack cannot be reached: %s", error)
        return BoltResponse(status=502, body=UNREACHABLE)


def _installed(args: SuccessArgs) -> BoltResponse:
    given = args.installation
    name = given.enterprise_name if given.is_enterprise_install else given.team_name
    return BoltResponse(status=200, body=name or "", headers=_forgotten(args))


def _refused(args: FailureArgs) -> BoltResponse:
    status = 403 if args.reason == "access_denied" else max(400, args.suggested_status_code)
    return BoltResponse(status=status, body=quote(args.reason, safe=""), headers=_forgotten(args))


def _forgotten(args: SuccessArgs | FailureArgs) -> dict[str, str | Sequence[str]]:
    """The cookie has done its work."""
    return {"Set-Cookie": args.settings.state_utils.build_set_cookie_for_deletion()}
