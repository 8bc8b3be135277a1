"""What people live through in a real Chromium while the database is away, and a real Alertmanager."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browsing import barriers, chromium, visitor
from tests.chaos.conftest import at_length
from tests.chaos.crowd import delivery
from tests.chaos.house import Home
from tests.chaos.ledger import Ledger
from tests.chaos.postgres import Postgres
from tests.chaos.wire import Wire, wire
from tests.machines import alertmanager, installed, wait_for

pytestmark = pytest.mark.chaos
WITHIN = 30_000  # milliseconds; a page waits up to twenty seconds before it is told
ROOM = "/rooms/magic-sparkles/"


@pytest.fixture
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def far(tmp_path: Path, server: Postgres) -> Iterator[tuple[Home, Wire]]:
    with server.base() as base, wire(server.port) as between:
        home = Home(tmp_path, server.url(base, between.port), parts={"web": ("--only", "web")})
        home.database = server.url(base)
        with home.living():
            yield home, between


def signed_in(browser: Browser, home: Home, **how: bool) -> BrowserContext:
    context = visitor(browser, home.url, **how)
    context.add_cookies([{"name": "sessionid", "value": home.cookies["sessionid"], "url": home.url}])
    return context


def room(context: BrowserContext) -> Page:
    page = context.new_page()
    page.goto(ROOM)
    return page


def box(page: Page):
    return page.get_by_label("Message or command")


@at_length
@pytest.mark.parametrize("how", ["refuses", "hangs"])
def test_people_keep_their_words_and_catch_up(
    far: tuple[Home, Wire], how: str, browser: Browser, book: Callable[..., Ledger]
) -> None:
    home, between = far
    ledger = book(f"people while the database {how}", "PostgreSQL")
    mei, tom = room(signed_in(browser, home)), room(signed_in(browser, home))
    plain = room(signed_in(browser, home, script=False, wide=False))
    between.mood(how)
    expect(tom.locator("#offline")).to_be_visible(timeout=WITHIN)
    expect(tom.locator("#offline")).to_contain_text("Reconnecting")
    ledger.sent += ["said from mei", "said without a script"]
    box(mei).fill("from mei")
    box(mei).press("Enter")
    box(plain).fill("without a script")
    plain.get_by_role("button", name="Send").click(timeout=WITHIN)
    expect(plain.get_by_role("heading", name="Not just now")).to_be_visible(timeout=WITHIN)
    expect(plain.get_by_label("Your words are kept here")).to_have_value("without a script")
    expect(mei.locator("#whispers")).to_contain_text("Your words are kept", timeout=WITHIN)
    expect(box(mei)).to_have_value("from mei")
    assert barriers(mei) == []
    lost = signed_in(browser, home, wide=False, dark=True).new_page()
    assert lost.goto("/learn/", timeout=WITHIN).status == 503
    assert barriers(lost) == []
    between.mood("open")
    wait_for(lambda: home.answers("/readyz") == 200, "the house to be back")
    mei.get_by_role("button", name="Try again").click()
    plain.get_by_role("button", name="Try again").click()
    for words in ("from mei", "without a script"):
        expect(tom.locator("article.msg", has_text=words)).to_have_count(1, timeout=WITHIN)
        expect(mei.locator("article.msg", has_text=words)).to_have_count(1, timeout=WITHIN)
        ledger.acknowledged.append(f"said {words}")
    expect(plain).to_have_url(re.compile(ROOM))
    expect(tom.locator("#offline")).to_be_hidden()
    expect(box(mei)).to_have_value("")
    ledger.close(home.words)
    ledger.note("words kept with and without scripts; open pages said “reconnecting” and caught up")


def test_a_real_alertmanager_comes_again(
    far: tuple[Home, Wire], tmp_path: Path, book: Callable[..., Ledger]
) -> None:
    assert installed(), "this needs the Debian packages prometheus and prometheus-alertmanager"
    home, between = far
    ledger = book("a real Alertmanager while the database is away", "PostgreSQL")
    with alertmanager(tmp_path, home) as address:
        between.mood("refuses")
        told = [{"labels": one["labels"]} for one in delivery("Away", 3)["alerts"]]
        httpx.post(f"http://{address}/api/v2/alerts", json=told).raise_for_status()
        ledger.sent += [f"alert Away/shop-{n}" for n in range(3)]
        failed = "alertmanager_notification_requests_failed_total"
        wait_for(lambda: tries(address, failed) >= 2, "Alertmanager to have been put off twice")
        between.mood("open")
        ledger.acknowledged = [*ledger.sent]
        ledger.close(home.alerts, 90)
        ledger.note(f"put off {tries(address, failed):.0f} times, then taken")


def tries(address: str, name: str) -> float:
    lines = httpx.get(f"http://{address}/metrics").text.splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith(name) and '"webhook"' in line)
