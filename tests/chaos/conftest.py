"""What every scenario has: a way to a database, a book, and the table of all of them at the end."""

from __future__ import annotations

import logging
import os
import random
from collections.abc import Callable, Iterator

import pytest

from tests.chaos import postgres
from tests.chaos.ledger import Ledger, table

logging.getLogger("httpx").setLevel(logging.WARNING)  # each of some thousand requests would be a line
FULL = os.environ.get("CHAOS", "short") == "full"
SEED = int(os.environ.get("CHAOS_SEED", "20261128"))
at_length = pytest.mark.skipif(not FULL, reason="make chaos tries this too")
BOOK = "chaos"
KINDS = ("SQLite", "PostgreSQL")


@pytest.fixture(scope="session")
def server() -> Iterator[postgres.Postgres]:
    """One PostgreSQL for all scenarios, each of which has a base of its own in it."""
    with postgres.postgres() as running:
        yield running


@pytest.fixture
def database(request: pytest.FixtureRequest) -> Iterator[str]:
    """An address, or nothing for SQLite; scenarios run with both."""
    if request.param == "sqlite":
        yield ""
        return
    running = request.getfixturevalue("server")
    with running.base() as base:
        yield running.url(base)


@pytest.fixture
def book(request: pytest.FixtureRequest) -> Iterator[Callable[..., Ledger]]:
    """Open the book of a scenario; it is shown at the end, whatever becomes of it."""
    books: list[Ledger] = []

    def opened(scenario: str, database: str, **more: bool) -> Ledger:
        kind = database if database in KINDS else "PostgreSQL" if database else "SQLite"
        books.append(Ledger(scenario, kind, **more))
        return books[-1]

    yield opened
    request.node.user_properties.extend((BOOK, made.row()) for made in books)


@pytest.fixture
def chance(request: pytest.FixtureRequest) -> random.Random:
    """The scenario's own dice, the same for the same seed."""
    return random.Random(f"{SEED}:{request.node.name}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One table, also of what several processes ran."""
    ended = [report for some in terminalreporter.stats.values() for report in some if hasattr(report, "when")]
    rows = [
        row for one in ended if one.when == "teardown" for name, row in one.user_properties if name == BOOK
    ]
    if rows:
        terminalreporter.section(f"chaos, {'full' if FULL else 'short'}, CHAOS_SEED={SEED}")
        terminalreporter.write_line(table(rows))
