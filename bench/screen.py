"""From the post of an alert to its card on a screen: a real Chromium that has the room open."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path

import httpx
from playwright.sync_api import Page

from bench.house import House, house
from bench.intake import PATH, body
from bench.table import part, show
from tests.browsing import chromium, visitor

CARDS = 40
APART = 0.5  # seconds
WATCH = """() => {
    window.seen = {};
    new MutationObserver(() => {
        for (const [name] of document.body.innerText.matchAll(/Screen\\d+x/g))
            window.seen[name] ??= performance.timeOrigin + performance.now();
    }).observe(document.body, {childList: true, subtree: true, characterData: true});
}"""


def post(at: House, name: str, status: str = "firing") -> float:
    """The moment it was sent, in milliseconds of the clock that the browser has too."""
    began = time.time() * 1000
    headers = {"Authorization": f"Bearer {at.token}"}
    content = body(0, 1, status, name).replace(b"Payments are refused", name.encode())
    httpx.post(f"http://127.0.0.1:{at.port}{PATH}", content=content, headers=headers)
    return began


def its_room(at: House) -> str:
    with closing(sqlite3.connect(Path(at.folder) / "fireside.sqlite3")) as database:
        asked = "SELECT slug FROM hearth_room r JOIN alerts_group g ON g.room_id = r.id"
        while not (found := database.execute(asked).fetchone()):
            time.sleep(0.1)
    return str(found[0])


def measure(at: House, page: Page) -> list[float]:
    post(at, "Screen0x")
    page.goto(f"/rooms/{its_room(at)}/")
    page.evaluate(WATCH)
    time.sleep(2)
    sent = {}
    for number in range(1, CARDS + 1):
        sent[f"Screen{number}x"] = post(at, f"Screen{number}x")
        page.wait_for_timeout(APART * 1000)
        post(at, f"Screen{number}x", "resolved")  # or the tenth would be a storm, which has one card
    seen = page.evaluate("window.seen")
    return [seen[name] - began for name, began in sent.items()]


def main() -> None:
    with house(messages=1000) as at, chromium() as browser:
        url = f"http://127.0.0.1:{at.port}"
        context = visitor(browser, url)
        context.add_cookies([{"name": "sessionid", "value": at.cookie, "url": url}])
        late = measure(at, context.new_page())
    show(
        f"{CARDS} alerts, one each {APART} s: ms from the post until the card is on an open screen",
        ["seen", "p50 ms", "p99 ms", "max ms"],
        [[len(late), part(late, 50), part(late, 99), max(late)]],
    )
