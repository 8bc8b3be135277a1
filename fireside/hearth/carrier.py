"""Who carries entries to webhooks: one process at a time, each receiver at its own pace."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from typing import Any, TypeAlias

from django.db import DatabaseError, close_old_connections, connection, transaction
from django.utils import timezone
from standardwebhooks import Webhook as Signature

import fireside
from fireside.hearth import outside, timeline
from fireside.hearth.people import Person
from fireside.hearth.seal import Unsealable
from fireside.hearth.slots import locks
from fireside.hearth.timeline import Entry
from fireside.hearth.webhooks import DAYS, TEST, WAITS, Sending, Webhook

THREADS = 8  # receivers that are called at the same time
SLOW = 4  # of those that failed lately, so that they take no thread from the others
TICK = 1.0  # seconds between looks for what another process noted
BREATH = 0.2  # seconds between two looks; what is noted meanwhile is looked at together
UNHEARD = 100  # entries for nobody, which are looked at again rather than noted each time
TURN = 50  # sendings to one receiver before the next one's turn
REST = 60.0  # seconds at most between two calls to a receiver that fails
GONE = 410

# What a receiver is told of an entry, as far as this person may see it; None when there is nothing to tell.
Tell: TypeAlias = Callable[[Entry, Person], dict[str, Any] | None]
log = logging.getLogger(__name__)


class Carrier:
    """The thread that looks for what is to be sent, and the threads that bring it."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._locks = locks()
        self._kicked, self._ending = threading.Event(), threading.Event()
        self._quick = ThreadPoolExecutor(THREADS, "webhooks")
        self._slow = ThreadPoolExecutor(SLOW, "webhooks-slow")
        self._busy: dict[int, Future[None]] = {}
        self._rests: dict[int, tuple[int, float]] = {}  # failures in a row, and until when we leave it alone
        self._thread = threading.Thread(target=self._live, name="webhooks", daemon=True)

    def begin(self) -> None:
        timeline.listen(self._kicked.set)
        self._thread.start()

    def alive(self) -> bool:
        return self._thread.is_alive()

    def end(self) -> None:
        """Begin nothing more; what is on its way is sent again by the next one unless it was written down."""
        self._ending.set()
        self._kicked.set()
        self._thread.join(2)
        for pool in (self._quick, self._slow):
            pool.shutdown(wait=False, cancel_futures=True)
        self._locks.close()

    def _live(self) -> None:
        while not self._ending.is_set():
            self._kicked.wait(TICK)
            self._ending.wait(BREATH)
            self._kicked.clear()
            close_old_connections()
            try:
                if self._locks.take("webhooks"):
                    self._round()
            except DatabaseError:
                log.exception("What webhooks are to hear could not be read, and is looked for again")
                connection.close()
                self._ending.wait(1)
        connection.close()

    def _round(self) -> None:
        while notice():
            pass
        now = time.monotonic()
        self._busy = {pk: job for pk, job in self._busy.items() if not job.done()}
        for pk, fails in waiting():
            _, rests_until = self._rests.get(pk, (0, 0.0))
            if pk not in self._busy and rests_until <= now and not self._ending.is_set():
                self._busy[pk] = (self._slow if fails else self._quick).submit(self._bring, pk)

    def _bring(self, hook: int) -> None:
        close_old_connections()
        try:
            fine = bring(hook, self._tell, self._ending.is_set)
        except Exception:
            log.exception("What goes to webhook %s could not be brought", hook)
            fine = False
        finally:
            connection.close()
        failed = 0 if fine else self._rests.get(hook, (0, 0.0))[0] + 1
        self._rests[hook] = (failed, time.monotonic() + min(REST, 2.0**failed) if failed else 0.0)
        self._kicked.set()


def notice(most: int = 500) -> bool:
    """Write down who is to hear of the entries since the last look; tells whether there may be more."""
    hooks = list(Webhook.objects.filter(ended_at=None).select_related("made_by", "room", "team"))
    if not hooks:
        return False
    since = min(hook.heard_to for hook in hooks)
    found = Entry.objects.filter(pk__gt=since).select_related("room").order_by("pk")
    entries = list(found[:most])
    if not entries:
        return False
    new: list[Sending] = []
    for hook in hooks:
        if why := hook.trouble():
            hook.end(why=why)
            continue
        heard = (entry for entry in entries if entry.pk > hook.heard_to and hook.hears(entry))
        new += (Sending(hook=hook, entry=one.pk, verb=one.verb, due_at=timezone.now()) for one in heard)
    if new or len(entries) >= UNHEARD:
        with transaction.atomic():
            Sending.objects.bulk_create(new, ignore_conflicts=True)
            known, last = [hook.pk for hook in hooks], entries[-1].pk
            Webhook.objects.filter(pk__in=known, heard_to__lt=last).update(heard_to=last)
    return len(entries) == most


