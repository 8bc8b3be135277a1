"""A storefront, and a Prometheus that watches it."""

import pytest

from fireside.alerts.models import Source
from fireside.hearth.models import Person, Room, Team
from fireside.systems.models import System


@pytest.fixture
def storefront(sparkles: Team, room: Room, ana: Person) -> System:
    return System.add(
        "Storefront",
        by=ana,
        what="The shop people see.",
        team=sparkles,
        room=room,
        matchers=[{"job": "storefront"}],
    )


@pytest.fixture
def prometheus(ana: Person) -> Source:
    return Source.make("Prometheus", by=ana)[0]
