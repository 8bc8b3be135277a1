"""A passkey from the first touch to the last, in a real Chromium with a made-up security key."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from bench.house import free_port, served
from fireside.config.story import PASSWORD
from tests.browsing import barriers, chromium, sign_in, visitor

pytestmark = pytest.mark.browser
KEY = {
    "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
    "isUserVerified": True, "automaticPresenceSimulation": True,
}  # fmt: skip


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Unicorn Rentals under a name, for which browsers keep passkeys."""
    port = free_port()
    monkeypatch.setenv("PUBLIC_URL", f"http://localhost:{port}")
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "fireside.config.settings")
    demo = [sys.executable, "-m", "fireside", "demo", "--data", str(tmp_path)]
    subprocess.run(demo, check=True, env=os.environ)
    with served(str(tmp_path), port):
        yield os.environ["PUBLIC_URL"]


@pytest.fixture
def bag(house: str) -> Iterator[BrowserContext]:
    """A browser of its own."""
    with chromium() as browser:
        yield visitor(browser, house)


def watched(page: Page) -> Page:
    page.on("pageerror", lambda error: pytest.fail(f"a script failed: {error}"))
    page.on("console", lambda said: pytest.fail(said.text) if "Content Security" in said.text else None)
    return page


def test_somebody_adds_a_passkey_and_comes_in_with_it_and_without_it_no_more(
    bag: BrowserContext, tmp_path: Path
) -> None:
    page = watched(sign_in(bag, "mei@example.org", PASSWORD))
    cdp = bag.new_cdp_session(page)
    cdp.send("WebAuthn.enable")
    key = cdp.send("WebAuthn.addVirtualAuthenticator", {"options": KEY})["authenticatorId"]
    page.goto("/settings/sign-in/")
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("Your password").fill(PASSWORD)
    assert barriers(page) == []
    page.get_by_role("button", name="It is me").click()
    page.get_by_label("What you call it").fill("Mei's laptop")
    assert barriers(page) == []
    page.get_by_role("button", name="Make a passkey").click()
    expect(page.locator(".codes li")).to_have_count(10)
    assert barriers(page) == []
    page.goto("/settings/sign-in/")
    expect(page.get_by_role("heading", name="Mei's laptop")).to_be_visible()
    [held] = cdp.send("WebAuthn.getCredentials", {"authenticatorId": key})["credentials"]
    assert held["rpId"] == "localhost"
    assert held["isResidentCredential"]

    page.get_by_role("main").get_by_role("button", name="Sign out", exact=True).first.click()
    page.goto("/account/login/")
    assert barriers(page) == []
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_selector("nav.rail")

    do = [sys.executable, "-m", "fireside", "do", "--as", "aroha"]
    here = {**os.environ, "FIRESIDE_DATA": str(tmp_path)}
    subprocess.run([*do, "deactivate", "@mei"], check=True, env=here)
    page.goto("/account/login/")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("heading", name="This account is closed")).to_be_visible()
    subprocess.run([*do, "reactivate", "mei"], check=True, env=here)
    page.goto("/account/login/")
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_selector("nav.rail")

    page.goto("/settings/sign-in/")  # it was used, and its name changes
    expect(page.get_by_text("not used yet")).to_have_count(0)
    page.get_by_role("link", name="Rename Mei's laptop").click()
    page.get_by_role("link", name="Use a passkey").click()
    page.get_by_role("button", name="Use a passkey").click()
    page.get_by_label("What you call it").fill("The blue one")
    page.get_by_role("button", name="Keep").click()
    expect(page.get_by_role("heading", name="The blue one")).to_be_visible()
    page.get_by_role("link", name="Remove The blue one").click()
    page.get_by_role("button", name="Remove it").click()
    expect(page.get_by_role("heading", name="The blue one")).to_have_count(0)

    page.get_by_role("main").get_by_role("button", name="Sign out", exact=True).first.click()
    page.goto("/account/login/")
    page.get_by_role("button", name="Use a passkey").click()  # it still lies in the bag
    expect(page.get_by_text("That did not fit")).to_be_visible()
    page.goto("/")
    expect(page.get_by_role("button", name="Sign in", exact=True)).to_be_visible()
