"""One room, a thousand readers: from commit to delivery, beside readers that poll the page's floor."""

from __future__ import annotations

import asyncio
import time

from bench.house import House, house
from bench.table import part, show

READERS = 1000
WORDS = 50
IDLE = 5000  # streams that are open and hear nothing


async def reader(at: House, heard: dict[str, list[float]], ready: asyncio.Semaphore) -> None:
    """One open stream; notes when each message's mark arrives."""
    stream, pen = await asyncio.open_connection("127.0.0.1", at.port, limit=2**20)
    pen.write(
        f"GET /events?topics=room%3Abench HTTP/1.1\r\nHost: 127.0.0.1:{at.port}\r\n"
        f"Cookie: sessionid={at.cookie}\r\nAccept: text/event-stream\r\n\r\n".encode()
    )
    await stream.readuntil(b"\r\n\r\n")
    ready.release()
    try:
        while line := await stream.readline():
            if b"mark-" in line and line.startswith(b"data:"):
                mark = line.split(b"mark-", 1)[1][:4].decode()
                heard.setdefault(mark, []).append(time.perf_counter())
    except (ConnectionError, asyncio.CancelledError):
        pass
    finally:
        pen.close()


def say(at: House, mark: str) -> float:
    """Say one marked message through the page; the moment its answer came is when it was committed."""
    connection = at.connect()
    connection.request("GET", "/rooms/bench/", headers={"Cookie": f"sessionid={at.cookie}"})
    page = connection.getresponse()
    html = page.read().decode()
    csrf = (page.headers["Set-Cookie"] or "").split("csrftoken=", 1)[-1].split(";", 1)[0]
    field = html.split('name="csrfmiddlewaretoken" value="', 1)[1].split('"', 1)[0]
    body = f"csrfmiddlewaretoken={field}&key={mark}&words=mark-{mark}"
    connection.request(
        "POST", "/rooms/bench/", body,
        {"Cookie": f"sessionid={at.cookie}; csrftoken={csrf}", "HX-Request": "true",
         "Content-Type": "application/x-www-form-urlencoded"},
    )  # fmt: skip
    began = time.perf_counter()
    answer = connection.getresponse()
    answer.read()
    if answer.status != 200:
        raise SystemExit(f"saying a message answered {answer.status}")
    return began


async def measure(at: House) -> tuple[list[float], float, float, float]:
    heard: dict[str, list[float]] = {}
    ready = asyncio.Semaphore(0)
    tasks = [asyncio.create_task(reader(at, heard, ready)) for _ in range(READERS)]
    for _ in range(READERS):
        await asyncio.wait_for(ready.acquire(), 60)
    memory = at.rss()
    said = {}
    cpu, began = at.cpu(), time.perf_counter()
    for number in range(WORDS):
        mark = f"{number:04}"
        said[mark] = await asyncio.to_thread(say, at, mark)
        await asyncio.sleep(0.2)
    await asyncio.sleep(2)
    share = 100 * (at.cpu() - cpu) / (time.perf_counter() - began)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    late = [(moment - said[mark]) * 1000 for mark, moments in heard.items() for moment in moments]
    return late, len(late) / (READERS * WORDS), share, memory


async def idle_readers(at: House) -> tuple[float, float]:
    """Memory in MiB, and how much of a processor, with so many open pages and nothing to tell them."""
    ready = asyncio.Semaphore(0)
    tasks = []
    for number in range(IDLE):
        tasks.append(asyncio.create_task(reader(at, {}, ready)))
        if number % 100 == 99:
            for _ in range(100):
                await asyncio.wait_for(ready.acquire(), 60)
    await asyncio.sleep(5)
    cpu = at.cpu()
    await asyncio.sleep(20)
    found = at.rss(), 100 * (at.cpu() - cpu) / 20
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return found


def main() -> None:
    with house(messages=1000) as at:
        idle = at.rss()
        late, delivered, share, memory = asyncio.run(measure(at))
    with house(messages=1000) as at:
        many, beating = asyncio.run(idle_readers(at))
    show(
        f"live: {READERS} readers of one room, {WORDS} messages, five a second; ms after they were posted",
        ["delivered", "p50 ms", "p99 ms", "max ms", "processor %", "memory idle MiB", "with readers MiB"],
        [[f"{100 * delivered:.2f} %", part(late, 50), part(late, 99), max(late), share, idle, memory]],
    )
    show(f"{IDLE:,} open pages and nothing to tell", ["memory MiB", "processor %"], [[many, beating]])
