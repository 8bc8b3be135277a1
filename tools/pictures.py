"""Takes a picture of every screen with the demo's story: `python tools/pictures.py FOLDER [screen ...]`.

`python tools/pictures.py --readme` takes the few that README.md shows, into docs/pictures.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.house import served
from fireside.config.story import PASSWORD
from tests.browsing import barriers, chromium, sign_in, tell_demo, visitor
from tests.screens import LOOKS, SCREENS

PICTURES = Path(__file__).resolve().parent.parent / "docs" / "pictures"
README = {
    "home": ("home", "light-1280"),
    "incident": ("incident", "light-1280"),
    "room": ("room", "light-1280"),
    "postmortem": ("postmortem", "light-1280"),
    "incident-phone-dark": ("incident", "dark-390"),
}
STICKY = ("room",)  # screens whose head and foot stay in view are taken as they are seen


@contextmanager
def pages(looks: list[str]) -> Iterator[Iterator[tuple[str, Page]]]:
    """A signed-in page for each look, in a house that tells the demo's story."""
    with tempfile.TemporaryDirectory() as folder:
        tell_demo(folder)
        with served(folder) as (port, _), chromium() as browser:
            there = f"http://127.0.0.1:{port}"
            yield (
                (look, sign_in(visitor(browser, there, **LOOKS[look]), "aroha@example.org", PASSWORD))
                for look in looks
            )


def readme() -> int:
    PICTURES.mkdir(parents=True, exist_ok=True)
    with pages(list(dict.fromkeys(look for _, look in README.values()))) as looks:
        for look, page in looks:
            for name, (screen, wanted) in README.items():
                if wanted == look:
                    show(page, SCREENS[screen])
                    page.screenshot(path=PICTURES / f"{name}.png")
                    lighten(PICTURES / f"{name}.png")
    return 0


def lighten(picture: Path) -> None:
    """256 colours are enough for a page, where ImageMagick is there to choose them."""
    if convert := shutil.which("convert"):
        subprocess.run([convert, picture, "-colors", "256", f"PNG8:{picture}"], check=True)  # noqa: S603


def show(page: Page, path: str) -> int:
    """Go there and wait until it stands still; a room begins with its newest alert on screen."""
    answer = page.goto(path)
    page.wait_for_timeout(300)
    if path == SCREENS["room"]:
        alert = page.locator(".msg:has(.alert)").last
        alert.evaluate("it => scrollTo({ top: it.offsetTop - 128, behavior: 'instant' })")
        page.wait_for_timeout(100)
    return answer.status if answer else 0


def every(out: Path, names: list[str]) -> int:
    """Every screen in every look, and what would keep someone out of it."""
    out.mkdir(parents=True, exist_ok=True)
    wanted = {name: SCREENS[name] for name in names} or SCREENS
    trouble = 0
    with pages(list(LOOKS)) as looks:
        for look, page in looks:
            for name, path in wanted.items():
                status = show(page, path)
                whole = name not in STICKY
                page.screenshot(path=out / f"{name}-{look}.png", full_page=whole)
                wide = page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
                found = barriers(page) + (["scrolls sideways"] if wide else [])
                found += [f"answered {status}"] if status != 200 else []
                trouble += len(found)
                print(f"{name} {look}:", *(found or ["fine"]), sep="\n  " if found else " ", flush=True)  # noqa: T201
    return 1 if trouble else 0


sys.exit(readme() if sys.argv[1:] == ["--readme"] else every(Path(sys.argv[1]), sys.argv[2:]))
