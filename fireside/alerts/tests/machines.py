"""What a monitoring machine would send, and a way to hand it to the house without a network."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils import timezone

from fireside.alerts import handle, wire
from fireside.alerts.models import Delivery, Source

BEGAN = datetime.now(UTC) - timedelta(hours=1)


def told(name: str = "RefusalsHigh", status: str = "firing", **more: Any) -> dict[str, Any]:
    """One alert as Alertmanager writes it; labels and annotations can be given."""
    labels = {"alertname": name, "job": "storefront", **more.pop("labels", {})}
    alert = {
        "status": status,
        "labels": labels,
        "annotations": more.pop("annotations", {"summary": "Payments are refused"}),
        "startsAt": more.pop("starts", BEGAN).isoformat().replace("+00:00", "Z"),
        "endsAt": "0001-01-01T00:00:00Z",
    }
    if status == "resolved":
        alert["endsAt"] = more.pop("ends", BEGAN + timedelta(minutes=47)).isoformat().replace("+00:00", "Z")
    return alert | more


def webhook(*alerts: dict[str, Any], **more: Any) -> bytes:
    """A webhook body, version 4."""
    return json.dumps(
        {
            "version": "4",
            "groupKey": '{}:{alertname="RefusalsHigh"}',
            "receiver": "fireside",
            "alerts": alerts,
        }
        | more
    ).encode()


def arrive(source: Source, body: bytes, *, form: str = wire.WEBHOOK, at: datetime | None = None) -> Delivery:
    """Put a body into the inbox as the intake does, without handling it."""
    wire.decode(form, body)
    return Delivery.objects.create(
        source=source, at=at or timezone.now(), form=form, sha256=hashlib.sha256(body).hexdigest(),
        size=len(body), body=body,
    )  # fmt: skip


def hear(source: Source, *alerts: dict[str, Any], at: datetime | None = None, **more: Any) -> Delivery:
    """A delivery of these alerts, taken in and handled."""
    delivery = arrive(source, webhook(*alerts, **more), at=at)
    handle.take_all()
    return delivery
