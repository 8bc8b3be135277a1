"""Releases that share a database, and what each says to the other."""

from __future__ import annotations

import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from fireside import RUNS_FROM, __version__
from fireside.config.migrating import TooNew, refuse_newer
from fireside.config.serve import CannotServe, prepare
from fireside.hearth.models import Release
from fireside.hearth.releases import number

pytestmark = pytest.mark.django_db


@pytest.fixture
def from_the_future() -> None:
    """A step that this release does not know was taken."""
    MigrationRecorder(connection).record_applied("hearth", "0999_from_the_future")


def test_versions_come_in_the_order_of_their_numbers() -> None:
    assert sorted(["0.10.0", "0.9.1", "1.0.0", "0.9.0"], key=number) == ["0.9.0", "0.9.1", "0.10.0", "1.0.0"]


def test_a_release_says_once_that_it_is_here() -> None:
    Release.announce()
    Release.announce()
    assert [str(release) for release in Release.objects.all()] == [
        f"{__version__}, on whose database {RUNS_FROM} can run"
    ]


def test_a_newer_database_is_left_alone(from_the_future: None) -> None:
    with pytest.raises(CannotServe, match=r"belongs to a newer Fireside \(hearth.0999_from_the_future\)"):
        prepare()


def test_a_newer_release_can_say_that_we_may_run_on_its_database(from_the_future: None) -> None:
    Release.objects.create(version="999.0.0", runs_from=__version__)
    refuse_newer()


def test_of_several_newer_ones_the_strictest_counts(from_the_future: None) -> None:
    Release.objects.create(version="999.0.0", runs_from=__version__)
    Release.objects.create(version="999.10.0", runs_from="999.9.0")
    with pytest.raises(TooNew, match=f"999.9.0 or later can run on it, and this is {__version__}"):
        refuse_newer()


def test_a_newer_release_is_heard_also_when_it_took_no_step() -> None:
    Release.objects.create(version="999.0.0", runs_from="999.0.0")
    with pytest.raises(TooNew, match=r"999.0.0 or later"):
        refuse_newer()


def test_what_an_older_release_said_is_of_no_matter(from_the_future: None) -> None:
    Release.objects.create(version="0.0.1", runs_from="0.0.1")
    with pytest.raises(TooNew, match="0999_from_the_future"):
        refuse_newer()
