"""auth.*, oauth.* and apps.*: coming in and going out."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from tests.slack_server.apps import HALF_A_DAY, Installation
from tests.slack_server.methods.book import Asking, method
from tests.slack_server.refusal import Refused

if TYPE_CHECKING:
    from tests.slack_server.apps import App

Json = dict[str, Any]
CODE_LIVES = 600


@method("api.test", "error foo", token="none")
def api_test(asking: Asking) -> Json:
    if asking.text("error"):
        raise Refused(asking.text("error"))
    return {"args": asking.args}


@method("auth.test")
def auth_test(asking: Asking) -> Json:
    house = asking.places[0]
    bot = asking.bot(house)
    org = asking.installation.workspace is None
    shown: Json = {
        "url": f"https://{house.domain}.example.org/", "team": house.name, "user": bot.name,
        "team_id": asking.installation.enterprise if org else house.id, "user_id": bot.id,
        "bot_id": asking.app.bot_id, "is_enterprise_install": org,
    }  # fmt: skip
    if house.enterprise:
        shown["enterprise_id"] = house.enterprise
    if asking.token and asking.token.expires:
        shown["expires_in"] = int(asking.token.expires - asking.server.now())
    return shown


@method("auth.revoke", "test", json=False)
def revoke(asking: Asking) -> Json:
    if asking.flag("test"):
        return {"revoked": False}
    asking.server.events.leave(asking.installation, "token_revoked", uninstalled=False)
    return {"revoked": True}


@method("apps.uninstall", "client_id* client_secret*", json=False)
def uninstall(asking: Asking) -> Json:
    _app(asking)
    asking.server.events.leave(asking.installation, "account_inactive", uninstalled=True)
    return {}


@method("apps.connections.open", token="app", tier=1)
def open_connection(asking: Asking) -> Json:
    if not asking.app.socket_mode:
        raise Refused("socket_mode_not_enabled")
    return {"url": asking.server.sockets.ticket(asking.app)}


@method("oauth.v2.access", "client_id client_secret code redirect_uri grant_type refresh_token", token="none")
def access(asking: Asking) -> Json:
    app = _app(asking)
    if asking.text("grant_type") == "refresh_token":
        installation = asking.server.refreshes.get(asking.text("refresh_token"))
        if installation is None or installation.app is not app:
            raise Refused("invalid_refresh_token")
        return _granted(installation)
    grant = asking.server.codes.get(asking.text("code"))
    if grant is None or grant["app"] is not app:
        raise Refused("invalid_code")
    if grant["used"]:
        raise Refused("code_already_used")
    if asking.server.now() > grant["expires"]:
        raise Refused("invalid_code")
    if grant["redirect_uri"] and grant["redirect_uri"] != asking.text("redirect_uri"):
        raise Refused("bad_redirect_uri")
    grant["used"] = True
    installer = grant["installer"]
    given = installer.workspace.installation(app, grant["scopes"], org=grant["org"], by=installer)
    return _granted(given)


def code_for(app: App, scopes: list[str], redirect_uri: str) -> str:
    """What the installer's approval gives: a code that works once."""
    server, code = app.server, secrets.token_hex(12)
    server.codes[code] = {
        "app": app, "scopes": scopes, "redirect_uri": redirect_uri, "installer": server.installer,
        "org": server.for_org, "used": False, "expires": server.now() + CODE_LIVES,
    }  # fmt: skip
    return code


def _app(asking: Asking) -> App:
    ident, secret = asking.basic or (asking.text("client_id"), asking.text("client_secret"))
    app = next((a for a in asking.server.apps.values() if a.client_id == ident), None)
    if app is None:
        raise Refused("invalid_client_id")
    if app.client_secret != secret:
        raise Refused("bad_client_secret")
    return app


def _granted(installation: Installation) -> Json:
    house = installation.workspace
    bot = next(iter(installation.bots.values()))
    enterprise = installation.enterprise
    shown: Json = {
        "app_id": installation.app.id, "access_token": installation.token().value, "token_type": "bot",
        "scope": ",".join(sorted(installation.scopes)), "bot_user_id": bot.id,
        "team": {"id": house.id, "name": house.name} if house else None,
        "enterprise": {"id": enterprise, "name": f"{bot.workspace.name} Org"} if enterprise else None,
        "is_enterprise_install": house is None,
        "authed_user": {"id": installation.installer.id if installation.installer else ""},
    }  # fmt: skip
    if installation.app.rotates:
        shown |= {"refresh_token": installation.rotate(), "expires_in": HALF_A_DAY}
    return shown
