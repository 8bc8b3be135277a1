"""What a backup looks like inside: a compressed tar with a cover at its head and a manifest at its end.

Between them are the secret key, the rows of tables, and files, all written and read as a stream. Rows are
JSON arrays, one a line, in members of about a megabyte. Reading is strict: only plain members, each named
once, each as the manifest describes it.
"""

from __future__ import annotations

import gzip
import hashlib
import re
import tarfile
import zlib
from collections.abc import Callable, Iterator
from typing import BinaryIO, TypeVar

import msgspec

from fireside import __version__
from fireside.config.backups.age import Unable
from fireside.config.backups.progress import Progress

FORMAT = 1
COVER, SECRET, MANIFEST = "cover.json", "secret_key", "manifest.json"
BLOCK = tarfile.BLOCKSIZE
PIECE = 1024 * 1024  # bytes read or written at a time
LARGEST = 256 * PIECE  # of what is held in memory: a single row can be large, a member of rows is not
STEP = r"(?!\.{1,2}(?:/|\Z))[^/\\\x00-\x1f]+"  # of a path that stays where it is
NAMES = re.compile(
    rf"{COVER}|{SECRET}|{MANIFEST}|tables/[a-z0-9_.]+/\d{{6,}}\.jsonl|files/{STEP}(?:/{STEP})*"
)
DAMAGED = "This backup is damaged or was cut short: what it holds cannot be trusted."
STRANGE = "This is not a backup that Fireside wrote"

Shape = TypeVar("Shape", bound=msgspec.Struct)


class Label(msgspec.Struct, frozen=True):
    """As much of the cover as every release will write and understand."""

    format: int
    release: str


class Cover(Label, frozen=True):
    """What stands first: who wrote it, from what, and which columns the rows have."""

    made_at: str
    database: str
    migrations: list[tuple[str, str]]
    tables: dict[str, list[str]]


class Kept(msgspec.Struct, frozen=True):
    """One member as it was written."""

    name: str
    size: int
    sha256: str
    rows: int = 0


