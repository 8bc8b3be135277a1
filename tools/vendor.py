"""Fetch again what we ship from others, and refuse anything that is not what VENDOR.toml promises.

python tools/vendor.py            # refresh every file, checking its sha256
python tools/vendor.py --check    # only compare the files that are here, without the network
python tools/vendor.py --pin      # after changing a version: print the sha256 to write down
"""

import hashlib
import re
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

STATIC = Path(__file__).resolve().parent.parent / "fireside" / "web" / "static"
LIST = STATIC / "vendor" / "VENDOR.toml"
SHAPE = (
    'viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.75" '
    'stroke-linecap="round" stroke-linejoin="round"'
)


def main(arguments: list[str]) -> int:
    """Return the number of files that are not what they are promised to be."""
    packages = tomllib.loads(LIST.read_text())["package"]
    found = present(packages) if "--check" in arguments else fetched(packages)
    wrong = 0
    for promise, content in found:
        seen = hashlib.sha256(content).hexdigest()
        if "--pin" in arguments:
            tell(f"{promise['file']} {seen}")
        elif seen != promise["sha256"]:
            wrong += 1
            tell(f"refused: {promise['file']} is {seen}, promised {promise['sha256']}")
        elif "--check" not in arguments:
            (STATIC / promise["file"]).write_bytes(content)
            tell(f"kept {promise['file']}")
    return wrong


def present(packages: list[dict[str, Any]]) -> Iterator[tuple[dict[str, str], bytes]]:
    for package in packages:
        for promise in package["files"]:
            yield promise, (STATIC / promise["file"]).read_bytes()


def fetched(packages: list[dict[str, Any]]) -> Iterator[tuple[dict[str, str], bytes]]:
    for package in packages:
        with tempfile.TemporaryDirectory() as folder, packed(package, folder) as archive:
            for promise in package["files"]:
                if promise["from"] == "sprite":
                    yield promise, sprite(package, archive)
                else:
                    yield promise, member(archive, promise["from"])


def packed(package: dict[str, Any], folder: str) -> tarfile.TarFile:
    what = f"{package['name']}@{package['version']}"
    subprocess.run(["npm", "pack", "--silent", what], cwd=folder, check=True, stdout=subprocess.DEVNULL)  # noqa: S603, S607
    return tarfile.open(next(Path(folder).glob("*.tgz")))


def member(archive: tarfile.TarFile, name: str) -> bytes:
    reader = archive.extractfile(f"package/{name}")
    if reader is None:
        raise SystemExit(f"{name} is not a file in its package")
    return reader.read()


def sprite(package: dict[str, Any], archive: tarfile.TarFile) -> bytes:
    """Draw the chosen icons as symbols of one file, a little thinner than they come."""
    title = f"<!-- {package['name']} {package['version']}, {package['licence']} -->"
    symbols = [
        symbol(name, member(archive, f"icons/{name}.svg").decode()) for name in package["icons"].split()
    ]
    return "\n".join([title, '<svg xmlns="http://www.w3.org/2000/svg">', *symbols, "</svg>", ""]).encode()


def symbol(name: str, drawing: str) -> str:
    inner = re.search(r"<svg[^>]*>(.*)</svg>", drawing, re.DOTALL)
    if inner is None:
        raise SystemExit(f"{name} is not a drawing")
    return f'<symbol id="{name}" {SHAPE}>{" ".join(inner[1].split())}</symbol>'


def tell(words: str) -> None:
    sys.stdout.write(words + "\n")


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
