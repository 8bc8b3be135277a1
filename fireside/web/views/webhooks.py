"""Webhooks as people see them: what each hears, how it fares, and what came of each sending."""

from __future__ import annotations

from collections.abc import Iterator

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from fireside.hearth.people import Person
from fireside.hearth.webhooks import SHOWN, WAITS, Webhook, kinds, stopped
from fireside.web.page import asker, page
from fireside.web.places import Coming

MOST = 100  # webhooks on the page, and sendings on that of one


@login_required
@require_safe
def webhooks(request: HttpRequest) -> HttpResponse:
    seen = Webhook.seen_by(asker(request))
    return page(
        request, "web/settings/webhooks.html", at="me", hooks=seen.filter(ended_at=None)[:MOST],
        ended=seen.filter(ended_at__gte=timezone.now() - SHOWN)[:MOST], kinds=sorted(kinds.items()),
    )  # fmt: skip


@login_required
@require_safe
def webhook(request: HttpRequest, pk: int) -> HttpResponse:
    """One webhook, and what it was told in the last days, the newest first."""
    hook = get_object_or_404(Webhook.seen_by(asker(request)), pk=pk)
    sendings = hook.sendings.order_by("-pk")
    before = request.GET.get("before", "")
    if before.isascii() and before.isdecimal() and len(before) < 19:
        sendings = sendings.filter(pk__lt=int(before))
    some = list(sendings[: MOST + 1])
    later = f"?before={some[MOST - 1].pk}" if len(some) > MOST else ""
    return page(
        request, "web/settings/webhook.html", at="me", hook=hook, sendings=some[:MOST], later=later,
        attempts=len(WAITS) + 1, signs_both=bool(hook.old_until and hook.old_until > timezone.now()),
    )  # fmt: skip


def webhooks_stopped(person: Person) -> Iterator[Coming]:
    """On the home of whoever made it, and of keepers: a webhook that stopped by itself."""
    for hook in stopped(person):
        words = gettext("The webhook “%(name)s” stopped") % {"name": hook.name}
        yield Coming(hook.ended_at or hook.made_at, words, hook.get_absolute_url(), hook.ended_why)
