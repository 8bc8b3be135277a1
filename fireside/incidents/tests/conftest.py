"""An incident that has just been opened, and the lines its people write."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fireside.hearth.commands import Outcome
from fireside.hearth.models import Person, Room
from fireside.incidents.models import Incident


@pytest.fixture
def trouble(ana: Person, room: Room, do: Callable[..., Outcome]) -> Incident:
    """Ana opened it in the team's room."""
    do(ana, "/incident customers cannot pay severity: customers", room)
    return Incident.objects.get()


@pytest.fixture
def secret(ana: Person, room: Room, do: Callable[..., Outcome]) -> Incident:
    """Ana opened it privately."""
    do(ana, "/incident somebody read our post private: yes", room)
    return Incident.objects.get()
