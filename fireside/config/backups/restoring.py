"""`fireside restore`: a backup becomes a house again, in an empty database of either kind.

Everything is checked before anything is written. All rows are written in one transaction, which ends when the
files are there: whoever is interrupted finds an empty house, and may restore into it again.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.core.files.storage import default_storage
from django.db import DatabaseError, connection, transaction
from django.db.migrations.executor import MigrationExecutor

from fireside.config import env
from fireside.config.backups import tables
from fireside.config.backups.age import Ask, Unable
from fireside.config.backups.archive import (
    DAMAGED,
    MANIFEST,
    SECRET,
    STRANGE,
    Cover,
    Kept,
    Manifest,
    Member,
    members,
    table_of,
)
from fireside.config.backups.lock import checked, inside
from fireside.config.backups.making import sync
from fireside.config.backups.progress import Progress
from fireside.config.backups.signs import Signs
from fireside.config.backups.tables import BY_ITSELF, ENGINE, Row, Table
from fireside.config.migrating import TooBusy, TooNew, bring_up_to_date, refuse_newer
from fireside.hearth.slots import alone, locks
from fireside.hearth.workflows import ROUTER

FILES, BEFORE = "files/", "secret_key.before"


def restore(path: Path, key: Path | None, ask: Ask, progress: Progress) -> None:
    """Fill an empty house with a backup, or change nothing and raise Unable."""
    from fireside.hearth import engine  # heavy

    try:
        with _nobody_at_home():
            _restore(path, key, cache(ask), progress)
            _bring_up_to_date()
    except (DatabaseError, engine.Unreachable) as error:
        raise Unable(f"Nothing was restored: {_plain(error)}") from error
    except OSError as error:
        raise Unable(f"Nothing was restored: {error.filename or path} {error.strerror or error}.") from error


def _restore(path: Path, key: Path | None, ask: Ask, progress: Progress) -> None:
    cover, manifest = checked(path, key, ask, progress)
    progress.say(f"It is whole: {manifest}.")
    _lay(cover)
    signs = Signs()
    with transaction.atomic(), inside(path, key, ask) as stream:
        Filling(cover, manifest, signs, progress).fill(members(stream))
    if signs.replaced:
        progress.say(
            f"{signs.replaced} values held a sign PostgreSQL cannot keep; \u2400 or \ufffd is there now."
        )


@contextmanager
def _nobody_at_home() -> Iterator[None]:
    """Refuse a house that runs, and one in which there is something already."""
    held = locks()
    try:
        if not held.take(ROUTER):
            raise Unable("Fireside runs on this database. Stop it first, then restore.")
        with alone("prepare"):
            refuse_newer()
            if full := _full():
                raise Unable(
                    f"There is something in this database already ({full}). Restore into an empty one: "
                    f"{_elsewhere()}."
                )
            yield
    except TooNew as cannot:
        raise Unable(str(cannot)) from cannot
    finally:
        held.close()


def _lay(cover: Cover) -> None:
    """Make the tables as the backup's release had them, in a database that holds nothing."""
    from fireside.hearth import engine  # heavy

    executor = MigrationExecutor(connection)
    wanted, has = set(cover.migrations), {*tables.applied()}
    if unknown := wanted - executor.loader.graph.nodes.keys():
        newer = ".".join(min(unknown))
        raise Unable(f"This backup was made by a newer Fireside ({newer}). Restore it with that release.")
    if has - wanted:
        raise Unable(
            "This backup is of an older Fireside, and the database was already made ready for this one. "
            f"Restore into a new one: {_elsewhere()}."
        )
    children = {key: executor.loader.graph.node_map[key].children for key in wanted}
    last = {
        key
        for key in wanted
        if not any(child.key in wanted and child.key[0] == key[0] for child in children[key])
    }
    executor.migrate(sorted(last - has))
    engine.lay()


def _bring_up_to_date() -> None:
    try:
        bring_up_to_date()
    except (DatabaseError, TooBusy) as error:
        raise Unable(
            f"All of it is here, and `fireside up` has to bring it up to date: {_plain(error)}"
        ) from error


def _elsewhere() -> str:
    return "another folder with --data" if connection.vendor == "sqlite" else "another DATABASE_URL"


def _full() -> str:
    """Something that the database holds and that a house nobody has entered does not."""
    if not tables.applied():
        with connection.cursor() as cursor:
            strange = connection.introspection.table_names(cursor)
        return min(strange, default="")
    known = tables.tables()
    return next((name for name, table in known.items() if name not in BY_ITSELF and table.count()), "")


