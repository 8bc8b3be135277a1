"""Who can open a backup: holders of keys, holders of a passphrase, or, when asked for, anybody."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from fireside.config.backups.age import HEAD, LETTERS, Ask, Unable, locked, opened
from fireside.config.backups.archive import STRANGE, Cover, Manifest, check
from fireside.config.backups.progress import Progress

GZIP = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class Lock:
    """What a backup is locked with."""

    to: list[Any] = field(default_factory=list)
    passphrase: str = ""
    open: bool = False

    def on(self, out: BinaryIO) -> AbstractContextManager[BinaryIO]:
        """A stream whose bytes go to `out`, locked."""
        return nullcontext(out) if self.open else locked(out, self.to, self.passphrase)


@contextmanager
def inside(path: Path, key: Path | None, ask: Ask) -> Iterator[BinaryIO]:
    """What a backup holds, whatever it is locked with."""
    try:
        file = path.open("rb")
        head = file.peek(32)
    except FileNotFoundError:
        raise Unable(f"There is no {path}.") from None
    except OSError as error:
        raise Unable(f"{path} cannot be read: {error.strerror}.") from error
    with file:
        if head.startswith(GZIP):
            yield file
        elif head.startswith((HEAD, LETTERS)):
            with opened(file, key, ask) as stream:
                yield stream
        else:
            raise Unable(f"{STRANGE}: {path} begins like something else.")


def checked(path: Path, key: Path | None, ask: Ask, progress: Progress) -> tuple[Cover, Manifest]:
    """Is this backup whole? Tells what it holds, and changes nothing."""
    with inside(path, key, ask) as stream:
        return check(stream, progress)


def phrase(path: Path) -> str:
    """The passphrase that a file holds, in its first line."""
    try:
        words = path.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Unable(f"The passphrase in {path} cannot be read.") from error
    if not words:
        raise Unable(f"{path} is empty; it would lock nothing.")
    return words
