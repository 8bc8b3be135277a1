"""The wall clock of a house, which can be set while it runs; what only counts seconds goes on counting."""

from __future__ import annotations

from pathlib import Path


class Clock:
    """`env` goes to the processes; libfaketime reads the file anew at each look at the time."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "clock"
        self.ahead(0)
        self.env = {
            "LD_PRELOAD": str(library()), "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1",
        }  # fmt: skip

    def ahead(self, seconds: int) -> None:
        """Set it so many seconds before the real one, or behind when negative."""
        fresh = self._file.with_suffix(".fresh")
        fresh.write_text(f"{seconds:+d}\n")
        fresh.rename(self._file)


def library() -> Path:
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    assert found, "faketime is not here: tools/debian.sh faketime"
    return found[0]
