"""What several stories of the Slack door begin with."""

import pytest
from django.apps import apps

from fireside.hearth.commands import Ask, say_line


@pytest.fixture
def trouble(slack, ana, bo, room):
    """An incident that Ana opened, and its channel in Slack with both of them in it."""
    say_line(Ask(ana, room), "/incident customers cannot pay")
    incident = apps.get_model("incidents", "Incident").objects.get()  # a door imports no domain
    incident.room.seat(bo)
    slack.settle()
    return incident
