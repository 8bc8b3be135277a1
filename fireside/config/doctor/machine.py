"""The machine Fireside stands on: its folder, disk, clock, limits, and when it was last backed up."""

from __future__ import annotations

import json
import os
import resource
import shutil
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fireside.config.doctor.findings import Finding, broken, fine, look

TIGHT, SCARCE = 100, 1000  # MB that are free
FILES = 4096  # that may be open at once; each open page is one
OLD = timedelta(days=2)  # a backup older than this is looked at
ZONES = ("Pacific/Auckland", "Europe/Berlin", "America/New_York")
WATCH = 0.2  # seconds for which two clocks are compared


def folder(data: Path) -> Iterator[Finding]:
    """Can we write where everything is kept, and is there room?"""
    if not data.exists():
        yield look(
            f"There is no folder {data} yet.", "`fireside up` makes it; or set FIRESIDE_DATA to where it is."
        )
        return
    if not data.is_dir():
        yield broken(f"{data} is not a folder.", "Set FIRESIDE_DATA to a folder.")
        return
    if not os.access(data, os.W_OK | os.X_OK):
        yield broken(
            f"{data} cannot be written to.",
            "Give it to the user that runs Fireside, on a disk that is not read-only.",
        )
    else:
        yield from _written(data)
    free = shutil.disk_usage(data).free // 1_000_000
    if free < SCARCE:
        told = broken if free < TIGHT else look
        yield told(
            f"The disk of {data} has {free:,} MB left.",
            "Make room; a full disk stops everything that is written.",
        )
    else:
        yield fine(f"The disk of {data} has {free / 1000:,.0f} GB left.")
    state = os.statvfs(data)
    if state.f_files and state.f_favail < 10_000:
        yield look(f"The disk of {data} takes {state.f_favail:,} more files.", "Remove small files there.")
    yield from _secret(data / "secret_key")


def _written(data: Path) -> Iterator[Finding]:
    """How long it takes until something is safely on the disk; the file has no name and leaves nothing."""
    from fireside.config.doctor.database import speed

    try:
        with tempfile.TemporaryFile(dir=data) as file:
            file.write(b"x" * 4096)
            file.flush()
            begun = time.perf_counter()
            os.fsync(file.fileno())
            yield speed(time.perf_counter() - begun, "A write that survives a power cut")
    except OSError as error:
        yield broken(
            f"{data} cannot be written to: {error.strerror}.",
            "Make room, or give it to the user that runs Fireside.",
        )


def _secret(path: Path) -> Iterator[Finding]:
    try:
        state, key = path.stat(), path.read_text()
    except FileNotFoundError:
        return  # it stands in SECRET_KEY, or will be made at the first start
    except (OSError, UnicodeDecodeError):
        yield broken(
            f"{path} cannot be read.", "Give it to the user that runs Fireside, or take it from a backup."
        )
        return
    if not key.strip():
        yield broken(f"{path} is empty.", "Put the one from a backup there; another one signs everybody out.")
    elif state.st_mode & 0o077:
        yield look(f"Others on this machine may read {path}.", f"chmod 600 {path}")
    else:
        yield fine("The secret key is its owner's alone.")


def clock() -> Iterator[Finding]:
    """Does the clock go evenly, and are there time zones?"""
    wall, steady = time.time(), time.monotonic()
    time.sleep(WATCH)
    drift = (time.time() - wall) - (time.monotonic() - steady)
    if abs(drift) > WATCH / 2:
        yield look(
            f"The clock jumped by {drift:.1f} seconds while we looked.", "Let a time server set it slowly."
        )
    try:
        for name in ZONES:
            ZoneInfo(name)
    except ZoneInfoNotFoundError:
        yield broken("There are no time zones on this machine.", "Install tzdata, Debian's or Python's.")
        return
    yield fine(f"The clock says {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC, and it knows the time zones.")


def limits() -> Iterator[Finding]:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most != resource.RLIM_INFINITY and most < FILES:
        yield look(
            f"At most {most:,} files may be open; each open page is one.",
            "Raise it: LimitNOFILE or ulimit -n.",
        )
    else:
        yield fine("Many pages may be open at once.")


def backups(data: Path) -> Iterator[Finding]:
    """When was the last backup that we know of?"""
    from fireside.config.backups import LATEST

    how = "`fireside backup` makes one; docs/backup.md tells how to make it every night."
    try:
        last = json.loads((data / LATEST).read_text())
        age = datetime.now(UTC) - datetime.fromisoformat(last["at"])
    except FileNotFoundError:
        yield look("No backup is known here.", how)
        return
    except (OSError, ValueError, KeyError, TypeError):
        yield look(f"{data / LATEST} cannot be read, so the last backup is not known.", how)
        return
    where = f" ({last['to']})" if last.get("to") else ""
    if age > OLD:
        yield look(f"The last backup is {age.days} days old{where}.", how)
    else:
        yield fine(f"The last backup is {age.total_seconds() / 3600:.0f} hours old{where}.")


def static() -> Iterator[Finding]:
    """Are scripts, styles and fonts where they are served from?"""
    from django.conf import settings

    from fireside.config.serve import stamp

    mark = settings.STATIC_ROOT / ".stamp"
    if not mark.exists():
        yield look("Scripts and styles have not been gathered yet.", "`fireside up` does it.")
    elif mark.read_text() != stamp():
        yield look("Scripts and styles are those of another release.", "`fireside up` gathers them anew.")
    else:
        yield fine("Scripts and styles are in place.")
