"""The table in which the engine keeps its jobs, in Django's own database, opened the same way."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from functools import cache
from typing import Any

import sqlalchemy as sa
from django.conf import settings
from django.db import connection

from fireside.hearth.slots import reached_by

NAME = "workflow_status"
COLUMNS = (
    "workflow_uuid", "status", "executor_id", "queue_name", "owner_xid", "recovery_attempts", "created_at",
    "delay_until_epoch_ms",
)  # fmt: skip
APART = 1000  # milliseconds between jobs that are let run one after the other
MIGRATIONS = "dbos_migrations"
SCHEMA = "dbos"  # on PostgreSQL
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
    durable = f"synchronous={settings.SYNCHRONOUS}"
    for pragma in (f"busy_timeout={PATIENCE}", "journal_mode=WAL", durable, "foreign_keys=ON"):
        session.execute(f"PRAGMA {pragma}")


def patiently() -> None:
    """Let what runs in this thread wait for its turn to write, longer than a page does."""
    if connection.vendor == "sqlite":
        connection.patience = PATIENCE / 1000  # type: ignore[attr-defined]  # of our own engine
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA busy_timeout={PATIENCE}")


@cache
def table() -> sa.TableClause:
    return sa.table(NAME, *map(sa.column, COLUMNS), schema=_schema())


def _schema() -> str | None:
    return None if connection.vendor == "sqlite" else SCHEMA


def layout(apart: Callable[[str], bool]) -> dict[str, list[tuple[str, str, bool]]]:
    """The engine's tables, those first that others point to: each column's name, kind and part in the key.

    On SQLite they stand among all others; `apart` tells which are not the engine's.
    """
    asked, found = sa.inspect(database()), {}
    for name, _ in asked.get_sorted_table_and_fkc_names(_schema()):
        if name is not None and not (apart(name) or name == MIGRATIONS):
            key = asked.get_pk_constraint(name, _schema())["constrained_columns"]
            columns = asked.get_columns(name, _schema())
            found[name] = [(c["name"], _kind(c["type"]), c["name"] in key) for c in columns]
    return found


def _kind(type_: sa.types.TypeEngine[Any]) -> str:
    return "json" if isinstance(type_, sa.JSON) and connection.vendor == "postgresql" else "plain"


def busy() -> set[str]:
    """The workers that were running something when they last wrote."""
    rows = table()
    with database().connect() as session:
        asked = sa.select(rows.c.executor_id).where(rows.c.status == "PENDING").distinct()
        return {slot for slot in session.scalars(asked) if slot}


def part(slot: str, queue: str) -> None:
    """Let what was on board at two deaths run one after the other: a third hits only what causes it."""
    rows = table()
    died = sa.and_(rows.c.status == "PENDING", rows.c.executor_id == slot, rows.c.recovery_attempts >= 2)
    with database().begin() as session:
        suspects = sa.select(rows.c.workflow_uuid).where(died).order_by(rows.c.created_at)
        for number, key in enumerate(session.scalars(suspects).all()):
            later = int(time.time() * 1000) + number * APART
            apart = {
                "status": "DELAYED",
                "delay_until_epoch_ms": later,
                "queue_name": queue,
                "owner_xid": None,
            }
            session.execute(sa.update(rows).where(died, rows.c.workflow_uuid == key).values(apart))
