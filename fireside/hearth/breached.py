"""Passwords that were stolen elsewhere, looked for in a sorted list on this machine; nothing leaves it.

The list is that of Have I Been Pwned as its downloader writes it into one file: a line for each password,
`SHA-1 in capital hexadecimal:how often it was seen`, sorted. It has dozens of gigabytes and is never read
whole: some forty looks at it find any line.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
from pathlib import Path
from typing import IO, Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext

LINE = re.compile(rb"([0-9A-Fa-f]{40})(?::\d+)?\r?\n?")
LONGEST = 80  # bytes of a line; more is not such a list
SAMPLES = 64

log = logging.getLogger(__name__)


class NotAList(ValueError):
    """The file is something else, or not sorted."""


class BreachedPasswordValidator:
    """Nobody chooses a password that others already have in their lists."""

    def __init__(self, path: str) -> None:
        self.path = Path(path)

    def validate(self, password: str, user: Any = None) -> None:
        try:
            known = contains(self.path, password)
        except (OSError, NotAList):  # a list that went away keeps nobody from choosing a password
            log.exception("the list of stolen passwords could not be read")
            return
        if known:
            raise ValidationError(
                gettext(
                    "This password is in a list of stolen ones, so others may try it. "
                    "A few words together that mean something only to you work well."
                ),
                code="password_breached",
            )

    def get_help_text(self) -> str:
        return gettext("A password that was stolen somewhere else does not work here.")


def contains(path: Path, password: str) -> bool:
    """Is it in the list? Halves the file until one line is left."""
    wanted = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper().encode()
    with path.open("rb") as file:
        low, high = 0, os.fstat(file.fileno()).st_size
        while low < high:
            middle = (low + high) // 2
            found, begin, end = _line_at(file, middle, low)
            if found == wanted:
                return True
            low, high = (end, high) if found < wanted else (low, begin)
    return False


def check(path: Path) -> int:
    """Look at samples from beginning to end; gives the size in bytes, NotAList when they are not in order."""
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        if not size:
            raise NotAList("it is empty")
        places = sorted({size * n // SAMPLES for n in range(SAMPLES)} | {size - 1})
        seen = [_line_at(file, place, 0)[0] for place in places]
    if seen != sorted(seen):
        raise NotAList("its lines are not sorted")
    return size


def _line_at(file: IO[bytes], place: int, lowest: int) -> tuple[bytes, int, int]:
    """The hash on the line over this place, and where the line begins and ends."""
    before = max(lowest, place - LONGEST)
    file.seek(before)
    piece = file.read(2 * LONGEST)
    at = place - before
    start = piece.rfind(b"\n", 0, at) + 1
    stop = piece.find(b"\n", at)
    line = piece[start:] if stop < 0 else piece[start : stop + 1]
    if (match := LINE.fullmatch(line)) is None:
        raise NotAList("a line is not a SHA-1 with a count")
    return match[1].upper(), before + start, before + start + len(line)
