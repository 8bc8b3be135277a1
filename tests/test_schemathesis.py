"""Every documented call, tried with words that fit its description and words that do not."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS

from fireside.hearth.models import Key, Person, Room
from fireside.web.api.openapi import described
from tests.fuzzing import many

pytestmark = [pytest.mark.django_db, pytest.mark.api]

EXAMPLES = many(4)  # of each mode, for each call; with a hundred calls this stays within half a minute
# What a person could put right is told with 422 also for words that fit the description,
# so the two checks that ask otherwise are left out.
NAMES = [
    "not_a_server_error", "status_code_conformance", "content_type_conformance",
    "response_headers_conformance", "response_schema_conformance",
]  # fmt: skip


@pytest.fixture(autouse=True)
def _one_connection() -> Iterator[None]:
    """Requests leave the test's own connection open, as with Django's test client."""
    signals = [request_started, request_finished]
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.fixture
def secret(ana: Person, room: Room) -> str:
    room.say("the unicorns are fed", by=ana)
    return Key.make(ana, "schemathesis")[1]


def calls() -> Iterator[Any]:
    schema = schemathesis.openapi.from_dict(described())
    schema.app = get_wsgi_application()
    for found in schema.get_all_operations():
        yield found.ok()


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
def test_no_call_breaks_and_no_answer_is_undocumented(mode: GenerationMode, secret: str) -> None:
    for call in calls():
        attempt(call, mode, secret)


def attempt(call: Any, mode: GenerationMode, secret: str) -> None:
    @settings(
        max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=call.as_strategy(generation_mode=mode))
    def each(case: Any) -> None:
        case.call_and_validate(
            headers={"Authorization": f"Bearer {secret}"}, checks=[CHECKS.get_one(name) for name in NAMES]
        )

    each()
