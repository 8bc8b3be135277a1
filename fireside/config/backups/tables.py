"""Which tables there are, and how their rows read in a form that no database owns.

A table is found by what defines it: the migrations that were applied, and the job engine. Numbers, words and
JSON are as they are, moments are in UTC as SQLite keeps them, bytes are in base64.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import connection, models, transaction
from django.db.migrations.loader import MigrationLoader

from fireside.config.backups.age import Unable
from fireside.config.backups.signs import Signs
from fireside.hearth import jobtable

# What is made anew with the tables, and what it begins with.
ANEW = ("django_migrations", "hearth_docwords", "hearth_release", "hearth_tally", "sqlite_")
BY_ITSELF = {  # what a house nobody has entered yet may hold already; a restore puts its own in their place
    "django_content_type", "auth_permission", "django_session", "hearth_cursor",
    "engine.queues", "engine.application_versions",
}  # fmt: skip
ENGINE = "engine."
KINDS = {
    "JSONField": "json",
    "BinaryField": "bytes",
    "DateTimeField": "moment",
    "DateField": "date",
    "BooleanField": "flag",
}
PLAIN = {
    "AutoField", "BigAutoField", "BigIntegerField", "CharField", "FloatField", "IntegerField",
    "PositiveBigIntegerField", "PositiveIntegerField", "PositiveSmallIntegerField", "SlugField",
    "SmallIntegerField", "TextField", "EmailField", "URLField", "FileField",
}  # fmt: skip
AT_ONCE = 1000  # rows asked of the database or given to it together

Row = list[Any]
Migration = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Table:
    """One table: its name in a backup, its name in SQL, each column with its kind, and its key."""

    name: str
    sql: str
    columns: dict[str, str]
    key: list[str]
    numbered: bool  # does the database give out its numbers?

    def rows(self) -> Iterator[Row]:
        """All rows, in the order of their key and in the neutral form."""
        changes = [(at, OUT[kind]) for at, kind in enumerate(self.columns.values()) if kind in OUT]
        columns = ", ".join(_asked(name, kind) for name, kind in self.columns.items())
        with connection.chunked_cursor() as cursor:
            cursor.execute(f"SELECT {columns} FROM {self.sql} ORDER BY {_names(self.key)}")  # noqa: S608
            while found := cursor.fetchmany(AT_ONCE):
                for row in map(list, found):
                    for at, change in changes:
                        if row[at] is not None:
                            row[at] = change(row[at])
                    yield row

    def fill(self, columns: list[str], rows: Iterable[Row], signs: Signs) -> None:
        """Write rows whose values stand in this order of columns; those not named get their defaults."""
        into = f"{self.sql} ({_names(columns)})"
        kinds = [self.columns[name] for name in columns]
        if "bytes" in kinds:
            rows = ([_in(value, kind) for value, kind in zip(row, kinds, strict=True)] for row in rows)
        with connection.cursor() as cursor:
            if connection.vendor == "sqlite":
                marks = ", ".join(["%s"] * len(columns))
                cursor.executemany(f"INSERT INTO {into} VALUES ({marks})", [*rows])  # noqa: S608
                return
            with connection.wrap_database_errors, cursor.copy(f"COPY {into} FROM STDIN") as copy:
                for row in rows:
                    copy.write_row([signs.fit(value, kind) for value, kind in zip(row, kinds, strict=True)])

    def count(self) -> int:
        return int(_one(f"SELECT count(*) FROM {self.sql}"))  # noqa: S608

    def empty(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {self.sql}")  # noqa: S608


def _asked(name: str, kind: str) -> str:
    """A column as it is stored: by its declared type, a driver would read it and make something of it."""
    quoted = connection.ops.quote_name(name)
    if connection.vendor == "sqlite":
        return f"+{quoted}"
    return f"{quoted}::text" if kind == "json" else quoted


def _names(names: Iterable[str]) -> str:
    return ", ".join(map(connection.ops.quote_name, names))


def _moment(value: datetime | str) -> str:
    return value if isinstance(value, str) else str(value.astimezone(UTC).replace(tzinfo=None))


OUT: dict[str, Callable[[Any], Any]] = {
    "flag": bool, "moment": _moment, "date": str, "bytes": lambda value: b64encode(value).decode(),
}  # fmt: skip


def _in(value: Any, kind: str) -> Any:
    return b64decode(value, validate=True) if kind == "bytes" and value is not None else value


def _one(sql: str, *given: str | int) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql, given)
        row = cursor.fetchone()
    return row[0] if row else None


# -- which there are ---------------------------------------------------------------------------------------


def applied() -> list[Migration]:
    """The migrations this database has, as far as we know them."""
    loader = MigrationLoader(connection)
    return sorted(key for key in loader.applied_migrations if key in loader.graph.nodes)


def tables() -> dict[str, Table]:
    """Everything that is kept, as this database has it now: our own tables and the engine's."""
    loader = MigrationLoader(connection)
    state = loader.project_state([key for key in loader.applied_migrations if key in loader.graph.nodes])
    ours = [
        _ours(model)
        for model in state.apps.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy and not model._meta.db_table.startswith(ANEW)
    ]
    names = {table.name for table in ours}
    engine = jobtable.layout(lambda name: name in names or name.startswith(ANEW))
    return {table.name: table for table in [*ours, *(_engine(*item) for item in engine.items())]}


