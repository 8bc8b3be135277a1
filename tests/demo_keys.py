"""`python -m tests.demo_keys`: in the demo's house, keys, tokens and webhooks as they look after some use."""

from __future__ import annotations

from datetime import timedelta

import django
from django.utils import timezone


def fill() -> None:
    from fireside.alerts.models import Source
    from fireside.hearth.keys import READ, Key
    from fireside.hearth.models import Person, Room, Webhook

    aroha, now = Person.objects.get(handle="aroha"), timezone.now()
    reads, _ = Key.make(aroha, "Dashboard in the hall", scopes=READ)
    reads.rotate(timedelta(days=7), by=aroha)
    Key.objects.filter(pk=reads.pk).update(old_used_at=now, used_from="203.0.113.9")
    Key.make(aroha, "Release notes", days=7, rooms=[Room.objects.get(slug="til")])
    Key.make(aroha, "Older than scopes", days=None)
    source = Source.objects.get(name="prometheus")
    source.rotate(timedelta(days=3), by=aroha)
    Source.objects.filter(pk=source.pk).update(old_used_at=now)
    hook, _ = Webhook.make("https://hooks.example.org/fireside", ["incident.*", "update.told"], by=aroha)
    hook.sendings.create(verb="incident.opened", attempts=1, status=204, took=81, tried_at=now, sent_at=now)
    hook.sendings.create(
        verb="update.told", attempts=3, status=503, took=8000, tried_at=now, trouble="It answered 503.",
        due_at=now + timedelta(hours=2),
    )  # fmt: skip
    Webhook.objects.filter(pk=hook.pk).update(used_at=now, failing_since=now)
    gone, _ = Webhook.make("https://old.example.org/", ["message.said"], by=aroha)
    gone.end(why="old.example.org answered that it is gone (410).")


if __name__ == "__main__":
    django.setup()
    fill()