class Manifest(msgspec.Struct, frozen=True):
    """What stands last: every member, the highest number each table has given out, files gone meanwhile."""

    members: list[Kept]
    sequences: dict[str, int]
    gone: list[str]

    def rows(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for member in self.members:
            if table := table_of(member.name):
                found[table] = found.get(table, 0) + member.rows
        return found

    def files(self) -> list[Kept]:
        return [member for member in self.members if member.name.startswith("files/")]

    def __str__(self) -> str:
        rows = self.rows()
        size = sum(member.size for member in self.members)
        return (
            f"{sum(rows.values()):,} rows of {len(rows)} tables and {len(self.files()):,} files, "
            f"{size / 1e6:,.1f} MB when unpacked"
        )


def table_of(name: str) -> str:
    """The table whose rows a member holds, or ""."""
    return name.split("/")[1] if name.startswith("tables/") else ""


class Writer:
    """Writes members one after another, and remembers what the manifest has to say of them."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = gzip.GzipFile(fileobj=out, mode="wb", compresslevel=3, mtime=0)
        self.members: list[Kept] = []

    def add(self, name: str, data: bytes, rows: int = 0) -> None:
        self._begin(name, len(data))
        self._out.write(data)
        self._end(name, len(data), hashlib.sha256(data).hexdigest(), rows)

    def add_file(self, name: str, file: BinaryIO, size: int) -> None:
        found, left = hashlib.sha256(), size
        self._begin(name, size)
        while left:
            piece = file.read(min(PIECE, left))
            if not piece:
                raise Unable(f"{name} became shorter while it was read; make the backup again.")
            self._out.write(piece)
            found.update(piece)
            left -= len(piece)
        self._end(name, size, found.hexdigest(), 0)

    def close(self, sequences: dict[str, int], gone: list[str]) -> Manifest:
        manifest = Manifest(self.members, sequences, gone)
        self.add(MANIFEST, msgspec.json.encode(manifest))
        self._out.write(bytes(2 * BLOCK))
        self._out.close()
        return Manifest(self.members[:-1], sequences, gone)

    def _begin(self, name: str, size: int) -> None:
        about = tarfile.TarInfo(name)
        about.size, about.mode = size, 0o600
        try:
            head = about.tobuf(tarfile.USTAR_FORMAT, "utf-8", "strict")
        except ValueError as error:
            raise Unable(f"{name} is too long a name, or too large a file, for a backup.") from error
        if not NAMES.fullmatch(name):
            raise Unable(f"A backup cannot hold something called {name!r}; give it a plainer name.")
        self._out.write(head)

    def _end(self, name: str, size: int, sha256: str, rows: int) -> None:
        self._out.write(bytes(-size % BLOCK))
        self.members.append(Kept(name, size, sha256, rows))


class Member:
    """One member while it is read; the next one comes when this one has been read to its end."""

    def __init__(self, name: str, size: int, source: Callable[[int], bytes]) -> None:
        self.name, self.size = name, size
        self._source, self._left, self._found = source, size, hashlib.sha256()

    def pieces(self) -> Iterator[bytes]:
        while self._left:
            piece = self._source(min(PIECE, self._left))
            self._left -= len(piece)
            self._found.update(piece)
            yield piece

    def whole(self) -> bytes:
        if self.size > LARGEST:
            raise Unable(f"{STRANGE}: {self.name} says it has {self.size:,} bytes.")
        return b"".join(self.pieces())

    def is_as(self, kept: Kept) -> bool:
        """Is it what the manifest says? What has not been read yet is read for that."""
        for _ in self.pieces():
            pass
        return (self.name, self.size, self._found.hexdigest()) == (kept.name, kept.size, kept.sha256)

    def kept(self, rows: int) -> Kept:
        return Kept(self.name, self.size, self._found.hexdigest(), rows)


class Unpacked:
    """The bytes of a compressed stream, as many as are asked for."""

    def __init__(self, stream: BinaryIO) -> None:
        self._inside = gzip.GzipFile(fileobj=stream, mode="rb")

    def read(self, size: int) -> bytes:
        try:
            return self._inside.read(size)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise Unable(DAMAGED) from error

    def take(self, size: int) -> bytes:
        if len(found := self.read(size)) != size:
            raise Unable(DAMAGED)
        return found


def members(stream: BinaryIO) -> Iterator[Member]:
    """The members in their order, each allowed and named once; Unable when it is anything else."""
    unpacked, seen = Unpacked(stream), set[str]()
    take = unpacked.take
    while (head := take(BLOCK)) != bytes(BLOCK):
        about = _head(head)
        if about.name in seen:
            raise Unable(f"{STRANGE}: it holds {about.name!r} twice.")
        seen.add(about.name)
        member = Member(about.name, about.size, take)
        yield member
        for _ in member.pieces():
            pass
        take(-about.size % BLOCK)
    if take(BLOCK) != bytes(BLOCK) or unpacked.read(1):
        raise Unable(DAMAGED)


def _head(block: bytes) -> tarfile.TarInfo:
    try:
        about = tarfile.TarInfo.frombuf(block, "utf-8", "strict")
    except (tarfile.HeaderError, ValueError) as error:
        raise Unable(DAMAGED) from error
    if about.type != tarfile.REGTYPE or about.size < 0:
        raise Unable(f"{STRANGE}: {about.name[:80]!r} is not a plain file.")
    if not NAMES.fullmatch(about.name):
        raise Unable(f"{STRANGE}: it holds something called {about.name[:80]!r}.")
    return about


def check(stream: BinaryIO, progress: Progress) -> tuple[Cover, Manifest]:
    """Read all of it and compare it with its manifest, changing nothing."""
    cover: Cover | None = None
    manifest: Manifest | None = None
    found: list[Kept] = []
    for member in members(stream):
        if (cover is None) != (member.name == COVER) or manifest is not None:
            raise Unable(f"{STRANGE}: {member.name} is not in its place.")
        if member.name == MANIFEST:
            manifest = _decoded(member.whole(), Manifest)
        elif cover is None:
            cover = _cover(member.whole())
            progress.say(f"Made {cover.made_at} by Fireside {cover.release} on {cover.database}.")
            found.append(member.kept(0))
        else:
            rows = sum(piece.count(b"\n") for piece in member.pieces())
            found.append(member.kept(rows if table_of(member.name) else 0))
    if cover is None or manifest is None:
        raise Unable(DAMAGED)
    if manifest.members != found:
        raise Unable("This backup is damaged: what it holds is not what its manifest says.")
    return cover, manifest


def _cover(data: bytes) -> Cover:
    label = _decoded(data, Label)
    if label.format > FORMAT or _numbers(label.release) > _numbers(__version__):
        raise Unable(
            f"This backup was made by a newer Fireside ({label.release}; this is {__version__}). "
            "Restore it with that release."
        )
    return _decoded(data, Cover)


def _numbers(release: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d{1,9}", release)[:3]]


def _decoded(data: bytes, kind: type[Shape]) -> Shape:
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise Unable(f"{STRANGE}: its papers cannot be read ({str(error)[:200]}).") from error
