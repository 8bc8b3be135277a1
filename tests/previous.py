"""The previous release as its commit holds it: the code that may still run when this release begins."""

from __future__ import annotations

import io
import subprocess
import tarfile
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VERSION, COMMIT = (ROOT / "tests" / "previous_release").read_text().split()


def code(folder: Path) -> Path:
    """Its code in a folder from which it can be run."""
    with tarfile.open(fileobj=io.BytesIO(_git("archive", COMMIT, "fireside"))) as packed:
        packed.extractall(folder, filter="data")
    return folder


@cache
def migrations() -> dict[tuple[str, str], bytes]:
    """The migrations that it brought, by app and name, with what stood in them."""
    listed = _git("ls-tree", "-r", "--name-only", COMMIT, "fireside").decode().splitlines()
    paths = [Path(name) for name in listed if "/migrations/0" in name]
    return {(path.parts[1], path.stem): _git("show", f"{COMMIT}:{path}") for path in paths}


def _git(*words: str) -> bytes:
    known = subprocess.run(["git", "cat-file", "-e", f"{COMMIT}^{{commit}}"], cwd=ROOT, capture_output=True)
    assert known.returncode == 0, (
        f"The previous release, {VERSION}, is commit {COMMIT}, and this clone does not hold it. "
        f"`git fetch --unshallow` brings it, or `git fetch origin {COMMIT}`."
    )
    return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, check=True).stdout
