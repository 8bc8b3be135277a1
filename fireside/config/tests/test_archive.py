"""What may stand in a backup, and what is refused before anything is written."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyrage
import pytest

from fireside.config.backups import age
from fireside.config.backups.age import Unable
from fireside.config.backups.archive import Writer
from fireside.config.backups.lock import Lock, checked, phrase
from fireside.config.backups.progress import Progress

KEY = pyrage.x25519.Identity.generate()
COVER = {
    "format": 1, "release": "0.1.0", "made_at": "2026-11-28 12:00:00 UTC", "database": "sqlite",
    "migrations": [["hearth", "0001_first"]], "tables": {"hearth_room": ["id"]},
}  # fmt: skip
ROWS = b"[1]\n[2]\n"

Piece = tuple[str, bytes]


def member(name: str, data: bytes = b"", **how: Any) -> bytes:
    """One member as tar has it; `how` says what is odd about it."""
    about = tarfile.TarInfo(name)
    about.size = how.pop("size", len(data))
    for what, value in how.items():
        setattr(about, what, value)
    return about.tobuf(tarfile.GNU_FORMAT) + data + bytes(-len(data) % 512)


def written(path: Path, *pieces: Piece | bytes, end: bytes = bytes(1024), **cover: Any) -> Path:
    """A backup that somebody else might write: a fitting cover and manifest around these pieces."""
    first = ("cover.json", json.dumps(COVER | cover).encode())
    plain = [piece for piece in (first, *pieces) if isinstance(piece, tuple)]
    listed = [
        {"name": name, "size": len(data), "sha256": hashlib.sha256(data).hexdigest(),
         "rows": data.count(b"\n") if name.startswith("tables/") else 0}
        for name, data in plain
    ]  # fmt: skip
    manifest = ("manifest.json", json.dumps({"members": listed, "sequences": {}, "gone": []}).encode())
    inside = b"".join(
        member(*piece) if isinstance(piece, tuple) else piece for piece in (first, *pieces, manifest)
    )
    path.write_bytes(gzip.compress(inside + end))
    return path


def nobody() -> str:
    raise AssertionError("no passphrase is needed here")


def refused(path: Path, key: Path | None = None, ask: Callable[[], str] = nobody) -> str:
    with pytest.raises(Unable) as why:
        checked(path, key, ask, Progress())
    return str(why.value)


def test_a_plain_backup_is_read_to_its_end(tmp_path: Path) -> None:
    path = written(tmp_path / "a", ("tables/hearth_room/000001.jsonl", ROWS), ("files/a/b", b"x"))
    cover, manifest = checked(path, None, nobody, Progress())
    assert cover.tables == {"hearth_room": ["id"]}
    assert manifest.rows() == {"hearth_room": 2}
    assert str(manifest).startswith("2 rows of 1 tables and 1 files")


ROOM = "tables/hearth_room/000001.jsonl"


@pytest.mark.parametrize(
    ("pieces", "sentence"),
    [
        ([("files/../../etc/passwd", b"x")], "it holds something called"),
        ([("/etc/passwd", b"x")], "it holds something called"),
        ([("files//etc/passwd", b"x")], "it holds something called"),
        ([("files/./x", b"x")], "it holds something called"),
        ([("files/a\\..\\b", b"x")], "it holds something called"),
        ([("files/a\nb", b"x")], "it holds something called"),
        ([("fireside.sqlite3", b"x")], "it holds something called"),
        ([("tables/../x/000001.jsonl", b"")], "it holds something called"),
        ([member("files/x", type=tarfile.SYMTYPE, linkname="/etc/passwd")], "is not a plain file"),
        ([member("files/x", type=tarfile.LNKTYPE, linkname="secret_key")], "is not a plain file"),
        ([member("files/x", type=tarfile.DIRTYPE)], "is not a plain file"),
        ([member("files/x", type=tarfile.CHRTYPE)], "is not a plain file"),
        ([member("files/x", type=tarfile.XHDTYPE, size=10**11)], "is not a plain file"),
        ([member("files/" + "x" * 300, b"x")], "is not a plain file"),
        ([("files/x", b"x"), ("files/x", b"y")], "it holds 'files/x' twice"),
        ([member("files/x", size=10**11)], "damaged or was cut short"),
        ([member(ROOM, size=10**11)], "damaged or was cut short"),
        ([member("manifest.json", size=10**11)], "manifest.json says it has 100,000,000,000 bytes"),
        ([member("files/extra", b"not in the manifest")], "is not what its manifest says"),
        ([("cover.json", b"{}")], "it holds 'cover.json' twice"),
        ([b"\xff" * 512], "damaged or was cut short"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_does_not_belong_into_a_backup_is_refused(
    tmp_path: Path, pieces: list[Any], sentence: str
) -> None:
    assert sentence in refused(written(tmp_path / "a", *pieces))


def test_what_comes_from_later_is_refused_with_its_name(tmp_path: Path) -> None:
    for cover in ({"format": 2}, {"release": "9.1.0"}, {"format": 2, "tables": "another shape"}):
        assert "was made by a newer Fireside" in refused(written(tmp_path / "a", **cover))
    for cover in ({"tables": 5}, {"migrations": None}, {"format": "x"}, {"made_at": [[[]]]}):
        assert "its papers cannot be read" in refused(written(tmp_path / "a", **cover))


def test_a_changed_row_a_missing_end_and_something_after_it_are_noticed(tmp_path: Path) -> None:
    path = written(tmp_path / "a", (ROOM, ROWS))
    inside = gzip.decompress(path.read_bytes())
    for changed in (
        inside.replace(b"[2]", b"[3]"), inside[:-1024], inside + b"more", inside[:900], inside[512:], b"",
    ):  # fmt: skip
        path.write_bytes(gzip.compress(changed))
        assert "damaged" in refused(path) or "is not in its place" in refused(path)
    path.write_bytes(gzip.compress(inside)[:-20])
    assert "damaged or was cut short" in refused(path)


def test_what_is_not_a_backup_is_told_plainly(tmp_path: Path) -> None:
    for content in (b"", b"hello", os.urandom(2000), b"SQLite format 3\0" + bytes(4000)):
        (tmp_path / "a").write_bytes(content)
        assert "This is not a backup that Fireside wrote" in refused(tmp_path / "a")
    (tmp_path / "a").write_bytes(gzip.compress(b"x" * 5000))
    assert "damaged" in refused(tmp_path / "a")
    assert "There is no" in refused(tmp_path / "nowhere")
    assert "Is a directory" in refused(tmp_path)


# -- locks -------------------------------------------------------------------------------------------------


@pytest.fixture
def key(tmp_path: Path) -> Path:
    (tmp_path / "key.txt").write_text(f"# created: today\n\n{KEY}\n")
    return tmp_path / "key.txt"


def locked(path: Path, lock: Lock, size: int = 200_000) -> Path:
    with path.open("wb") as out, lock.on(out) as stream:
        writer = Writer(stream)
        writer.add("cover.json", json.dumps(COVER).encode())
        writer.add("files/x", os.urandom(size))
        writer.close({}, [])
    return path


def test_any_of_several_keys_opens_it_and_no_other(tmp_path: Path, key: Path) -> None:
    other = pyrage.x25519.Identity.generate()
    path = locked(tmp_path / "a", Lock(age.recipients([f"# ours\n{other.to_public()},{KEY.to_public()}"])))
    checked(path, key, nobody, Progress())
    assert "name the file it is in with --key" in refused(path)
    key.write_text(str(pyrage.x25519.Identity.generate()))
    assert refused(path, key) == "This backup is locked with another key."
    for nonsense in ("", "# nothing\n", "AGE-SECRET-KEY-1XXX", "\0\0"):
        key.write_text(nonsense)
        assert "holds no key of age's" in refused(path, key)
    assert "cannot be read: No such file" in refused(path, tmp_path / "nowhere")


def test_a_flipped_or_a_missing_byte_anywhere_is_noticed(tmp_path: Path, key: Path) -> None:
    path = locked(tmp_path / "a", Lock([KEY.to_public()]))
    whole = path.read_bytes()
    for at in (30, 100, 210, 300, 66_000, 150_000, len(whole) - 1):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert "damaged or was cut short" in refused(path, key) or "another key" in refused(path, key)
        path.write_bytes(whole[:at])
        assert "damaged or was cut short" in refused(path, key)


def test_a_disk_that_is_full_at_the_very_last_piece_is_noticed() -> None:
    class Full(io.BytesIO):
        def write(self, data: Any) -> int:
            if 0 < len(data) < 60_000 and self.tell() > 60_000:
                raise OSError(28, "No space left on device")
            return super().write(data)

    with pytest.raises(OSError, match="No space left"), age.locked(Full(), [KEY.to_public()]) as stream:
        stream.write(os.urandom(70_000))


def test_keys_that_cannot_be_meant_are_told_so() -> None:
    for words, sentence in (
        ("age1xyz", "'age1xyz' is not a public key of age's; they begin with age1."),
        (str(KEY), "That is the half that opens backups"),
        ("a" * 500, "is not a public key of age's"),
    ):
        with pytest.raises(Unable) as why:
            age.recipients([words])
        assert sentence in str(why.value)
        assert str(KEY) not in str(why.value)
    assert age.recipients(["", "# only words"]) == []


def test_a_new_key_is_written_for_its_owner_alone_and_never_over_another(tmp_path: Path) -> None:
    public = age.new_key(tmp_path / "key")
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600
    path = locked(tmp_path / "a", Lock(age.recipients([public])))
    checked(path, tmp_path / "key", nobody, Progress())
    for place, sentence in (("key", "is there already"), ("nowhere/key", "cannot be written: No such")):
        with pytest.raises(Unable, match=sentence):
            age.new_key(tmp_path / place)


@pytest.mark.crash  # a passphrase is slow on purpose
def test_a_passphrase_opens_it_and_no_other_does(tmp_path: Path) -> None:
    (tmp_path / "phrase").write_text("correct horse battery staple\n")
    path = locked(tmp_path / "a", Lock(passphrase=phrase(tmp_path / "phrase")))
    checked(path, None, lambda: "correct horse battery staple", Progress())
    assert refused(path, None, lambda: "wrong") == "That is not the passphrase."
    whole = path.read_bytes()
    path.write_bytes(whole[:-5])
    assert "damaged or was cut short" in refused(path, None, lambda: "correct horse battery staple")
    path.write_bytes(whole[:100])
    assert "damaged" in refused(path, None, lambda: "x")
