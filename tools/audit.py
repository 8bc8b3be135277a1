"""Ask whether a library we run has a known hole; say plainly when nobody could be asked.

Ends with 1 only for a finding. Without an answer it ends with 0 and prints what was not looked at: that no
hole is known is never said of a library about which nobody answered.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

LOCK = Path(__file__).resolve().parent.parent / "requirements" / "run.lock"
SERVICES = ("pypi", "osv")  # where pip-audit asks, the next one when the first does not answer
PATIENCE = 240  # seconds for each


def main() -> int:
    for service in SERVICES:
        lines, code, looked = verdict(ask(service))
        if looked:
            break
    print("\n".join(lines))
    return code


def ask(service: str) -> str:
    """What pip-audit tells as JSON; nothing when it could not ask."""
    command = ["pip-audit", "--requirement", LOCK, "--require-hashes", "--disable-pip", "--format", "json"]
    asked = [str(Path(sys.executable).with_name("pip-audit")), *map(str, command[1:])]
    asked += ["--vulnerability-service", service, "--progress-spinner", "off"]
    try:
        return subprocess.run(asked, capture_output=True, text=True, timeout=PATIENCE).stdout
    except subprocess.TimeoutExpired:
        return ""


def verdict(told: str) -> tuple[list[str], int, int]:
    """The lines to print, how to end, and how many libraries somebody answered for."""
    try:
        found = json.loads(told)["dependencies"]
    except (ValueError, KeyError, TypeError):
        found = []
    skipped = [one["name"] for one in found if "skip_reason" in one]
    holes = [
        f"{one['name']} {one['version']}: {hole['id']}, mended in "
        f"{', '.join(hole['fix_versions']) or 'nothing yet'}"
        for one in found
        for hole in one.get("vulns", ())
    ]
    looked = len(found) - len(skipped)
    if not looked:
        return (
            ["NOT AUDITED: no service that knows of holes in libraries answered. Nothing was looked at."],
            0,
            0,
        )
    lines = [f"{looked} libraries were looked at."]
    lines += [f"NOT AUDITED, as nobody knew of them: {', '.join(skipped)}"] if skipped else []
    lines += [f"A known hole: {hole}" for hole in holes] or ["No hole is known in those."]
    return lines, 1 if holes else 0, looked


if __name__ == "__main__":
    sys.exit(main())
