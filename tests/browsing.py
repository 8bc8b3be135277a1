"""A real Chromium for the tests and pictures: how it is started, and what it is asked."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def tell_demo(folder: str) -> None:
    """The demo's house in a folder, with some keys and webhooks in use."""
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "fireside.config.settings",
        "FIRESIDE_DATA": folder,
    }
    for module in (["fireside", "demo"], ["tests.demo_keys"]):
        subprocess.run([sys.executable, "-m", *module], check=True, env=environment, cwd=ROOT)


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


def visitor(
    browser: Browser, url: str, *, wide: bool = True, dark: bool = False, script: bool = True
) -> BrowserContext:
    """A browser profile of its own, on a desk or in a hand, by day or night, with or without JavaScript."""
    return browser.new_context(
        base_url=url,
        viewport={"width": 1280, "height": 900} if wide else {"width": 390, "height": 844},
        color_scheme="dark" if dark else "light",
        java_script_enabled=script,
        locale="en-NZ",
        timezone_id="Pacific/Auckland",
        has_touch=not wide,
    )


def sign_in(context: BrowserContext, email: str, password: str) -> Page:
    page = context.new_page()
    page.goto("/")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_selector("nav.rail")
    return page


def barriers(page: Page) -> list[str]:
    """What axe finds that would keep someone out, one line each."""
    found = Axe().run(page, options={"runOnly": RULES})
    return [
        f"{violation['id']} ({violation['impact']}): {node['target']} {node['failureSummary']}"
        for violation in found.response["violations"]
        for node in violation["nodes"]
    ]
