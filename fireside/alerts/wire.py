"""How machines write alerts: Alertmanager's webhook and its API, read into plain values or refused.

Times are RFC 3339 with up to nanoseconds (kept to the microsecond). Unknown fields are passed over, so that a
newer sender is understood as long as the fields read here keep their shape.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, TypeAlias

import msgspec

from fireside.hearth import slips

WEBHOOK, API = "webhook", "alerts"
NAME, VALUE, NOTE, PRINT = 100, 1000, 4000, 64  # longest name, label, annotation and fingerprint
MOST = 64  # labels of one alert
QUIET = timedelta(minutes=5)  # an alert told through the API without an end is over after this much silence
WHERE = re.compile(r"(?P<words>.*?) - at `\$\.?(?P<path>.*)`", re.DOTALL)


class Unreadable(ValueError):
    """This is not what was agreed on; `path` is the place in the JSON, like "alerts[3].startsAt"."""

    def __init__(self, words: str, path: str = "") -> None:
        super().__init__(f"{words} at {path}" if path else words)
        self.words = words
        self.path = path


Name: TypeAlias = Annotated[str, msgspec.Meta(max_length=NAME)]
Labels: TypeAlias = Annotated[
    dict[Name, Annotated[str, msgspec.Meta(max_length=VALUE)]], msgspec.Meta(max_length=MOST)
]
Notes: TypeAlias = Annotated[
    dict[Name, Annotated[str, msgspec.Meta(max_length=NOTE)]], msgspec.Meta(max_length=MOST)
]


class Told(msgspec.Struct, gc=False):
    """One alert as it is written."""

    labels: dict[str, str]
    annotations: dict[str, str] | None = None
    status: str | None = None
    startsAt: datetime | None = None  # noqa: N815 -- their name
    endsAt: datetime | None = None  # noqa: N815
    fingerprint: str | None = None


class Webhook(msgspec.Struct, gc=False):
    """What Alertmanager posts to a webhook, version 4."""

    alerts: list[Told]
    groupKey: str | None = None  # noqa: N815
    truncatedAlerts: int | None = None  # noqa: N815


class Fitting(Told, gc=False):
    """One alert of which nothing has to be cut, as nearly all are."""

    labels: Labels
    annotations: Notes | None = None
    fingerprint: Annotated[str, msgspec.Meta(max_length=PRINT)] | None = None


class FittingWebhook(Webhook, gc=False):
    """A webhook full of them."""

    alerts: list[Fitting]  # type: ignore[assignment]  # a narrower list, which nobody adds to


@dataclass(slots=True)
class Seen:
    """One alert, cut to size and understood; `ends` of a firing one is when it is over unless told again."""

    fingerprint: str
    labels: dict[str, str]
    annotations: dict[str, str]
    firing: bool
    starts: datetime | None
    ends: datetime | None
    group_key: str
    truncated: int


_webhook = msgspec.json.Decoder(Webhook)
_alerts = msgspec.json.Decoder(list[Told])
_fitting_webhook = msgspec.json.Decoder(FittingWebhook)
_fitting_alerts = msgspec.json.Decoder(list[Fitting])
_in_order = msgspec.json.Encoder(order="sorted")


def decode(form: str, body: bytes) -> Webhook:
    """The body in its shape; Unreadable with the JSON path when it has another."""
    try:
        return _decode(form, body)
    except msgspec.ValidationError as error:
        raise _unreadable(error) from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _decode_mended(form, body)
    except RecursionError:
        raise Unreadable("This is nested too deeply") from None


def read(form: str, body: bytes, at: datetime) -> list[Seen]:
    """The alerts in a body that came in at `at`, in order."""
    told = _fitting(form, body) or decode(form, body)
    key, truncated = _cut(told.groupKey or "", VALUE), max(told.truncatedAlerts or 0, 0)
    seen = [_seen(alert, form, at, key, min(truncated, 10**9)) for alert in told.alerts]
    if slips.find(body.decode(errors="replace")):
        for one in seen:
            one.labels, one.annotations = _masked(one.labels), _masked(one.annotations)
    return seen


def _decode(form: str, body: bytes) -> Webhook:
    return _webhook.decode(body) if form == WEBHOOK else Webhook(_alerts.decode(body))


def _fitting(form: str, body: bytes) -> Webhook | None:
    """The body, when nothing in it has to be cut or mended."""
    if b"\\u0000" in body:  # databases hold no NUL
        return None
    try:
        return _fitting_webhook.decode(body) if form == WEBHOOK else Webhook([*_fitting_alerts.decode(body)])
    except (ValueError, RecursionError):  # msgspec's errors and Unicode's are ValueErrors
        return None


def _decode_mended(form: str, body: bytes) -> Webhook:
    """Halves of surrogate pairs and bytes that are no UTF-8 become marks; what is broken stays refused."""
    try:
        whole = json.dumps(json.loads(body.decode(errors="replace")), ensure_ascii=False)
        return _decode(form, whole.encode(errors="replace"))
    except msgspec.ValidationError as error:
        raise _unreadable(error) from None
    except (ValueError, RecursionError):
        raise Unreadable("This is not JSON") from None


def _unreadable(error: msgspec.ValidationError) -> Unreadable:
    found = WHERE.fullmatch(str(error))
    return Unreadable(found["words"], found["path"]) if found else Unreadable(str(error))


def _seen(told: Told, form: str, at: datetime, key: str, truncated: int) -> Seen:
    fits = isinstance(told, Fitting)
    labels = told.labels if fits else _tidy(told.labels, VALUE)
    notes, ends = told.annotations or {}, _moment(told.endsAt)
    firing = ends is None or ends > at
    if form == WEBHOOK and told.status:
        firing = told.status != "resolved"
    if firing:
        ends = None if form == WEBHOOK else (ends or at + QUIET)
    return Seen(
        fingerprint=_cut(told.fingerprint or "", PRINT) or _hashed(labels),
        labels=labels,
        annotations=notes if fits else _tidy(notes, NOTE),
        firing=firing,
        starts=_moment(told.startsAt),
        ends=ends,
        group_key=key,
        truncated=truncated,
    )


def _tidy(words: dict[str, str], most: int) -> dict[str, str]:
    return {_cut(name, NAME): _cut(value, most) for name, value in list(words.items())[:MOST]}


def _masked(words: dict[str, str]) -> dict[str, str]:
    """A machine cannot be asked: what looks like a key is taken out, and nothing else is lost."""
    return {name: slips.masked(value) for name, value in words.items()}


def _cut(words: str, most: int) -> str:
    """As much as is kept, with an ellipsis; databases hold no NUL."""
    return (words if len(words) <= most else words[: most - 1] + "…").replace("\0", "\ufffd")


def _moment(told: datetime | None) -> datetime | None:
    """In UTC; Go's zero time, and what no calendar of ours holds, is no time at all."""
    if told is None or told.year < 1970 or told.year > 9000:
        return None
    if told.tzinfo is UTC:
        return told
    return told.replace(tzinfo=UTC) if told.tzinfo is None else told.astimezone(UTC)


def _hashed(labels: dict[str, str]) -> str:
    return hashlib.blake2b(_in_order.encode(labels), digest_size=8).hexdigest()
