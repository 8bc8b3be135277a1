"""A disk that remembers only what was flushed: after a cut, that is what is left in the house's folder."""

from __future__ import annotations

import random
import shutil
import subprocess
from pathlib import Path

SOURCE = Path(__file__).with_suffix(".c")
PAGE = 4096


class Disk:
    """Beside a folder; `env` goes to the processes that write in it, `cut` is called when they are dead."""

    def __init__(self, folder: Path, beside: Path) -> None:
        self.folder, self.beside = folder, beside
        beside.mkdir()
        library = beside / "power.so"
        built = ("gcc", "-shared", "-fPIC", "-O2", "-o", str(library), str(SOURCE), "-ldl")
        subprocess.run(built, check=True, capture_output=True)
        self.env = {"LD_PRELOAD": str(library), "CUT_FROM": str(folder), "CUT_TO": str(beside)}
        self.remember()

    def remember(self) -> None:
        """All that is in the folder now is on the disk."""
        shutil.rmtree(self.beside / "content", ignore_errors=True)
        shutil.rmtree(self.beside / "names", ignore_errors=True)
        shutil.copytree(self.folder, self.beside / "content")
        for place in (self.folder, *(path for path in self.folder.rglob("*") if path.is_dir())):
            kept = self.beside / "names" / place.relative_to(self.folder) / ".names"
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_text("".join(f"{entry.name}\n" for entry in place.iterdir()))

    def listened(self) -> bool:
        """Did the processes flush through us?"""
        return (self.beside / "turn").exists()

    def cut(self, chance: random.Random) -> None:
        """The power is gone: leave what was flushed, and of the rest some pages that made it by luck."""
        left = self.beside / "left"
        shutil.rmtree(left, ignore_errors=True)
        self._leave(Path(), left, chance)
        shutil.rmtree(self.folder)
        shutil.move(left, self.folder)
        self.remember()

    def _leave(self, place: Path, left: Path, chance: random.Random) -> None:
        (left / place).mkdir(parents=True)
        names = self.beside / "names" / place / ".names"
        for name in names.read_text().splitlines() if names.exists() else ():
            real, kept = self.folder / place / name, self.beside / "content" / place / name
            if real.is_dir():
                self._leave(place / name, left, chance)
            else:
                sure = kept.read_bytes() if kept.is_file() else b""
                lucky = real.read_bytes() if real.is_file() else b""
                (left / place / name).write_bytes(_some(sure, lucky, chance))


def _some(sure: bytes, lucky: bytes, chance: random.Random) -> bytes:
    """What was flushed, with some pages of what was only written; one of them is torn in the middle."""
    if sure == lucky or chance.random() < 0.4:
        return sure
    found, torn = bytearray(sure), False
    for at in range(0, len(lucky), PAGE):
        if lucky[at : at + PAGE] == sure[at : at + PAGE] or chance.random() < 0.5:
            continue
        if at > len(found):
            found.extend(bytes(at - len(found)))  # a hole reads as zeros
        torn = not torn
        found[at : at + PAGE] = (
            lucky[at : at + (PAGE // 2 if torn else PAGE)] + sure[at + PAGE // 2 : at + PAGE] * torn
        )
    return bytes(found)
