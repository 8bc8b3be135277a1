"""A delivery that was taken and could not be understood: kept, and shown to those who can mend it."""

import pytest
from django.utils.html import escape

from fireside.alerts import handle
from fireside.alerts.models import Delivery, Source
from fireside.alerts.tests.machines import arrive, hear, told, webhook
from fireside.alerts.wire import WEBHOOK
from fireside.hearth.models import Message

pytestmark = pytest.mark.django_db


def test_what_could_not_be_understood_is_told_to_keepers_alone(
    web, ana, bo, storefront, prometheus: Source
) -> None:
    assert "could not be understood" not in web(ana).get("/alerts/connect/").content.decode()
    for _ in range(6):
        delivery = arrive(prometheus, webhook(told()))
        Delivery.objects.filter(pk=delivery.pk).update(body=b'{"alerts": 7}', form=WEBHOOK)
    handle.take_all()
    hear(prometheus, told())
    seen = web(ana).get("/alerts/connect/").content.decode()
    assert "6 deliveries are kept as they came" in seen
    assert seen.count("Prometheus, ") == 5
    reason = Delivery.troubled()[0].trouble
    assert reason
    assert seen.count(f'<p class="soft">{escape(reason)}') == 5
    assert "could not be understood" not in web(bo).get("/alerts/connect/").content.decode()
    assert Message.objects.filter(voice="Alerts", thread=None).count() == 1
