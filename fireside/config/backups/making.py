"""`fireside backup`: everything that is kept, as it is at one moment, written while people go on."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, cast

import msgspec
from django.conf import settings
from django.core.files.storage import default_storage
from django.db import DatabaseError, connection

from fireside import __version__
from fireside.config.backups import LATEST, tables
from fireside.config.backups.age import Unable
from fireside.config.backups.archive import COVER, FORMAT, SECRET, Cover, Manifest, Writer
from fireside.config.backups.lock import Lock
from fireside.config.backups.progress import Progress
from fireside.config.backups.tables import Table
from fireside.config.migrating import TooNew, refuse_newer

FULL = 1024 * 1024  # bytes of rows that make a member
STDOUT = "-"


def make(target: str, lock: Lock, progress: Progress) -> None:
    """Write a backup to a file, which is there when it is whole, or to standard output."""
    try:
        with _written(target) as out, lock.on(out) as stream:
            manifest = _write(Writer(stream), progress)
    except OSError as error:
        raise Unable(f"{target} cannot be written: {error.strerror or error}.") from error
    except TooNew as cannot:
        raise Unable(str(cannot)) from cannot
    except DatabaseError as error:
        raise Unable(f"The database could not be read: {str(error).strip()}") from error
    progress.say(f"{manifest}.")
    if manifest.gone:
        progress.say(f"{len(manifest.gone)} files were removed meanwhile and are not in it.")
    _remember(target, manifest)


@contextmanager
def _written(target: str) -> Iterator[BinaryIO]:
    """A file that takes its name when all is on the disk, and is gone when something went wrong."""
    if target == STDOUT:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    path = Path(target).absolute()
    part = path.with_name(f"{path.name}.part")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(handle, "wb") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        part.replace(path)
        sync(path.parent)
    finally:
        part.unlink(missing_ok=True)


def sync(folder: Path) -> None:
    """Let a new name in a folder survive a power cut too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _write(writer: Writer, progress: Progress) -> Manifest:
    refuse_newer()
    with tables.snapshot():
        known, migrations = tables.tables(), tables.applied()
        if not migrations:
            raise Unable("There is nothing to back up: this database holds no Fireside yet.")
        cover = Cover(
            FORMAT, __version__, f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC", connection.vendor, migrations,
            {table.name: list(table.columns) for table in known.values()},
        )  # fmt: skip
        writer.add(COVER, msgspec.json.encode(cover))
        writer.add(SECRET, settings.SECRET_KEY.encode())
        for table in known.values():
            _rows(writer, table, progress)
        numbers = tables.sequences(known.values())
    gone = [name for name in files() if not _file(writer, name)]
    return writer.close(numbers, gone)


def _rows(writer: Writer, table: Table, progress: Progress) -> None:
    """A table's rows, in members of about a megabyte, so that nothing has to be held for long."""
    lines: list[bytes] = []
    size = member = total = 0

    def out() -> None:
        nonlocal size, member, total
        member, total = member + 1, total + len(lines)
        writer.add(f"tables/{table.name}/{member:06}.jsonl", b"".join(lines), len(lines))
        lines.clear()
        size = 0
        progress.far(table.name, total)

    for row in table.rows():
        line = json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        lines.append(line)
        size += len(line)
        if size >= FULL:
            out()
    if lines:
        out()


def files(folder: str = "") -> Iterator[str]:
    """The names of all files that people added, as the storage knows them."""
    try:
        folders, names = default_storage.listdir(folder)
    except FileNotFoundError:  # none was added yet, or the last one has just gone
        return
    yield from (f"{folder}{name}" for name in sorted(names))
    for inner in sorted(folders):
        yield from files(f"{folder}{inner}/")


def _file(writer: Writer, name: str) -> bool:
    """Add one file; False when it was removed after we learned of it."""
    try:
        with default_storage.open(name) as file:
            writer.add_file(f"files/{name}", cast(BinaryIO, file), file.size)
    except FileNotFoundError:
        return False
    return True


def _remember(target: str, manifest: Manifest) -> None:
    """Note for `fireside doctor` that there is a backup; that it cannot be noted is no reason to fail."""
    at = Path(target).absolute()
    about = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"), "to": "" if target == STDOUT else str(at),
        "rows": sum(manifest.rows().values()), "files": len(manifest.files()),
    }  # fmt: skip
    try:
        (settings.DATA / LATEST).write_text(json.dumps(about))
    except OSError:
        return
