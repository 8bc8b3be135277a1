"""What holds keys in Slack: our own app with its scopes, and a workspace's list of all the others."""

from __future__ import annotations

import http.client
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from django.views.decorators.debug import sensitive_variables

from fireside.hearth.errors import Sorry
from fireside.hearth.rooms import Room
from fireside.slack.calls import client
from fireside.slack.channel import Channel
from fireside.slack.installation import Installation
from fireside.web.keyring import Held, Line

COUNT, PAGES = 1000, 50  # lines on one page of Slack's, and pages at most
PATIENCE = 15  # seconds for one page
TOKEN = re.compile(r"(xoxe\.)?xoxp-[A-Za-z0-9-]{8,400}")
WAY_OUT = "In Slack: Manage apps, Fireside, Remove app. What was said stays in both."
NO = {
    "invalid_auth": "Slack does not know this token. Is all of it there?",
    "token_revoked": "This token has ended. Another one would do.",
    "token_expired": "This token has ended. Another one would do.",
    "account_inactive": "Whoever this token belongs to is no longer active in Slack.",
    "missing_scope": "This token may not read the list: it wants the scope admin, and an admin's own token.",
    "not_allowed_token_type": "This is a bot's token. It wants an admin's own, which begins with xoxp.",
    "not_an_admin": "Slack shows this list to admins only.",
    "access_denied": "Slack shows this list to admins only.",
    "paid_only": "Slack gives this list to paid workspaces only. The page Manage apps shows it there.",
    "ratelimited": "Slack asks us to slow down. You could try once more in a minute.",
}


def held(room: Room | None) -> Iterator[Held]:
    """Our own app in each workspace; in a room that is one with a channel, the line between them."""
    if room is None:
        for one in Installation.living():
            yield Held(
                mark=f"slack:{one.pk}", name=f"Fireside in Slack, {one}"[:120], kind="app",
                icon="message-circle", vendor="Our own app, made from our own manifest", place="slack",
                scopes=tuple(sorted(one.granted)), may="", added_at=one.installed_at,
                why="What is said in a room and its channel is one.",
                used_at=one.arrivals.order_by("-pk").values_list("at", flat=True).first(),
                way_out=WAY_OUT,
                known_as=f"slack/{one.app_id}" if one.app_id else "",
            )  # fmt: skip
        return
    for link in Channel.open().filter(room=room).select_related("installation"):
        yield Held(
            mark=f"slack:{link.installation_id}", name="Slack", kind="app", icon="message-circle",
            may=f"reads and posts: {link} and this room are one.", room=room,
        )  # fmt: skip


def room_of(channel_id: str) -> Room | None:
    """The room that is one with this channel."""
    link = Channel.open().filter(channel_id=channel_id).exclude(channel_id="").select_related("room").first()
    return link.room if link else None


@sensitive_variables("token", "asked")
def integration_logs(token: str) -> list[Line]:
    """What Slack's team.integrationLogs tells an admin, all its pages; Sorry when it does not tell.

    https://docs.slack.dev/reference/methods/team.integrationLogs
    """
    if not TOKEN.fullmatch(token):
        raise Sorry(
            "An admin's own token begins with xoxp-. This is another one, or a part of it is missing."
        )
    asked, found = client(token, PATIENCE), list[Line]()
    for page in range(1, PAGES + 1):
        told = _page(asked, page)
        found += [one for log in told.get("logs") or [] if isinstance(log, dict) and (one := _line(log))]
        paging = told.get("paging")
        if not isinstance(paging, dict) or page >= _number(paging.get("pages")):
            return found
    raise Sorry(
        f"Slack tells of more than {PAGES * COUNT:,} changes. Its export as a file can be brought in."
    )


@sensitive_variables("asked")
def _page(asked: Any, page: int) -> dict[str, Any]:
    from slack_sdk.errors import SlackApiError

    try:
        told = asked.team_integrationLogs(count=COUNT, page=page)
    except SlackApiError as error:
        code = str(error.response.get("error", ""))
        raise Sorry(NO.get(code, f"Slack says “{code[:40]}”, and tells no more.")) from None
    except (OSError, http.client.HTTPException):
        raise Sorry("Slack cannot be reached just now. Nothing was brought in.") from None
    return told.data if isinstance(told.data, dict) else {}


def _number(told: Any) -> int:
    return int(told) if str(told).isdecimal() and len(str(told)) < 9 else 1


def _line(log: dict[str, Any]) -> Line | None:
    """An app or a service of the old kind; what a log line does not say is empty."""
    ident = str(log.get("app_id") or log.get("service_id") or "")
    name = str(log.get("app_type") or log.get("service_type") or log.get("rss_feed_title") or "")
    date = str(log.get("date") or "")
    at = datetime.fromtimestamp(int(date), UTC) if date.isdecimal() and len(date) < 12 else None
    if not ident and not name:
        return None
    return Line(
        ident=ident, name=name or ident, by=str(log.get("user_name") or ""), at=at,
        change=str(log.get("change_type") or ""), scopes=str(log.get("scope") or ""),
        channel=str(log.get("channel") or ""),
    )  # fmt: skip
