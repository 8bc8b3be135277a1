"""Keys of the operator's: a stream is locked with one and opened with its other half, in the age format.

With a passphrase the stream is locked with a key made for it alone, and that key, locked with the passphrase,
stands before it in letters. So nothing has to fit into memory, and `age` opens both.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, cast

import pyrage

HEAD, LETTERS, LAST = b"age-encryption.org/", b"-----BEGIN AGE", b"-----END AGE ENCRYPTED FILE-----\n"
MOST = 100_000  # bytes of a key that is locked with a passphrase

Ask = Callable[[], str]  # the passphrase, asked for only when it is needed


class Unable(Exception):
    """Why it cannot be done, in a sentence that says what could."""


def new_key(path: Path) -> str:
    """Write a new key that opens backups into `path`; returns the other half, which locks them."""
    key = pyrage.x25519.Identity.generate()
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise Unable(f"{path} is there already, and a key in it could still be needed.") from None
    except OSError as error:
        raise Unable(f"{path} cannot be written: {error.strerror}.") from error
    with os.fdopen(handle, "w") as file:
        file.write(f"# public key: {key.to_public()}\n{key}\n")
    return str(key.to_public())


def recipients(words: Iterable[str]) -> list[Any]:
    """The public keys in these words, as a line, a list or a file of age's has them."""
    lines = (line for word in words for line in word.splitlines() if not line.lstrip().startswith("#"))
    return [_recipient(key) for line in lines for key in line.replace(",", " ").split()]


def _recipient(key: str) -> Any:
    if key.startswith("AGE-SECRET-KEY-"):
        raise Unable("That is the half that opens backups. Name the other one, which begins with age1.")
    try:
        return pyrage.x25519.Recipient.from_str(key)
    except pyrage.RecipientError:
        raise Unable(f"{key[:80]!r} is not a public key of age's; they begin with age1.") from None


@contextmanager
def locked(out: BinaryIO, to: list[Any], passphrase: str = "") -> Iterator[BinaryIO]:
    """A stream whose bytes go to `out`, readable for those with one of the keys or the passphrase."""
    if passphrase:
        key = pyrage.x25519.Identity.generate()
        out.write(pyrage.passphrase.encrypt(f"{key}\n".encode(), passphrase, armored=True))
        to = [key.to_public()]
    sink = Sink(out)
    with _through(lambda source: pyrage.encrypt_io(source, sink, to), "wb") as stream:
        yield stream
    if sink.failed is not None:
        raise sink.failed


class Sink:
    """Remembers what went wrong while writing: of the last piece, pyrage 1.4 would say nothing."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self.failed: OSError | None = None

    def write(self, data: bytes) -> int:
        try:
            return self._out.write(data)
        except OSError as error:
            self.failed = error
            raise

    def flush(self) -> None:
        self._out.flush()


@contextmanager
def opened(file: BinaryIO, key: Path | None, ask: Ask) -> Iterator[BinaryIO]:
    """What a locked file holds; Unable when the key is another, or when something in it was changed."""
    if key is None and file.peek(len(LETTERS)).startswith(HEAD):  # type: ignore[attr-defined]
        raise Unable("This backup is locked with a key: name the file it is in with --key.")
    keys = _keys(key, ask) if key is not None else _unlocked(_before(file), ask)
    with _through(lambda sink: pyrage.decrypt_io(file, sink, keys), "rb") as stream:
        yield stream


def _before(file: BinaryIO) -> bytes:
    """The locked key in letters that stands before the stream."""
    found = b""
    while not found.endswith(LAST):
        line = file.readline(200)
        found += line
        if not line or len(found) > MOST:
            raise Unable("This backup is damaged: it ends before it has begun.")
    return found


def _keys(path: Path, ask: Ask) -> list[Any]:
    try:
        known = path.read_bytes()
    except OSError as error:
        raise Unable(f"The key {path} cannot be read: {error.strerror}.") from error
    return _unlocked(known, ask) if known.startswith((HEAD, LETTERS)) else _identities(known, str(path))


def _unlocked(key: bytes, ask: Ask) -> list[Any]:
    try:
        return _identities(pyrage.passphrase.decrypt(key, ask()), "What the passphrase opens")
    except pyrage.DecryptError:
        raise Unable("That is not the passphrase.") from None


def _identities(known: bytes, where: str) -> list[Any]:
    lines = known.decode(errors="replace").splitlines()
    try:
        keys = [
            pyrage.x25519.Identity.from_str(line.strip())
            for line in lines
            if line.strip() and not line.lstrip().startswith("#")
        ]
    except pyrage.IdentityError:
        keys = []
    if not keys:
        raise Unable(f"{where} holds no key of age's; they begin with AGE-SECRET-KEY-1.")
    return keys


@contextmanager
def _through(work: Callable[[BinaryIO], None], mode: str) -> Iterator[BinaryIO]:
    """Let `work` have the other end of a pipe, in a thread; what fails there is raised here."""
    read, write = os.pipe()
    ends = [cast(BinaryIO, os.fdopen(read, "rb")), cast(BinaryIO, os.fdopen(write, "wb"))]
    mine, others = ends if mode == "rb" else reversed(ends)
    failed: list[Exception] = []

    def run() -> None:
        try:
            work(others)
        except (OSError, pyrage.EncryptError, pyrage.DecryptError) as error:
            failed.append(error)
        finally:
            _close(others)

    thread = threading.Thread(target=run, name="age", daemon=True)
    thread.start()
    try:
        yield mine
    except Exception as error:
        if failed:  # what went wrong there is why it went wrong here
            raise _sentence(failed[0]) from error
        raise
    finally:
        _close(mine)
        thread.join()
    if failed:
        raise _sentence(failed[0]) from failed[0]


def _close(end: BinaryIO) -> None:
    with suppress(BrokenPipeError):  # the other end has gone, and has said why
        end.close()


def _sentence(error: Exception) -> Unable:
    said = str(error)
    if "[Errno" in said:
        return Unable(f"The backup cannot be used further: {said.rpartition('] ')[2]}.")
    if "No matching keys" in said:
        return Unable("This backup is locked with another key.")
    return Unable("This backup is damaged or was cut short: what it holds cannot be trusted.")