def _ours(model: type[models.Model]) -> Table:
    meta = model._meta
    fields = [field for field in meta.local_concrete_fields if not isinstance(field, models.GeneratedField)]
    return Table(
        meta.db_table,
        connection.ops.quote_name(meta.db_table),
        {field.column: _kind(field) for field in fields},
        [meta.pk.column],
        isinstance(meta.pk, models.AutoField),
    )


def _kind(field: Any) -> str:
    while field.remote_field:
        field = field.target_field
    name = field.get_internal_type()
    if name not in KINDS and name not in PLAIN:
        raise Unable(
            f"A backup cannot hold a {name} yet ({field}); config/backups/tables.py says what it can."
        )
    return KINDS.get(name, "plain")


def _engine(name: str, columns: list[tuple[str, str, bool]]) -> Table:
    schema = f"{connection.ops.quote_name(jobtable.SCHEMA)}." if connection.vendor == "postgresql" else ""
    return Table(
        f"{ENGINE}{name}",
        f"{schema}{connection.ops.quote_name(name)}",
        {column: kind for column, kind, _ in columns},
        [column for column, _, key in columns if key] or [column for column, _, _ in columns],
        False,
    )


# -- as a whole --------------------------------------------------------------------------------------------


@contextmanager
def snapshot() -> Iterator[None]:
    """See the database as it is at this moment, whatever others write meanwhile; nobody waits for us."""
    if connection.vendor == "postgresql":
        with transaction.atomic():
            _run("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield
        return
    _run("BEGIN DEFERRED")  # Django's own would be IMMEDIATE, and keep writers out
    try:
        _one("SELECT count(*) FROM sqlite_master")  # the first look is when the snapshot begins
        yield
    finally:
        _run("ROLLBACK")


def _run(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


def sequences(known: Iterable[Table]) -> dict[str, int]:
    """The highest number each table has given out, so that none is given twice."""
    found = {}
    for table in known:
        if table.numbered and (last := _last(table)):
            found[table.name] = int(last)
    return found


def _last(table: Table) -> int | None:
    if connection.vendor == "sqlite":
        return _one("SELECT seq FROM sqlite_sequence WHERE name = %s", table.name)  # type: ignore[no-any-return]
    sequence = _one("SELECT pg_get_serial_sequence(%s, %s)", table.sql, table.key[0])
    return _one(f"SELECT last_value FROM {sequence} WHERE is_called")  # type: ignore[no-any-return]  # noqa: S608


def go_on_from(table: Table, last: int) -> None:
    """Let the numbers of a table go on after `last`."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM sqlite_sequence WHERE name = %s", [table.name])
            cursor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [table.name, last])
    else:
        _one("SELECT setval(pg_get_serial_sequence(%s, %s), %s)", table.sql, table.key[0], last)
