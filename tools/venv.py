"""Make the virtual environment and fill it from a lock file: once, whoever asks and however often."""

from __future__ import annotations  # so that an older Python can still read as far as the sentence below

import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / os.environ.get("VENV", ".venv")
PYTHON = VENV / "bin" / "python"


def main(kind: str) -> None:
    if sys.version_info < (3, 11):
        sys.exit(
            f"Fireside needs Python 3.11 or newer, this is {sys.version.split()[0]}: try PYTHON=python3.11"
        )
    with Path(__file__).open() as door:
        fcntl.flock(door, fcntl.LOCK_EX)  # two `make run` at once take turns here
        if not is_filled(kind):
            make()
            fill(kind)


def is_filled(kind: str) -> bool:
    mark = stamp(kind)
    if not mark.exists() or mark.read_text() != fingerprint(kind):
        return False
    mark.touch()  # so that make, which only looks at the clock, is content too
    return True


def make() -> None:
    if PYTHON.exists() and works(PYTHON, "-m", "pip", "--version"):
        return
    print(f"Making {VENV.name} with Python {sys.version.split()[0]}", flush=True)
    if not has_venv() and os.getuid() == 0 and shutil.which("apt-get"):
        run("sh", ROOT / "tools" / "debian.sh", "python3-venv")
    if has_venv():
        run(sys.executable, "-m", "venv", "--clear", VENV)
    elif virtualenv := shutil.which("virtualenv"):
        run(virtualenv, "--quiet", "--clear", "--python", sys.executable, VENV)
    else:
        sys.exit(
            "Python's venv module is not here: `sudo apt-get install python3-venv` brings it, then try again."
        )


def has_venv() -> bool:
    """Debian ships venv without the ensurepip it needs, until python3-venv is installed."""
    importlib.invalidate_caches()
    return all(importlib.util.find_spec(name) for name in ("venv", "ensurepip"))


def works(*command: str | Path) -> bool:
    return subprocess.run(command, stdout=subprocess.DEVNULL).returncode == 0


def fill(kind: str) -> None:
    print(f"Installing what requirements/{kind}.lock lists", flush=True)
    pip = (
        PYTHON,
        "-m",
        "pip",
        "--quiet",
        "--disable-pip-version-check",
        "install",
        "--no-input",
        "--root-user-action=ignore",
    )
    run(*pip, "--require-hashes", "--requirement", lock(kind))
    run(*pip, "--no-deps", "--no-build-isolation", "--editable", ROOT)
    stamp(kind).write_text(fingerprint(kind))
    if kind == "dev":  # holds everything the running needs
        stamp("run").write_text(fingerprint("run"))


def run(*command: str | Path) -> None:
    verdict = subprocess.run(command, cwd=ROOT).returncode
    if verdict != 0:
        sys.exit(f"This did not work: {' '.join(map(str, command))}")


def lock(kind: str) -> Path:
    return ROOT / "requirements" / f"{kind}.lock"


def stamp(kind: str) -> Path:
    return VENV / f".{kind}"


def fingerprint(kind: str) -> str:
    return hashlib.sha256(lock(kind).read_bytes() + (ROOT / "pyproject.toml").read_bytes()).hexdigest()


if __name__ == "__main__":
    main(sys.argv[1])
