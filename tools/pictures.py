"""Takes a picture of every screen with the demo's story: `python tools/pictures.py FOLDER [screen ...]`."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.house import served
from tests.browsing import barriers, chromium, sign_in, visitor
from tests.screens import LOOKS, SCREENS


def main() -> int:
    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    wanted = {name: SCREENS[name] for name in sys.argv[2:]} or SCREENS
    trouble = 0
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "fireside.config.settings"}
        demo = [sys.executable, "-m", "fireside", "demo", "--data", folder]
        subprocess.run(demo, check=True, env=environment)  # noqa: S603
        with served(folder) as (port, _), chromium() as browser:
            for look, how in LOOKS.items():
                page = sign_in(
                    visitor(browser, f"http://127.0.0.1:{port}", **how),
                    "aroha@example.org",
                    "unicorns at dawn",
                )
                for name, path in wanted.items():
                    answer = page.goto(path)
                    page.wait_for_timeout(200)
                    page.screenshot(path=out / f"{name}-{look}.png", full_page=True)
                    wide = page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
                    found = barriers(page) + (["scrolls sideways"] if wide else [])
                    found += [f"answered {answer.status}"] if answer and answer.status != 200 else []
                    trouble += len(found)
                    print(f"{name} {look}:", *(found or ["fine"]), sep="\n  " if found else " ", flush=True)  # noqa: T201
    return 1 if trouble else 0


sys.exit(main())
