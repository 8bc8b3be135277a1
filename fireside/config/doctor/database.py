"""The database as it is, asked over a connection of the doctor's own that can only read."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.db import connection
from django.db.migrations.loader import MigrationLoader

from fireside.config.doctor.findings import Finding, broken, fine, look

PATIENCE = 5  # seconds for one answer
CHECKING = 10  # seconds for looking through a SQLite file
SLOW = 0.05  # seconds a commit may take
OLDEST_SQLITE, OLDEST_POSTGRES = (3, 35), 15
APART = 5  # seconds two clocks may differ

Ask = Callable[..., list[tuple[Any, ...]]]


class Silent(Exception):
    """The database does not answer; what it or its driver said, without a secret."""


@contextmanager
def asking() -> Iterator[Ask]:
    """A way to ask the database something, which is told to change nothing and to answer soon."""
    if connection.vendor == "sqlite":
        try:
            with closing(_sqlite()) as base:
                yield lambda sql, *given: base.execute(sql, given).fetchall()
        except sqlite3.Error as error:
            raise Silent(str(error)) from error
        return
    import psycopg

    try:
        with psycopg.connect(**_given(), autocommit=True) as session:
            yield lambda sql, *given: session.execute(sql.replace("?", "%s"), given or None).fetchall()
    except psycopg.Error as error:
        raise Silent(_hidden(str(error))) from error


def _file() -> Path:
    return Path(str(connection.settings_dict["NAME"]))


def _sqlite() -> sqlite3.Connection:
    """Without a journal beside the file nobody has it open, and looking need not make one."""
    path = _file()
    alone = "" if path.with_name(f"{path.name}-wal").exists() else "&immutable=1"
    return sqlite3.connect(f"{path.as_uri()}?mode=ro{alone}", uri=True, timeout=PATIENCE)


def _given() -> dict[str, Any]:
    given = connection.get_connection_params()
    known = {key: given[key] for key in ("dbname", "user", "password", "host", "port") if given.get(key)}
    options = f"-c statement_timeout={PATIENCE}s -c default_transaction_read_only=on"
    return {**known, "connect_timeout": PATIENCE, "options": options}


def _hidden(said: str) -> str:
    """The first line of what was said, without the password should it stand in it."""
    password = str(connection.settings_dict.get("PASSWORD") or "")
    line = said.strip().partition("\n")[0][:200] or "no answer"
    return line.replace(password, "...") if password else line


def database() -> Iterator[Finding]:
    """Does it answer, is it new enough, is it whole, and is it the one this release knows?"""
    try:
        yield from _looked_through() if connection.vendor == "sqlite" else _server()
    except Silent as silent:
        yield broken(
            f"The database does not answer: {silent}",
            "Is it there, and is DATABASE_URL right? A damaged file: keep it, and restore a backup.",
        )


def _looked_through() -> Iterator[Finding]:
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        yield broken(
            f"SQLite is {sqlite3.sqlite_version}.", "Fireside needs 3.35 or newer; it comes with Python."
        )
    if not _file().exists():
        yield look(
            f"There is no database at {_file()} yet.", "`fireside up` makes it, `fireside restore` fills it."
        )
        return
    with asking() as ask:
        yield from _schema(ask)
        yield from _newest(ask)
        if not _has_wal():
            yield look("The database is not in WAL mode: writers wait for readers.", "`fireside up` sets it.")
        said = _whole()
    if said == "ok":
        yield fine(f"SQLite {sqlite3.sqlite_version}: the file is whole.")
    elif said:
        yield broken(
            f"The database file is damaged: {said}", "Stop Fireside, keep the file, restore a backup."
        )
    else:
        yield fine(f"The database is large: no fault in the first {CHECKING} seconds of looking through it.")


def _has_wal() -> bool:
    """As the head of the file says; over a connection to a file at rest it could not be asked."""
    with _file().open("rb") as file:
        return file.read(20)[18:] == b"\x02\x02"


def _whole() -> str:
    """What SQLite says after a look through the file; "" when that would take long."""
    latest = time.monotonic() + CHECKING
    with closing(_sqlite()) as base:
        base.set_progress_handler(lambda: time.monotonic() > latest, 10_000)
        try:
            return str(base.execute("PRAGMA quick_check(1)").fetchone()[0])
        except sqlite3.OperationalError:
            return ""


def _server() -> Iterator[Finding]:
    with asking() as ask:
        version = int(ask("SHOW server_version_num")[0][0]) // 10_000
        if version < OLDEST_POSTGRES:
            yield broken(f"PostgreSQL is {version}.", "Fireside needs 15 or newer.")
        else:
            yield fine(f"PostgreSQL {version} answers.")
        yield from _settings_of(ask)
        yield from _schema(ask)
        yield from _clocks(ask)
        yield from _newest(ask)
        yield from _commit(ask)


def _settings_of(ask: Ask) -> Iterator[Finding]:
    for name in ("fsync", "synchronous_commit", "full_page_writes"):
        if (value := ask(f"SHOW {name}")[0][0]) == "off":
            yield look(
                f"PostgreSQL runs with {name} = {value}: a power cut loses what was said.",
                f"Set {name} = on.",
            )


def _schema(ask: Ask) -> Iterator[Finding]:
    loader = MigrationLoader(None)
    begun = has(ask, "django_migrations")
    applied = (
        {(app, name) for app, name in ask("SELECT app, name FROM django_migrations")} if begun else set()
    )
    newer = sorted(key for key in applied - loader.graph.nodes.keys() if key[0] in loader.migrated_apps)
    if newer:
        yield broken(
            f"A newer Fireside has changed this database ({'.'.join(newer[-1])}).", "Start that release."
        )
    elif missing := loader.graph.nodes.keys() - applied:
        yield look(
            f"The database lacks {len(missing)} migrations of this release.", "`fireside up` makes them."
        )
    else:
        yield fine("The tables are those of this release.")


def _clocks(ask: Ask) -> Iterator[Finding]:
    before = datetime.now(UTC)
    theirs: datetime = ask("SELECT clock_timestamp()")[0][0]
    after = datetime.now(UTC)
    apart = max((before - theirs).total_seconds(), (theirs - after).total_seconds(), 0)
    if apart > APART:
        yield broken(
            f"This clock and the database's are {apart:.0f} seconds apart.",
            "Let both follow one time server.",
        )
    else:
        yield fine("This clock and the database's agree.")


def _newest(ask: Ask) -> Iterator[Finding]:
    """Nothing can have happened later than now, unless a clock was wrong then or is wrong now."""
    if not has(ask, "hearth_entry"):
        return
    for (noted,) in ask("SELECT noted_at FROM hearth_entry ORDER BY id DESC LIMIT 1"):
        then = datetime.fromisoformat(noted).replace(tzinfo=UTC) if isinstance(noted, str) else noted
        ahead = (then - datetime.now(UTC)).total_seconds()
        if ahead > APART:
            yield broken(
                f"The newest entry is {ahead:.0f} seconds in the future: a clock was wrong, or is wrong now.",
                "Let a time server set the clock, then look again.",
            )


def has(ask: Ask, name: str) -> bool:
    """Is there such a table? On PostgreSQL its schema may stand before it."""
    if connection.vendor == "sqlite":
        return bool(ask("SELECT 1 FROM sqlite_master WHERE name = ?", name))
    return ask("SELECT to_regclass(?)", name)[0][0] is not None


def _commit(ask: Ask) -> Iterator[Finding]:
    """A commit that writes to the log and leaves nothing behind."""
    took = []
    for _ in range(3):
        begun = time.perf_counter()
        ask("SELECT 1 FROM pg_logical_emit_message(true, 'fireside.doctor', '')")
        took.append(time.perf_counter() - begun)
    yield speed(min(took), "A commit")


def speed(seconds: float, what: str) -> Finding:
    if seconds > SLOW:
        return look(
            f"{what} takes {seconds * 1000:.0f} ms.", "Words appear that much later: is the disk busy or far?"
        )
    return fine(f"{what} takes {seconds * 1000:.1f} ms.")
