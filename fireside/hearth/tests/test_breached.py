"""Stolen passwords are found in a sorted list, however long it is, and with little of it in memory."""

from __future__ import annotations

import hashlib
import tracemalloc
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError

from fireside.hearth.breached import BreachedPasswordValidator, NotAList, check, contains


def digest(password: str) -> str:
    return hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper()


@pytest.fixture
def stolen(tmp_path: Path) -> Path:
    path = tmp_path / "pwned.txt"
    lines = sorted(f"{digest(f'password {n}')}:{n * n + 1}" for n in range(3000))
    path.write_bytes("\r\n".join(lines).encode())
    return path


def test_every_stolen_password_is_found_and_no_other(stolen: Path) -> None:
    assert all(contains(stolen, f"password {n}") for n in range(3000))
    assert not any(contains(stolen, f"lanterns {n}") for n in range(300))
    with pytest.raises(ValidationError, match="A few words together"):
        BreachedPasswordValidator(str(stolen)).validate("password 17")
    BreachedPasswordValidator(str(stolen)).validate("lanterns by the river")


def test_a_list_of_one_line_and_lines_without_a_count(tmp_path: Path) -> None:
    path = tmp_path / "one.txt"
    path.write_text(digest("horse"))
    assert contains(path, "horse")
    assert not contains(path, "donkey")
    path.write_text("\n".join(sorted(map(digest, ("a", "b", "c")))) + "\n")
    assert all(contains(path, word) for word in "abc")
    assert not contains(path, "d")


def test_it_is_not_read_into_memory(tmp_path: Path) -> None:
    path = tmp_path / "long.txt"
    with path.open("w") as file:
        file.writelines(f"{n:040X}:1\n" for n in range(100_000))
    tracemalloc.start()
    try:
        contains(path, "horse")
        check(path)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert path.stat().st_size > 4_000_000
    assert most < 60_000


@pytest.mark.parametrize("words", ["", "hello\n" * 50, "x" * 5000, "\0" * 300, "{}\n"])
def test_what_is_no_such_list_is_said_and_keeps_nobody_out(tmp_path: Path, words: str) -> None:
    path = tmp_path / "wrong.txt"
    path.write_text(words)
    with pytest.raises(NotAList):
        check(path)
    BreachedPasswordValidator(str(path)).validate("lanterns by the river")
    BreachedPasswordValidator(str(tmp_path / "nowhere")).validate("lanterns by the river")


def test_a_list_out_of_order_is_noticed(stolen: Path) -> None:
    assert check(stolen) == stolen.stat().st_size
    stolen.write_bytes(b"\r\n".join(reversed(stolen.read_bytes().split(b"\r\n"))))
    with pytest.raises(NotAList, match="not sorted"):
        check(stolen)
