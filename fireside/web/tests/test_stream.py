"""Live pages, from the browser's side: what a page hears, what it hears again, and what never."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connections, transaction
from django.utils import timezone

from fireside.hearth import gauges, guests, timeline
from fireside.hearth.people import Person
from fireside.hearth.rooms import Room
from fireside.hearth.signins import SignIn
from fireside.hearth.timeline import Entry
from fireside.web import readers, stream
from fireside.web.visitors import Visitor

pytestmark = pytest.mark.django_db(transaction=True)


class Page:
    """An open page: its own cookie, the topics it shows, and what it has heard."""

    def __init__(self, cookie: str, topics: str, since: int | None = None, last: str = "") -> None:
        query = f"topics={topics.replace(' ', '%20')}" + (f"&since={since}" if since is not None else "")
        headers = [(b"cookie", f"{settings.SESSION_COOKIE_NAME}={cookie}".encode())]
        if last:
            headers.append((b"last-event-id", last.encode()))
        self.scope = {"method": "GET", "path": "/events", "query_string": query.encode(), "headers": headers}
        self.status = 0
        self.raw = b""
        self.closed = False
        self._news = asyncio.Event()
        self._left = asyncio.Event()
        self._task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        async def receive() -> dict[str, Any]:
            await self._left.wait()
            return {"type": "http.disconnect"}

        async def send(event: Any) -> None:
            self.status = event.get("status", self.status)
            self.raw += event.get("body", b"")
            self._news.set()

        await stream.app(self.scope, receive, send)
        self.closed = True
        self._news.set()

    async def until(self, seen: Callable[[Page], bool]) -> Page:
        async with asyncio.timeout(5):
            while not seen(self):
                self._news.clear()
                await self._news.wait()
        return self

    async def opened(self) -> Page:
        return await self.until(lambda page: b"welcome" in page.raw or page.closed)

    async def leave(self) -> None:
        self._left.set()
        await self._task

    @property
    def events(self) -> list[tuple[str, dict[str, Any]]]:
        blocks = [dict(line.split(": ", 1) for line in block.splitlines() if ": " in line and line[0] != ":")
                  for block in self.raw.decode().split("\n\n")]  # fmt: skip
        return [(block["event"], json.loads(block["data"])) for block in blocks if "event" in block]

    @property
    def last(self) -> str:
        return [line[4:] for line in self.raw.decode().splitlines() if line.startswith("id: ")][-1]

    def heard(self, *kinds: str) -> list[str]:
        return [kind for kind, _ in self.events if not kinds or kind in kinds]


def live(story: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Tell a story while the stream runs."""

    async def told() -> None:
        stream.start(asyncio.get_running_loop())
        try:
            await story()
        finally:
            stream.stop()

    asyncio.run(told())


def newest() -> int:
    return Entry.objects.latest("pk").pk


@pytest.fixture
def soon():
    """Do something in the database from within the loop, in a thread that is there for that."""
    pool = ThreadPoolExecutor(1)

    async def do(work: Callable[[], Any]) -> Any:
        return await asyncio.get_running_loop().run_in_executor(pool, work)

    yield do
    pool.submit(connections.close_all).result()
    pool.shutdown()


@pytest.fixture
def cookie(web):
    return lambda person: web(person).cookies[settings.SESSION_COOKIE_NAME].value


def test_what_is_said_arrives_in_the_room_where_it_was_said(room, ana, bo, cookie, soon):
    secret = cookie(bo)

    async def story():
        page = await Page(secret, f"room:{room.slug}").opened()
        await soon(lambda: room.say("The kettle is on.", by=ana))
        await page.until(lambda page: page.heard("message"))
        _, data = page.events[0]
        assert (data["kind"], data["room"], data["thread"]) == ("said", room.slug, None)
        assert "The kettle is on." in data["html"]
        assert page.heard("unread") == []
        await page.leave()
        assert stream.readers() == 0

    live(story)


def test_how_late_open_pages_hear_is_counted(room, ana, bo, cookie, soon):
    def lag(part: str) -> float:
        return gauges.registry.get_sample_value(f"fireside_stream_lag_seconds_{part}") or 0

    secret, before = cookie(bo), (lag("count"), lag("sum"))

    async def story():
        page = await Page(secret, f"room:{room.slug}").opened()
        await soon(lambda: room.say("The kettle is on.", by=ana))
        await page.until(lambda page: page.heard("message"))
        await page.leave()

    live(story)
    assert lag("count") == before[0] + 1
    assert 0 < lag("sum") - before[1] < 10


def test_a_room_one_has_a_seat_in_but_does_not_look_at_shows_that_there_is_more(
    room, ana, bo, cy, cookie, soon
):
    bos, cys = cookie(bo), cookie(cy)

    async def story():
        seated, elsewhere = (
            await Page(bos, "home").opened(),
            await Page(cys, f"home room:{room.slug}").opened(),
        )
        await soon(lambda: room.say("Hello", by=ana))
        await seated.until(lambda page: page.heard("unread"))
        await elsewhere.until(lambda page: page.heard("message"))
        assert seated.events == [("unread", {"room": room.slug, "unread": True})]
        assert elsewhere.heard() == ["message"]

    live(story)


