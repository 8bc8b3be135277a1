"""Write down all that is inside the package, as CycloneDX JSON: libraries with hashes, scripts and fonts."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

ROOT = Path(__file__).resolve().parent.parent
VENDOR = ROOT / "fireside" / "web" / "static" / "vendor" / "VENDOR.toml"


def main(out: Path) -> None:
    made = whole(libraries())
    words = json.dumps(made, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    if wrong := JsonStrictValidator(SchemaVersion.V1_6).validate_str(words):
        sys.exit(f"This is no CycloneDX: {wrong}")
    out.write_text(words)
    print(f"{len(made['components'])} parts are in {out}")


def libraries() -> dict[str, Any]:
    """What cyclonedx-py makes of the lock file."""
    command = [str(Path(sys.executable).with_name("cyclonedx-py")), "requirements", "--output-reproducible"]
    command += ["--pyproject", str(ROOT / "pyproject.toml"), "--short-PURLs"]
    told = subprocess.run(
        [*command, str(ROOT / "requirements" / "run.lock")], capture_output=True, text=True, check=True
    )
    found: dict[str, Any] = json.loads(told.stdout)
    return found


def whole(made: dict[str, Any]) -> dict[str, Any]:
    """With our version, what comes with the pages, and which libraries we chose ourselves."""
    about = made["metadata"]["component"]
    about["version"] = version()
    for part in made["components"]:
        part.pop("description", None)  # it repeats the line of the lock file
    made["components"] += [
        {"type": "library", "bom-ref": one["name"], "name": one["name"], "version": one["version"],
         "purl": f"pkg:npm/{one['name'].replace('@', '%40')}@{one['version']}",
         "licenses": [{"license": {"id": one["licence"]}}]}
        for one in tomllib.loads(VENDOR.read_text())["package"]
    ]  # fmt: skip
    known = {part["name"].lower(): part["bom-ref"] for part in made["components"]}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    chosen = {re.split(r"[\[<>=~!; ]", line)[0].lower() for line in project["dependencies"]}
    for links in made["dependencies"]:
        if links["ref"] == about["bom-ref"]:
            links["dependsOn"] = sorted(known[name] for name in chosen if name in known)
    return made


def version() -> str:
    words = (ROOT / "fireside" / "__init__.py").read_text()
    return words.split('__version__ = "')[1].partition('"')[0]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
