"""Somebody signs in, follows every link and sends every form that asks: nothing breaks, no link is dead."""

from __future__ import annotations

import re
from collections import Counter, deque
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urldefrag, urlencode, urljoin, urlsplit

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

from fireside.config.demo import fill
from fireside.hearth.models import Person
from fireside.web.guard import HEADERS
from tests.fuzzing import FULL

pytestmark = [pytest.mark.nightly, pytest.mark.django_db]
PAGES = 4000 if FULL else 250  # pages one visitor opens
ALIKE = 40 if FULL else 3  # pages of one kind: a thousand messages have a page each
ODD = ["", "queue", "\0", "‮<b>'\"&", "9" * 30, "-1", "x" * 3000]


class Found(HTMLParser):
    """The links and the asking forms of one page."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.forms: list[tuple[str, list[str]]] = []
        self._asks = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.links += [given[name] for name in ("href", "src", "hx-get") if given.get(name)]
        if tag == "form":
            self._asks = given.get("method", "get").lower() == "get"
            if self._asks:
                self.forms.append((given.get("action", ""), []))
        elif self._asks and tag in ("input", "select", "textarea") and given.get("name"):
            self.forms[-1][1].append(given["name"])


def kind(path: str) -> str:
    """Pages that differ only by a number or a name are alike."""
    where = urlsplit(path)
    names = sorted(part.partition("=")[0] for part in where.query.split("&"))
    place = re.sub(r"^(/(?:rooms|people|systems|runbooks|teams)/)[^/]+", r"\1N", where.path)
    return f"{re.sub(r'[0-9]+', 'N', place)} {names}"


class Crawler:
    """One visitor, and the pages they have still to open."""

    def __init__(self, visitor: Client) -> None:
        self.visitor = visitor
        self.waiting = deque([("/", "the door")])
        self.known = {"/"}
        self.alike: Counter[str] = Counter()
        self.opened = 0

    def crawl(self) -> None:
        while self.waiting and self.opened < PAGES:
            path, before = self.waiting.popleft()
            self.opened += 1
            self.look(path, self.visitor.get(path), f"{path[:200]} (from {before[:200]})")

    def look(self, path: str, answer: Any, where: str) -> None:
        assert answer.status_code in (200, 301, 302, 303, 422), f"{answer.status_code} at {where}"
        for name in HEADERS:
            assert answer.headers.get(name), f"{name} at {where}"
        found = Found()
        if answer.streaming:
            answer.close()
        elif answer.status_code in (301, 302, 303):
            found.links.append(answer["Location"])
        elif answer["Content-Type"].startswith("text/html"):
            found.feed(answer.content.decode())
        for link in found.links:
            self.plan(urldefrag(urljoin(path, link)).url, path, ALIKE)
        for action, names in found.forms:
            for odd in ODD:
                asked = urlencode(dict.fromkeys(names, odd))
                self.plan(
                    urljoin(path, f"{action or path.partition('?')[0]}?{asked}"), path, ALIKE + len(ODD)
                )

    def plan(self, goes: str, path: str, most: int) -> None:
        """Open this later, if it is ours and not like too many others."""
        if goes.startswith("/static/"):
            assert finders.find(goes.removeprefix("/static/")), f"{goes} at {path}"
        elif goes.startswith("/") and not goes.startswith("//") and goes not in self.known:
            self.known.add(goes)
            self.alike[kind(goes)] += 1
            if self.alike[kind(goes)] <= most:
                self.waiting.append((goes, path))


@pytest.mark.parametrize("handle", ["mei", "aroha"])
def test_a_visitor_who_tries_everything_finds_every_door_in_order(handle: str, web: Any) -> None:
    fill()
    crawler = Crawler(web(Person.objects.get(handle=handle)))
    crawler.crawl()
    assert crawler.opened > 100
    assert len(crawler.alike) > 40
