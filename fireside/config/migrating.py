"""Brings the database up to date, one step at a time, each whole or not at all, while others are at work."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management import call_command
from django.db import OperationalError, connection, transaction
from django.db.migrations import Migration
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader

from fireside import __version__
from fireside.hearth.releases import Release, number

PATIENCE = "3s"  # how long a step waits for a lock on PostgreSQL
PAUSE = 1.0  # seconds between two tries, in which the others go on
TRIES = 30
AT_ONCE = 20.0  # seconds in which all tables of a step may become free together
LOCKED = ("55P03", "40P01")  # PostgreSQL: a lock could not be had in time, or two waited for each other

log = logging.getLogger(__name__)


class TooNew(Exception):
    """A newer release has changed this database so that this one cannot run on it."""


class TooBusy(Exception):
    """Somebody holds on to what a step has to change."""


def refuse_newer() -> None:
    """A database that a newer release has changed is left alone, unless that release lets us run on it."""
    newer = Release.newer()
    needed = max((release.runs_from for release in newer), key=number, default=__version__)
    if number(needed) > number(__version__):
        raise TooNew(
            f"This database belongs to a newer Fireside: {needed} or later can run on it, and this is "
            f"{__version__}. Start that release, or restore a backup made before it."
        )
    if not newer and (unknown := _unknown()):
        raise TooNew(
            f"This database belongs to a newer Fireside ({unknown[-1]}). "
            "Start that release, or restore a backup made before it."
        )


def _unknown() -> list[str]:
    loader = MigrationLoader(connection)
    known = loader.graph.nodes.keys() | loader.replacements.keys()
    applied = (key for key in loader.applied_migrations if key not in known)
    return sorted(f"{app}.{name}" for app, name in applied if app in loader.migrated_apps)


def bring_up_to_date() -> None:
    """Take the steps that are missing; what was cut short before goes on where it was."""
    for _ in range(TRIES):
        try:
            with _short_waits():
                _take_steps()
            return
        except OperationalError as error:
            if getattr(error.__cause__, "sqlstate", "") not in LOCKED:
                raise
        time.sleep(PAUSE)
    raise TooBusy(
        "The database cannot be brought up to date while another session holds on to what has to change. "
        "Nothing is half done: look in pg_stat_activity for a transaction that has been open for long, "
        "end it, and start again."
    )


def _take_steps() -> None:
    steps, state = Steps(connection), None
    level = logging.INFO if steps.loader.applied_migrations else logging.DEBUG  # the first start has many
    for step in steps.migration_plan(steps.loader.graph.leaf_nodes()):
        log.log(level, "Bringing the database up to date: %s", str(step[0]))
        Release.announce()  # first, so that the release before may start again in the middle
        state = steps.migrate([], plan=[step], state=state)
    call_command("migrate", verbosity=0, interactive=False)  # no step is left, but what follows them
    Release.announce()


@contextmanager
def _short_waits() -> Iterator[None]:
    """On PostgreSQL everybody queues up behind who waits for a table; so let go soon, and come back later."""
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, false)", [PATIENCE])
        try:
            yield
        finally:
            cursor.execute("RESET lock_timeout")


class Steps(MigrationExecutor):
    """Keeps the note that a step was taken in the step's own transaction; Django alone may write it after."""

    def apply_migration(self, state: Any, migration: Migration, *args: Any, **more: Any) -> Any:
        if not migration.atomic:
            return super().apply_migration(state, migration, *args, **more)
        with connection.constraint_checks_disabled(), transaction.atomic():  # SQLite wants it in this order
            _take_tables(_tables(state, migration))
            return super().apply_migration(state, migration, *args, **more)


def _tables(state: Any, migration: Migration) -> set[str]:
    """The tables there are already that a step changes, or to which it makes a key."""
    names = set()
    for operation in migration.operations:
        names.add(f"{migration.app_label}.{getattr(operation, 'model_name', '')}".lower())
        for field in [*dict(getattr(operation, "fields", ())).values(), getattr(operation, "field", None)]:
            if (there := getattr(field, "remote_field", None)) is not None:
                names.add(str(there.model).lower())
    known = [model for model in state.apps.get_models() if model._meta.label_lower in names]
    return {model._meta.db_table for model in known}


def _take_tables(tables: set[str]) -> None:
    """All at once or none: who waits for one while holding another stands in the way of who reads both."""
    if connection.vendor != "postgresql" or len(tables) < 2:
        return
    latest = time.monotonic() + AT_ONCE
    named = ", ".join(connection.ops.quote_name(table) for table in sorted(tables))
    while True:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(f"LOCK TABLE {named} IN ACCESS EXCLUSIVE MODE NOWAIT")
            return
        except OperationalError as error:
            if getattr(error.__cause__, "sqlstate", "") not in LOCKED or time.monotonic() > latest:
                raise
        time.sleep(0.01)
