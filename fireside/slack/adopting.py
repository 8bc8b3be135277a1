"""Getting to know a workspace: by the bot token in the environment, and by asking again how it stands."""

from __future__ import annotations

import http.client
import logging
from typing import Any

from django.conf import settings

from fireside.slack.calls import DEAD, client
from fireside.slack.installation import Installation, Lost

log = logging.getLogger(__name__)


def adopt() -> Installation | None:
    """The workspace of SLACK_BOT_TOKEN, by its own word; None when there is none or no answer."""
    from slack_sdk.errors import SlackApiError  # heavy

    token = settings.SLACK["BOT_TOKEN"]
    if not token:
        return None
    try:
        told = client(token).auth_test()
    except SlackApiError as error:
        log.error("Slack does not take SLACK_BOT_TOKEN: %s", error.response.get("error"))
        return None
    except (OSError, http.client.HTTPException) as error:
        log.warning("Slack cannot be reached: %s", error)
        return None
    org = bool(told.get("is_enterprise_install"))
    return Installation.install(
        team_id="" if org else told["team_id"], enterprise_id=told.get("enterprise_id") or "", token="",
        name=told["team"][:120], url=told.get("url", "")[:200], bot_id=told.get("bot_id", ""),
        bot_user_id=told["user_id"], scopes=granted(told.headers),
    )  # fmt: skip


def look_again(installation: Installation) -> None:
    """Does it still know us, and what does it let us do?"""
    from slack_sdk.errors import SlackApiError

    try:
        told = client(installation.secret()).auth_test()
    except Lost:
        return
    except SlackApiError as error:
        code = str(error.response.get("error", ""))
        if code in DEAD:
            installation.end(code)
        else:
            installation.troubled(f"Slack answers {code}")
        return
    except (OSError, http.client.HTTPException):
        installation.troubled("Slack cannot be reached")
        return
    installation.troubled("")
    if (scopes := granted(told.headers)) and scopes != installation.scopes:
        installation.scopes = scopes
        installation.save(update_fields=["scopes"])


def granted(headers: Any) -> str:
    """The scopes that Slack says a token has, from the headers of an answer."""
    named = {str(name).lower(): value for name, value in headers.items()}
    value = named.get("x-oauth-scopes", "")
    words = value if isinstance(value, str) else ",".join(value)
    return ",".join(sorted(scope.strip() for scope in words.split(",") if scope.strip()))
