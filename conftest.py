"""The cast and the doors: every story is told by the same people, through every door there is."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterator

import pytest
from django.core.cache import cache
from django.test import Client, TransactionTestCase

from fireside.hearth import signins
from fireside.hearth.commands import Ask, Outcome, say_line
from fireside.hearth.models import Organisation, Person, Room, Team
from tests import fuzzing  # noqa: F401 -- how hard to look
from tests.trail import may_be_emptied

Do = Callable[..., Outcome]
pytest_plugins = ["tests.slack_door"]


@pytest.fixture(autouse=True)
def _nobody_is_left_in_the_database() -> Iterator[None]:
    """The job engine keeps sessions for later; after a test they end, so that its database can go."""
    yield
    jobtable = sys.modules.get("fireside.hearth.jobtable")
    if jobtable is not None and jobtable.database.cache_info().currsize:
        jobtable.database().dispose()


@pytest.fixture(autouse=True)
def _nobody_has_tried_or_been_seen_yet() -> None:
    """What one process counts and remembers of sign-ins begins anew with each story."""
    cache.clear()
    signins._seen.clear()


@pytest.fixture(autouse=True, scope="session")
def _a_test_may_empty_the_audit_trail() -> Iterator[None]:
    """The database refuses to empty it, which is what Django does after a test with real transactions."""
    usual = TransactionTestCase._fixture_teardown

    def teardown(self: TransactionTestCase) -> None:
        with may_be_emptied():
            usual(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", teardown)
        yield


@pytest.fixture
def org(db: None) -> Organisation:
    return Organisation.objects.create(name="Unicorn Rentals", zone="Pacific/Auckland")


@pytest.fixture
def sparkles(org: Organisation) -> Team:
    return Team.objects.create(
        name="Magic Sparkles", slug="magic-sparkles", purpose="Keeps unicorns rentable."
    )


@pytest.fixture
def ana(sparkles: Team, org: Organisation) -> Person:
    """A keeper, in the team, in Auckland."""
    person = Person.welcome(
        "Ana Ngata", email="ana@example.org", zone="Pacific/Auckland", keeper_since=org.made_at
    )
    person.teams.add(sparkles)
    return person


@pytest.fixture
def bo(sparkles: Team) -> Person:
    """A member of the same team, in Berlin."""
    person = Person.welcome("Bo Lund", email="bo@example.org", zone="Europe/Berlin")
    person.teams.add(sparkles)
    return person


@pytest.fixture
def cy(org: Organisation) -> Person:
    """Someone from elsewhere in the house, who must not see what is private."""
    return Person.welcome("Cy Park", email="cy@example.org", zone="America/New_York")


@pytest.fixture
def room(sparkles: Team, ana: Person, bo: Person) -> Room:
    room = Room.make(
        "magic-sparkles", by=ana, purpose=Room.Purpose.TEAM, about="Keeps unicorns rentable.", team=sparkles
    )
    room.seat(bo)
    sparkles.room = room
    sparkles.save()
    return room


@pytest.fixture
def web() -> Callable[[Person], Client]:
    """A signed-in browser without JavaScript."""

    def sign_in(person: Person) -> Client:
        client = Client()
        client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
        signins.seen(person, str(client.session.session_key), browser="", address="")
        return client

    return sign_in


@pytest.fixture(params=["web", "slack"])
def do(request: pytest.FixtureRequest) -> Do:
    """Say a line as someone, in a room, through each door: `do(ana, "/incident no payments", room)`."""
    if request.param == "slack":
        return request.getfixturevalue("slack").do  # type: ignore[no-any-return]

    def through(person: Person, line: str, room: Room | None = None, **more: object) -> Outcome:
        return say_line(Ask(person, room, door="web", **more), line)  # type: ignore[arg-type]

    return through


def pytest_collection_finish() -> None:
    """What was loaded stays to the end: it need not be looked through for rubbish again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
