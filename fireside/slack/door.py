"""The door itself: what Slack signed comes in; what may wait is written down, the rest is answered at once.

Listeners run before Slack is answered (`process_before_response`), in the thread that took the request. They
only write down, so an answer takes milliseconds, and what was answered is on the disk.
"""

from __future__ import annotations

import json
import logging
import re
import threading
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.db import close_old_connections
from slack_bolt import Ack, App, BoltContext, BoltRequest, BoltResponse
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.authorization.authorize import Authorize
from slack_sdk.signature import SignatureVerifier

from fireside.hearth.grammar import clean
from fireside.slack import events, inbox, modals
from fireside.slack.adopting import adopt
from fireside.slack.calls import client, is_slacks
from fireside.slack.installation import Installation, Lost
from fireside.slack.installing import flow

ANY = re.compile(".*", re.DOTALL)
STRANGER = "Fireside does not know this workspace. Whoever looks after it could install Fireside again."
log = logging.getLogger(__name__)
bolt = logging.getLogger("fireside.slack.bolt")  # it warns of what we mean to do
_building = threading.Lock()


class Trust(Authorize):
    """Which installation answers for the workspace that knocks, from our own table and without a call."""

    def __init__(self) -> None:
        """Nothing to prepare."""

    def __call__(
        self, *, context: BoltContext, enterprise_id: str | None, team_id: str | None, user_id: str | None,
        **_: Any,
    ) -> AuthorizeResult | None:  # fmt: skip
        team, enterprise = clean(str(team_id or "")), clean(str(enterprise_id or ""))
        installation = Installation.of(team, enterprise)
        if installation is None and adopt() is not None:
            installation = Installation.of(team, enterprise)
        if installation is None:
            if not is_slacks(context.response_url or ""):
                context["response_url"] = None  # Bolt would answer there
            return None
        try:
            secret = installation.secret()
        except Lost:
            return None
        context["installation"] = installation
        return AuthorizeResult(
            enterprise_id=enterprise_id, team_id=team_id, bot_token=secret, bot_id=installation.bot_id,
            bot_user_id=installation.bot_user_id, user_id=user_id,
        )  # fmt: skip


def app() -> App | None:
    """The Bolt app of these settings; None when Slack is not connected at all."""
    known = settings.SLACK
    if not (known["BOT_TOKEN"] or known["CLIENT_ID"]):
        return None
    with _building:
        return _app(json.dumps(known))


@lru_cache(maxsize=1)
def _app(_settings: str) -> App:
    made = App(
        client=client(), signing_secret=settings.SLACK["SIGNING_SECRET"], authorize=Trust(),  # type: ignore[arg-type]
        oauth_flow=flow(),
        request_verification_enabled=False,  # `knock` looks before anything is read; a socket is Slack's own
        process_before_response=True, ignoring_self_events_enabled=False, logger=bolt, name="fireside",
        user_facing_authorize_error_message=STRANGER,
    )  # fmt: skip
    made.error(_failed)
    made.use(_legible)
    made.event(ANY)(_event)
    made.command(ANY)(_command)
    made.action(ANY)(_asked)
    made.shortcut(ANY)(_asked)
    made.view(ANY)(_submitted)
    made.view_closed(ANY)(_closed)
    made.options(ANY)(_options)
    return made


def knock(body: str, headers: dict[str, str]) -> BoltResponse:
    """Answer one request that came over HTTP; its signature is checked on the body as it came."""
    found = app()
    if found is None or not settings.SLACK["SIGNING_SECRET"]:
        return BoltResponse(status=404, body="Slack is not connected here.")
    if not _is_signed(body, headers):
        return BoltResponse(status=401, body="This is not signed by Slack.")
    try:
        return found.dispatch(BoltRequest(body=body, headers=dict(headers)))
    except inbox.UNREADABLE as error:  # Bolt reads before it listens, and what went wrong as well
        return _failed(error)


def _is_signed(body: str, headers: dict[str, str]) -> bool:
    try:
        return SignatureVerifier(settings.SLACK["SIGNING_SECRET"]).is_valid_request(body, headers)
    except (TypeError, ValueError):  # a time that is no number, a signature of no letters
        return False


def _failed(error: Exception) -> BoltResponse:
    """What could not be kept, Slack had better send again; what nobody can read need not come twice."""
    if isinstance(error, inbox.UNREADABLE):
        log.warning("What Slack sent cannot be read", exc_info=error)
        return BoltResponse(status=400, body="This cannot be read.", headers={"X-Slack-No-Retry": "1"})
    log.error("What Slack sent could not be taken", exc_info=error)
    return BoltResponse(status=500)


def _legible(req: BoltRequest, next: Callable[[], None]) -> None:  # noqa: A002 -- Bolt's names
    """Nothing comes in that no database can hold."""
    req.body = _cleaned(req.body)
    next()


def _cleaned(found: Any) -> Any:
    if isinstance(found, str):
        return clean(found)
    if isinstance(found, list):
        return [_cleaned(one) for one in found]
    if isinstance(found, dict):
        return {clean(name): _cleaned(one) for name, one in found.items()}
    return found


def _event(ack: Ack, context: BoltContext, body: dict[str, Any]) -> None:
    # Bolt asks nobody who it is when an app was taken out: then we look ourselves
    enterprise, team = body.get("enterprise_id") or "", body.get("team_id") or ""
    installation = context.get("installation") or Installation.of(team, enterprise)
    lane = events.lane(installation, body) if installation is not None else None
    if installation is not None and lane is not None:
        inbox.keep(installation, "event", body, lane)
    ack()
    _rest()


def _command(ack: Ack, context: BoltContext, body: dict[str, Any]) -> None:
    inbox.keep(context["installation"], "command", body, body.get("trigger_id", ""))
    ack()
    _rest()


def _asked(ack: Ack, context: BoltContext, body: dict[str, Any]) -> None:
    """A button or a shortcut: the work comes after the answer."""
    inbox.keep(context["installation"], body["type"], body, body.get("trigger_id", ""))
    ack()
    _rest()


def _submitted(ack: Ack, context: BoltContext, body: dict[str, Any]) -> None:
    """A filled form: done at once, because only the answer can say what stands beside a field."""
    answer = modals.submitted(context["installation"], body)
    ack(**answer) if answer else ack()
    _rest()


def _closed(ack: Ack) -> None:
    ack()


def _options(ack: Ack, context: BoltContext, body: dict[str, Any]) -> None:
    ack(options=modals.options(context["installation"], body))
    _rest()


def _rest() -> None:
    """Threads of a socket live long; what they borrowed of the database is given back."""
    from django.db import connection

    if not connection.in_atomic_block:
        close_old_connections()
