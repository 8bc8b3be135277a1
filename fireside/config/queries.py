"""Around every statement the database is asked: how long it took, and whether it was refused."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Any

from django.db import DatabaseError
from django.db.backends.base.base import BaseDatabaseWrapper

from fireside.hearth import gauges, traces


def watch(*, connection: BaseDatabaseWrapper, **_: object) -> None:
    """Told by Django of each connection that is opened, of some several times."""
    if _watched not in connection.execute_wrappers:
        connection.execute_wrappers.append(_watched)


def _watched(
    execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]
) -> Any:  # what Django hands over
    began = perf_counter()
    try:
        if traces.maker is None:
            return execute(sql, params, many, context)
        with traces.query(sql):
            return execute(sql, params, many, context)
    except DatabaseError as error:
        gauges.database_errors.labels(type(error).__name__).inc()
        raise
    finally:
        gauges.queries.observe(perf_counter() - began)
