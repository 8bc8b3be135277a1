"""How things reach an app: queued, signed, timed, tried again, and kept to look at."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import random
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

if TYPE_CHECKING:
    from tests.slack_server.apps import App
    from tests.slack_server.server import SlackServer

Json = dict[str, Any]
TOO_MANY = 2000


@dataclass
class Letter:
    """Something for an app: kind is event, command, interaction or options."""

    app: App
    kind: str
    payload: Json
    command: str = ""

    @property
    def answerable(self) -> bool:
        """Whether the answer itself may say something."""
        return self.kind in ("command", "options") or self.payload.get("type") == "view_submission"

    def body(self) -> tuple[str, bytes]:
        if self.kind == "event":
            return "application/json", json.dumps(self.payload).encode()
        form = self.payload if self.kind == "command" else {"payload": json.dumps(self.payload)}
        return "application/x-www-form-urlencoded", urlencode(form).encode()


@dataclass
class Answer:
    """What the app answered: status 0 when it did not; body is JSON where it is, else text."""

    status: int
    raw: bytes = b""
    seconds: float = 0.0
    problem: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300 and not self.problem

    @property
    def body(self) -> Any:
        try:
            return json.loads(self.raw)
        except ValueError:
            return self.raw.decode("utf-8", "replace")


@dataclass
class Delivery:
    path: str
    headers: dict[str, str]
    body: bytes
    status: int
    answer: bytes
    seconds: float
    app: App


class Post:
    def __init__(self, server: SlackServer) -> None:
        self.server = server
        self.waiting: list[Letter] = []
        self.busy = 0
        self.changed = threading.Condition()
        self.dice = random.Random(server.seed)

    def queue(self, letter: Letter) -> None:
        with self.changed:
            self.waiting.append(letter)
            self.changed.notify_all()

    def pump(self) -> None:
        """Deliver all that waits, also what comes meanwhile."""
        for _ in range(TOO_MANY):
            with self.changed:
                letters, self.waiting = self.waiting, []
                self.busy += bool(letters)
            if not letters:
                return
            if self.server.reorder:
                self.dice.shuffle(letters)
            try:
                self._deliver(letters)
            finally:
                with self.changed:
                    self.busy -= 1
                    self.changed.notify_all()
        raise AssertionError("the app keeps making events out of events")

    def run(self) -> None:
        """Deliver in the background until the server closes."""
        while not self.server.closing.is_set():
            self.pump()
            with self.changed:
                if not self.waiting:
                    self.changed.wait(0.5)

    def settle(self, seconds: float) -> None:
        """Wait until the background has delivered everything."""
        with self.changed:
            if not self.changed.wait_for(lambda: not self.waiting and not self.busy, seconds):
                raise AssertionError(f"{len(self.waiting)} events are still on their way")

    def _deliver(self, letters: list[Letter]) -> None:
        for letter in letters:
            for _ in range(2 if self.server.duplicate else 1):
                self._until_taken(letter)

    def _until_taken(self, letter: Letter) -> None:
        """An event is tried up to four times."""
        answer = self.carry(letter)
        for number, delay in enumerate(self.server.retry_delays, start=1):
            if answer.ok or answer.headers.get("x-slack-no-retry") == "1" or self.server.closing.is_set():
                return
            self.server.closing.wait(delay)
            answer = self.carry(letter, retry=(number, answer.problem or "http_error"))

    def carry(self, letter: Letter, retry: tuple[int, str] | None = None) -> Answer:
        """Bring one letter to its app by the way the app has, and wait for the answer."""
        app = letter.app
        if not app.deliver and not app.request_url and app.socket_mode:
            return self.server.sockets.carry(letter, retry)
        kind, body = letter.body()
        headers = {"Content-Type": kind, "User-Agent": "Slackbot 1.0", **sign(app, body)}
        if retry:
            headers |= {"X-Slack-Retry-Num": str(retry[0]), "X-Slack-Retry-Reason": retry[1]}
        return self.hand_over(app, app.path(letter.kind, letter.command), headers, body)

    def hand_over(self, app: App, path: str, headers: dict[str, str], body: bytes) -> Answer:
        began = time.monotonic()
        if app.deliver:
            status, raw = app.deliver(path, headers, body)
            answer = Answer(status, raw)
        elif app.request_url:
            answer = self._by_http(app.request_url, headers, body)
            path = urlsplit(app.request_url).path
        else:
            raise LookupError(f"{app.name} has no request_url, no deliver and no socket mode")
        answer.seconds = time.monotonic() - began
        self.record(app, path, headers, body, answer)
        return answer

    def record(self, app: App, path: str, headers: dict[str, str], body: bytes, answer: Answer) -> None:
        """Keep it, and make an answer that came too late count as none."""
        server = self.server
        if answer.seconds > server.patience and answer.problem != "connection_failed":
            answer.problem = "http_timeout"
            server.violations.append(f"an answer took {answer.seconds:.1f} s at {path}: {body[:200]!r}")
        server.deliveries.append(
            Delivery(path, dict(headers), body, answer.status, answer.raw, answer.seconds, app)
        )

    def _by_http(self, url: str, headers: dict[str, str], body: bytes) -> Answer:
        place = urlsplit(url)
        door = http.client.HTTPConnection(place.hostname or "", place.port, timeout=self.server.patience)
        target = place.path + (f"?{place.query}" if place.query else "")
        try:
            door.request("POST", target, body, {**headers, "Connection": "close"})
            response = door.getresponse()
            low = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, response.read(), headers=low)
        except TimeoutError:
            return Answer(0, problem="http_timeout")
        except (OSError, http.client.HTTPException):
            return Answer(0, problem="connection_failed")
        finally:
            door.close()


def sign(app: App, body: bytes, age: float = 0) -> dict[str, str]:
    """The headers that prove the body is Slack's, made `age` seconds ago by the clock of the machine."""
    stamp = str(int(time.time() - age))
    digest = hmac.new(app.signing_secret.encode(), b"v0:" + stamp.encode() + b":" + body, hashlib.sha256)
    return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={digest.hexdigest()}"}
