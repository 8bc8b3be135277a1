"""How a workspace lets us in, and the page where keepers look after Slack."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.views.decorators.http import require_GET

from fireside.slack import manifest
from fireside.slack.scopes import SCOPES, wanted
from fireside.slack.standing import standings, unanswered
from fireside.web.page import asker, page, see_other
from fireside.web.views.settings import for_keepers

if TYPE_CHECKING:
    from slack_bolt import BoltResponse
    from slack_bolt.oauth import OAuthFlow

AGAIN = "You could begin anew from here."
REFUSED = {
    "access_denied": f"Slack says that it was not allowed. Nothing was changed. {AGAIN}",
    "invalid_browser": f"This answer of Slack's belongs to another browser, or to an earlier try. {AGAIN}",
    "invalid_state": f"This answer of Slack's was used already, or it came later than ten minutes. {AGAIN}",
    "missing_code": f"Slack's answer did not hold what is needed. {AGAIN}",
    "invalid_code": f"Slack did not take its own answer back; that happens when it is used twice. {AGAIN}",
    "unreachable": f"Slack could not be reached, so nothing was changed. {AGAIN}",
}


@for_keepers
@require_GET
def install(request: HttpRequest) -> HttpResponse:
    """Off to Slack, where somebody says which workspace lets us in."""
    from fireside.slack import installing  # Slack's library is heavy, and not every house has it

    return _answer(installing.begin(_flow(), request.META["QUERY_STRING"], dict(request.headers)))


@for_keepers
@require_GET
def oauth_redirect(request: HttpRequest) -> HttpResponse:
    """Back from Slack: connected, or a page that says what could be done."""
    from fireside.slack import installing

    said = installing.finish(_flow(), request.META["QUERY_STRING"], dict(request.headers))
    if said.status == 200:
        messages.success(request, gettext("%(name)s is connected.") % {"name": said.body})
        answer: HttpResponse = see_other("settings-slack")
    else:
        code = unquote(said.body)
        words = REFUSED.get(code, f"Slack says “{code[:80]}”. Nothing was changed. {AGAIN}")
        answer = page(request, "slack/refused.html", at="me", status=said.status, words=words)
    return _with_headers(answer, said)


@for_keepers
@require_GET
def look_after(request: HttpRequest) -> HttpResponse:
    """How it stands with each workspace, what is linked, and how to begin."""
    several = bool(settings.SLACK["CLIENT_ID"])
    asked = [scope for scope in SCOPES if scope.name in wanted()]
    return page(
        request, "slack/settings.html", at="me", standings=standings(asker(request)), unanswered=unanswered(),
        several=several, begun=several or bool(settings.SLACK["BOT_TOKEN"]), scopes=asked,
        manifest=manifest.as_yaml(manifest.made()),
    )  # fmt: skip


def _flow() -> OAuthFlow:
    from fireside.slack import installing

    flow = installing.flow()
    if flow is None:
        raise Http404
    return flow


def _answer(said: BoltResponse) -> HttpResponse:
    return _with_headers(HttpResponse(said.body, status=said.status), said)


def _with_headers(answer: HttpResponse, said: BoltResponse) -> HttpResponse:
    for name, values in said.headers.items():
        value = values if isinstance(values, str) else str(values[0])
        if name.lower() == "set-cookie":
            _set_cookie(answer, value)
        else:
            answer[name] = value
    return answer


def _set_cookie(answer: HttpResponse, value: str) -> None:
    """Bolt's cookie, as safe as ours: where the house has no https yet, it comes back all the same."""
    answer.cookies.load(value)
    for cookie in answer.cookies.values():
        cookie["secure"] = settings.SESSION_COOKIE_SECURE
        cookie["samesite"] = "Lax"