def test_a_page_that_comes_back_hears_what_it_missed_once_and_then_goes_on(room, ana, bo, cookie, soon):
    secret = cookie(bo)

    async def story():
        page = await Page(secret, f"room:{room.slug}").opened()
        await soon(lambda: room.say("one", by=ana))
        await page.until(lambda page: page.heard("message"))
        await page.leave()
        await soon(lambda: [room.say(words, by=ana) for words in ("two", "three")])
        again = await Page(secret, f"room:{room.slug}", last=page.last).opened()
        await soon(lambda: room.say("four", by=ana))
        await again.until(lambda page: len(page.heard("message")) == 3)
        ids = [data["message"] for _, data in page.events + again.events]
        assert len(ids) == len(set(ids)) == 4
        assert ids == sorted(ids)

    live(story)


def test_nothing_is_lost_or_doubled_while_pages_come_and_words_are_said(room, ana, bo, cookie, soon):
    secret, since = cookie(bo), newest()

    async def story():
        talking = asyncio.create_task(soon(lambda: [room.say(f"word {n}", by=ana) for n in range(40)]))
        pages = [await Page(secret, f"room:{room.slug}", since).opened() for _ in range(8)]
        await talking
        for page in pages:
            await page.until(lambda page: len(page.heard("message")) >= 40)
            said = [data["message"] for kind, data in page.events if kind == "message"]
            assert said == sorted(set(said))
            assert len(said) == 40

    live(story)


def test_who_missed_too_much_is_asked_to_load_the_page_anew(room, ana, bo, cookie, monkeypatch):
    monkeypatch.setattr(stream, "MOST_MISSED", 3)
    secret, since = cookie(bo), newest()
    for number in range(5):
        room.say(str(number), by=ana)

    async def story():
        page = await (await Page(secret, f"room:{room.slug}", since).opened()).until(lambda page: page.events)
        assert page.heard() == ["gone"]
        assert int(page.last) > since

    live(story)


def test_a_private_room_is_silent_for_whoever_has_no_seat_and_falls_silent_when_they_leave(
    org, ana, bo, cy, cookie, soon
):
    room = Room.make("leads", by=ana, private=True)
    room.seat(bo)
    bos, cys = cookie(bo), cookie(cy)

    async def story():
        inside, outside = [await Page(c, "room:leads home", newest_before).opened() for c in (bos, cys)]
        await soon(lambda: room.say("Between us", by=ana))
        await inside.until(lambda page: page.heard("message"))
        await soon(lambda: (room.leave(bo), room.say("Bo has left", by=ana)))
        other = await soon(lambda: Room.make("open-house", by=ana))
        await soon(lambda: other.say("All may hear", by=ana))
        await outside.until(lambda page: page.heard("home"))
        await inside.until(lambda page: len(page.heard("home")) >= 1)
        assert "Bo has left" not in inside.raw.decode()
        assert "Between us" not in outside.raw.decode()
        assert outside.heard("message", "unread", "story") == []

    newest_before = newest()
    live(story)


def test_a_person_without_access_hears_nothing_more(room, ana, bo, cookie, soon):
    secret = cookie(bo)

    async def story():
        page = await Page(secret, f"room:{room.slug}").opened()
        await soon(lambda: _deactivate(bo, ana))
        await page.until(lambda page: page.closed)
        late = await Page(secret, f"room:{room.slug}").opened()
        assert late.status == 401

    live(story)


def test_whose_access_ends_in_another_process_hears_no_more_within_a_second(
    room, ana, bo, cookie, soon, monkeypatch
):
    secret = cookie(bo)

    async def story():
        page = await Page(secret, f"room:{room.slug}").opened()
        monkeypatch.setattr(timeline, "_listeners", [])  # nobody calls across processes
        began = asyncio.get_running_loop().time()
        await soon(lambda: _deactivate(bo, ana))
        await page.until(lambda page: page.closed)
        assert asyncio.get_running_loop().time() - began < 1

    live(story)


def test_whose_access_ended_while_their_page_came_in_is_not_told_what_it_missed(room, ana, bo, cookie, soon):
    since = newest()
    came = Visitor(bo, cookie(bo), since)
    _deactivate(bo, ana)
    reader = stream.Reader(came, frozenset({f"room:{room.slug}"}), since)
    stream._missed(reader, since, newest(), newest())
    assert reader.ended


@pytest.fixture
def gil(room, bo):
    until = timezone.now() + timedelta(days=1)
    guest = Person.welcome("Gil", email="gil@example.org", guest_since=timezone.now(), guest_until=until)
    room.seat(guest, by=bo)
    return guest


