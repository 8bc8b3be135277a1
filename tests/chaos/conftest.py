"""What every scenario has: a way to a database, a book, and the table of all of them at the end."""

from __future__ import annotations

import logging
import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.chaos import ledger, postgres
from tests.chaos.ledger import Ledger

logging.getLogger("httpx").setLevel(logging.WARNING)  # each of some thousand requests would be a line
FULL = os.environ.get("CHAOS", "short") == "full"
SEED = int(os.environ.get("CHAOS_SEED", "20261128"))
_books: list[Ledger] = []


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
def book(request: pytest.FixtureRequest) -> Callable[..., Ledger]:
    """Open the book of a scenario; it is shown at the end, whatever becomes of it."""

    def opened(scenario: str, database: str, **more: bool) -> Ledger:
        kind = database if database in ("", "PostgreSQL", "SQLite") else "PostgreSQL"
        made = Ledger(scenario, kind or "SQLite", **more)
        _books.append(made)
        return made

    return opened


@pytest.fixture
def chance(request: pytest.FixtureRequest) -> random.Random:
    """The scenario's own dice, the same for the same seed."""
    return random.Random(f"{SEED}:{request.node.name}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _books:
        terminalreporter.section(f"chaos, {'full' if FULL else 'short'}, CHAOS_SEED={SEED}")
        terminalreporter.write_line(ledger.table(_books))
        if path := os.environ.get("CHAOS_TABLE"):
            Path(path).write_text(ledger.table(_books) + "\n")