def waiting() -> list[tuple[int, bool]]:
    """The webhooks for which something is due, and whether they failed lately."""
    due = Sending.objects.filter(due_at__lte=timezone.now(), hook__ended_at=None)
    return [
        (pk, since is not None) for pk, since in due.values_list("hook", "hook__failing_since").distinct()
    ]


def bring(hook: int, tell: Tell, ending: Callable[[], bool] = lambda: False) -> bool:
    """Send what is due to one receiver, the oldest first, until one fails; tells whether none did."""
    for _ in range(TURN):
        due = Sending.objects.filter(hook=hook, hook__ended_at=None, due_at__lte=timezone.now())
        sending = due.select_related("hook__made_by", "hook__room", "hook__team").order_by("pk").first()
        if sending is None or ending():
            return True
        if not carry(sending, tell):
            return False
    return True


def carry(sending: Sending, tell: Tell) -> bool:
    """One attempt. It is written down after the answer, so who dies between the two sends it once more."""
    hook = sending.hook
    if why := hook.trouble():
        hook.end(why=why)
        return True
    body = _body(sending, tell)
    if body is None:
        Sending.objects.filter(pk=sending.pk).update(due_at=None, trouble="What it told of was taken back.")
        return True
    began = time.monotonic()
    try:
        answer = outside.post(hook.address, body.encode(), _signed(sending, body))
        status, words = answer.status, "" if 200 <= answer.status < 300 else _said(answer.status)
    except outside.Unreachable as trouble:
        status, words = None, trouble.words
    except Unsealable:
        status, words = None, "Its secret was sealed with another SECRET_KEY. Give it a new one."
    sending.status, sending.trouble = status, words[:200]
    sending.took, sending.tried_at = round((time.monotonic() - began) * 1000), timezone.now()
    sending.attempts += 1
    with transaction.atomic():
        if words:
            _failed(sending)
        else:
            _succeeded(sending)
    return not words


def _body(sending: Sending, tell: Tell) -> str | None:
    """The JSON to send, made anew at each attempt, so that nothing is told that was taken back meanwhile."""
    if sending.entry is None:
        told: dict[str, Any] | None = {"type": TEST, "timestamp": sending.made_at.isoformat(), "data": {}}
    else:
        entry = Entry.objects.select_related("by", "room", "message__room", "message__author")
        found = entry.filter(pk=sending.entry, withdrawn_at=None).first()
        told = tell(found, sending.hook.made_by) if found and sending.hook.hears(found) else None
    return None if told is None else json.dumps(told, ensure_ascii=False, separators=(",", ":"))


def _signed(sending: Sending, body: str) -> dict[str, str]:
    now = timezone.now()
    signatures = [Signature(secret).sign(sending.key, now, body) for secret in sending.hook.secrets()]
    return {
        "content-type": "application/json", "user-agent": f"Fireside/{fireside.__version__}",
        "webhook-id": sending.key, "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
    }  # fmt: skip


def _succeeded(sending: Sending) -> None:
    now = timezone.now()
    sending.sent_at, sending.due_at = now, None
    sending.save()
    if sending.hook.failing_since is not None:  # what waits for a later attempt need not wait any longer
        Sending.objects.filter(hook=sending.hook_id, due_at__gt=now).update(due_at=now)
    Webhook.objects.filter(pk=sending.hook_id).update(used_at=now, failing_since=None)


def _failed(sending: Sending) -> None:
    hook, now = sending.hook, timezone.now()
    given_up = sending.attempts > len(WAITS)
    sending.due_at = None if given_up else now + timedelta(seconds=WAITS[sending.attempts - 1])
    sending.save()
    since = hook.failing_since or now
    Webhook.objects.filter(pk=hook.pk, failing_since=None).update(failing_since=now)
    if sending.status == GONE:
        hook.end(why=f"{sending.hook.name} answered that it is gone (410).")
    elif given_up and now - since > timedelta(days=DAYS):
        hook.end(why=f"It failed for {DAYS} days. {sending.trouble}")


def _said(status: int) -> str:
    if 300 <= status < 400:
        return f"It answered {status}, and we follow nobody elsewhere. Give it the address it leads to."
    return f"It answered {status}."