def test_a_guest_hears_of_their_rooms_and_of_nothing_else_that_is_open(room, ana, gil, cookie, soon):
    secret = cookie(gil)

    async def story():
        page = await Page(secret, "room:open-house room:magic-sparkles home story:incident:7").opened()
        other = await soon(lambda: Room.make("open-house", by=ana))
        message = await soon(lambda: other.say("All members may hear", by=ana))
        await soon(lambda: message.star(by=ana, story="incident:7"))
        await soon(lambda: room.say("And Gil may hear this", by=ana))
        await page.until(lambda page: page.heard("message"))
        assert page.heard() == ["message"]
        assert "members" not in page.raw.decode()

    live(story)


def test_a_guests_page_closes_when_their_day_has_passed_and_when_it_changes(room, ana, gil, cookie, soon):
    secret = cookie(gil)
    soon_over = timezone.now() + timedelta(milliseconds=300)

    async def story():
        page = await Page(secret, f"room:{room.slug}").opened()
        await soon(lambda: _stays(gil, ana))
        await page.until(lambda page: page.closed)
        await soon(lambda: Person.objects.filter(pk=gil.pk).update(guest_until=soon_over))
        page = await Page(secret, f"room:{room.slug}").opened()
        await page.until(lambda page: page.closed)
        assert timezone.now() >= soon_over
        assert (await Page(secret, f"room:{room.slug}").opened()).status == 401

    live(story)


def _stays(guest: Person, by: Person) -> None:
    with transaction.atomic():
        guests.stay(guest, guests.last_day(by), by=by)


def _deactivate(person: Person, by: Person) -> None:
    with transaction.atomic():
        person.deactivate(by=by)


def test_strangers_are_turned_away(db):
    async def story():
        page = await Page("nonsense", "home").opened()
        assert page.status == 401

    live(story)


def test_a_story_tells_its_own_pages(room, ana, bo, cookie, soon):
    secret = cookie(bo)

    async def story():
        page = await Page(secret, "story:incident:7").opened()
        message = await soon(lambda: room.say("It is the queue", by=bo))
        await soon(lambda: message.star(by=ana, story="incident:7"))
        await page.until(lambda page: page.heard("story"))
        assert page.heard("message") == []
        assert ("story", {"story": "incident:7", "verb": "message.starred"}) in page.events

    live(story)


def test_a_page_that_reads_too_slowly_is_closed_so_that_it_comes_again(bo, monkeypatch):
    monkeypatch.setattr(readers, "MOST_WAITING", 2)

    async def story():
        reader = stream.Reader(Visitor(bo, "", 0), frozenset({"home"}), 0)
        for _ in range(2):
            reader.put(b"x")
        assert not reader.ended
        reader.put(b"x")
        assert reader.ended
        assert await reader.next() == b""

    asyncio.run(story())


def test_the_times_in_a_message_are_those_of_the_one_who_reads(room, ana, bo, cookie, soon):
    anas, bos = cookie(ana), cookie(bo)

    async def story():
        pages = [await Page(secret, f"room:{room.slug}").opened() for secret in (anas, bos)]
        await soon(lambda: room.say("Now", by=ana))
        drawn = []
        for page in pages:
            await page.until(lambda page: page.heard("message"))
            drawn.append(page.events[0][1]["html"])
        assert drawn[0] != drawn[1]

    live(story)


def test_who_signs_out_or_changes_the_password_elsewhere_hears_no_more(
    room, ana, bo, cookie, soon, web, monkeypatch
):
    monkeypatch.setattr(stream, "TRUST", 0.05)
    stays, leaves, renews = cookie(bo), web(bo), cookie(ana)
    left = leaves.cookies[settings.SESSION_COOKIE_NAME].value

    def renew() -> None:
        ana.set_password("another long enough one")
        ana.save()

    async def story():
        here, out, renewed = [await Page(one, "home").opened() for one in (stays, left, renews)]
        await soon(lambda: leaves.post("/account/logout/"))
        await out.until(lambda page: page.closed)
        await soon(renew)
        await renewed.until(lambda page: page.closed)
        assert not here.closed
        await here.leave()

    live(story)


def test_a_session_ended_from_another_place_closes_its_pages_at_once(room, bo, cookie, soon, web):
    there, here = cookie(bo), web(bo)
    other = web(bo)
    kept = other.cookies[settings.SESSION_COOKIE_NAME].value
    other.get("/people/")

    async def story():
        page, stays = [await Page(one, "home").opened() for one in (there, kept)]
        place = await soon(lambda: SignIn.objects.get(session=kept))
        await soon(lambda: here.post(f"/settings/sign-in/{place.pk}/end/"))
        await stays.until(lambda page: page.closed)
        assert not page.closed
        await soon(lambda: here.post("/settings/sign-in/others/end/"))
        await page.until(lambda page: page.closed)
        assert (await Page(there, "home").opened()).status == 401

    live(story)
