"""The table in which the engine keeps its jobs, in Django's own database, opened the same way."""

from __future__ import annotations

import sqlite3
from functools import cache
from typing import Any

import sqlalchemy as sa
from django.db import connection

from fireside.hearth.slots import reached_by

NAME = "workflow_status"
PATIENCE = 30_000  # milliseconds that a job waits for its turn to write; nobody sits before it
SESSIONS = 8  # kept open on PostgreSQL, one for each thread that runs jobs


@cache
def database() -> sa.Engine:
    if connection.vendor == "sqlite":
        engine = sa.create_engine(f"sqlite:///{connection.settings_dict['NAME']}")
        sa.event.listen(engine, "connect", _sqlite)
        return engine
    return sa.create_engine(
        "postgresql+psycopg://", connect_args=reached_by(), pool_size=SESSIONS, pool_pre_ping=True
    )


def _sqlite(session: sqlite3.Connection, record: Any) -> None:
    session.isolation_level = "IMMEDIATE"
    for pragma in (f"busy_timeout={PATIENCE}", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        session.execute(f"PRAGMA {pragma}")


def patiently() -> None:
    """Let what runs in this thread wait for its turn to write, longer than a page does."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA busy_timeout={PATIENCE}")


@cache
def table() -> sa.TableClause:
    columns = ("workflow_uuid", "status", "executor_id", "recovery_attempts")
    return sa.table(NAME, *map(sa.column, columns), schema=_schema())


def _schema() -> str | None:
    return None if connection.vendor == "sqlite" else "dbos"


def begun() -> bool:
    """Has a worker ever begun here? Until then there is no such table, and so there are no jobs."""
    return sa.inspect(database()).has_table(NAME, schema=_schema())


def busy() -> set[str]:
    """The workers that were running something when they last wrote."""
    rows = table()
    with database().connect() as session:
        asked = sa.select(rows.c.executor_id).where(rows.c.status == "PENDING").distinct()
        return {slot for slot in session.scalars(asked) if slot}