class Filling:
    """One pass over a backup that was found whole: each member goes where it belongs."""

    def __init__(self, cover: Cover, manifest: Manifest, signs: Signs, progress: Progress) -> None:
        self._cover, self._manifest, self._signs, self._progress = cover, manifest, signs, progress
        self._tables = tables.tables()
        self._done: dict[str, int] = {}

    def fill(self, found: Iterator[Member]) -> None:
        for name in BY_ITSELF & self._tables.keys():
            self._tables[name].empty()
        kept = {member.name: member for member in self._manifest.members}
        for member in found:
            if member.name != MANIFEST:
                self._take(member, kept.get(member.name))
        for name, last in self._manifest.sequences.items():
            tables.go_on_from(self._table(name), last)
        for name, rows in self._manifest.rows().items():
            if (count := self._table(name).count()) != rows:
                raise Unable(f"Nothing was restored: {name} has {count:,} rows instead of {rows:,}.")

    def _take(self, member: Member, kept: Kept | None) -> None:
        if name := table_of(member.name):
            self._rows(self._table(name), member, kept)
        elif member.name.startswith(FILES):
            self._file(_place(member.name.removeprefix(FILES)), member, kept)
        elif member.name == SECRET:
            _keep_secret(member.whole().decode())

    def _table(self, name: str) -> Table:
        if name not in self._tables or name not in self._cover.tables:
            raise Unable(f"{STRANGE}: it holds a table that there is not, {name}.")
        return self._tables[name]

    def _rows(self, table: Table, member: Member, kept: Kept | None) -> None:
        data = member.whole()
        _same(member, kept)
        named = self._cover.tables[table.name]
        if not table.name.startswith(ENGINE) and set(named) != table.columns.keys():
            raise Unable(f"{STRANGE}: {table.name} has other columns.")
        known = [at for at, name in enumerate(named) if name in table.columns]
        rows = (_row(line, len(named)) for line in data.splitlines())
        ordered = rows if len(known) == len(named) else ([row[at] for at in known] for row in rows)
        try:
            table.fill([named[at] for at in known], ordered, self._signs)
        except (ValueError, OverflowError) as error:
            raise Unable(
                f"Nothing was restored: {member.name} holds a value that cannot be meant."
            ) from error
        self._done[table.name] = self._done.get(table.name, 0) + data.count(b"\n")
        self._progress.far(table.name, self._done[table.name])

    def _file(self, path: Path, member: Member, kept: Kept | None) -> None:
        """Write a file under another name first, and give it its own when it is whole."""
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f"{path.name}.part")
        try:
            with part.open("wb") as file:
                for piece in member.pieces():
                    file.write(piece)
                file.flush()
                os.fsync(file.fileno())
            _same(member, kept)
            part.replace(path)
            sync(path.parent)
        finally:
            part.unlink(missing_ok=True)


def _same(member: Member, kept: Kept | None) -> None:
    if kept is None or not member.is_as(kept):
        raise Unable(f"Nothing was restored: {member.name} changed since it was checked.")


def _row(line: bytes, columns: int) -> Row:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise Unable(DAMAGED) from error
    if not isinstance(row, list) or len(row) != columns or any(isinstance(v, list | dict) for v in row):
        raise Unable(DAMAGED)
    return row


def _place(name: str) -> Path:
    """Where the storage keeps a file of this name."""
    try:
        return Path(default_storage.path(name))
    except SuspiciousOperation as error:
        raise Unable(f"{STRANGE}: a file would lie elsewhere, {name!r}.") from error


def _keep_secret(secret: str) -> None:
    """Put the backup's key where this house looks for it, unless the environment names the same one."""
    if given := env.value("SECRET_KEY"):
        if given != secret:
            raise Unable(
                "SECRET_KEY is set and is not the backup's: people would have to sign in again, and what "
                "is sealed could not be read. Unset it, and the backup's own is used; or set it to that one."
            )
        return
    part = settings.DATA / f"{SECRET}.part"
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(secret)
        file.flush()
        os.fsync(file.fileno())
    here = settings.DATA / SECRET
    if settings.STATIC_ROOT.exists() and here.exists() and here.read_text().strip() != secret:
        here.replace(settings.DATA / BEFORE)  # another house has lived in this folder
    part.replace(here)


def _plain(error: Exception) -> str:
    """What the database says: the first line, and where it was."""
    lines = [line.strip() for line in str(error).strip().splitlines() if line.strip()]
    return " ".join(line for line in lines if not line.startswith("DETAIL"))[:400]
