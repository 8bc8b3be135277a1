"""The server as a whole: what it knows, its faults on demand, and its two ports."""

from __future__ import annotations

import itertools
import threading
from dataclasses import dataclass
from typing import Any, Self

from tests.slack_server.apps import App, Deliver, Installation, Token
from tests.slack_server.channels import Channel
from tests.slack_server.clock import Clock
from tests.slack_server.events import Events
from tests.slack_server.faults import Fault, Faults
from tests.slack_server.limits import Limits
from tests.slack_server.people import User
from tests.slack_server.post import Answer, Delivery, Post, sign
from tests.slack_server.replies import Replies
from tests.slack_server.sockets import Sockets
from tests.slack_server.uploads import File
from tests.slack_server.views import Trigger, View
from tests.slack_server.web import Web
from tests.slack_server.workspaces import Workspace

Json = dict[str, Any]


@dataclass
class Call:
    """A call of the Web API, as it was answered; answer is None when the connection was broken first."""

    method: str
    args: Json
    token: str
    at: float
    answer: Json | None = None


class SlackServer:
    """Starts at once on free ports of 127.0.0.1; `close()` ends every thread."""

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed
        self.lock = threading.RLock()
        self.closing = threading.Event()
        self.clock = Clock()
        self._ids = itertools.count(1)
        self.apps: dict[str, App] = {}
        self.workspaces: dict[str, Workspace] = {}
        self.installations: list[Installation] = []
        self.tokens: dict[str, Token] = {}
        self.refreshes: dict[str, Installation] = {}
        self.codes: dict[str, Json] = {}
        self.installer: User | None = None
        self.for_org = False
        self.triggers: dict[str, Trigger] = {}
        self.views: dict[str, View] = {}
        self.files: dict[str, File] = {}
        self.calls: list[Call] = []
        self.limited: list[Call] = []
        self.violations: list[str] = []
        self.deliveries: list[Delivery] = []
        self.auto, self.duplicate, self.reorder = True, False, False
        self.retry_delays: tuple[float, ...] = (0, 0, 0)
        self.patience = 3.0
        self.limits: str | None = None
        self.faults, self.rates, self.replies = Faults(), Limits(self), Replies(self)
        self.events, self.post, self.sockets = Events(self), Post(self), Sockets(self)
        self.web = Web(self)
        self._background: threading.Thread | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.web.port}"

    @property
    def url(self) -> str:
        return f"{self.origin}/api/"

    @property
    def authorize_url(self) -> str:
        return f"{self.origin}/oauth/v2/authorize"

    def app(self, manifest: Json, *, request_url: str = "", deliver: Deliver | None = None) -> App:
        app = App(self, manifest, request_url, deliver)
        self.apps[app.id] = app
        self.tokens[app.app_token] = Token(app.app_token, app, None)
        return app

    def workspace(self, ident: str, *, name: str, enterprise: str = "") -> Workspace:
        self.workspaces[ident] = Workspace(self, ident, name, enterprise)
        return self.workspaces[ident]

    def id(self, prefix: str) -> str:
        return f"{prefix}0{next(self._ids):08d}"

    def now(self) -> float:
        return self.clock.now()

    def advance(self, seconds: float) -> None:
        """Set the server's clock forward, for what expires; signatures stay with the machine's clock."""
        self.clock.ahead += seconds

    def fail(self, method: str, how: str, times: int = 1, after: int = 0, **more: Any) -> None:
        """Let calls of a method (or "*") go wrong: 429 500 503 reset lost slow, or an error code."""
        self.faults.add(Fault(method, how, times, after, more))

    # -- delivering

    def acted(self) -> None:
        """Somebody did something: what apps are to hear of it goes out."""
        if self.auto and self._background is None:
            self.post.pump()

    def pump(self) -> None:
        """Deliver everything queued, in this thread; with the background running, wait for it."""
        if self._background is not None:
            self.post.settle(30)
        else:
            self.post.pump()

    def background(self) -> None:
        """From now on a thread delivers events as they come."""
        self._background = threading.Thread(target=self.post.run, name="slack-post", daemon=True)
        self._background.start()

    def replay(self, n: int = -1, *, age: float | None = None) -> Answer:
        """Send an earlier delivery again, byte for byte; with `age` signed anew as of so many seconds ago."""
        earlier = self.deliveries[n]
        headers = dict(earlier.headers)
        if age is not None:
            headers |= sign(earlier.app, earlier.body, age)
        return self.post.hand_over(earlier.app, earlier.path, headers, earlier.body)

    def verifies(self, app: App) -> bool:
        """Slack asks for the challenge, as when a request URL is entered; True when it comes back."""
        asked = {"token": app.verification_token, "challenge": self.id("ch"), "type": "url_verification"}
        from tests.slack_server.post import Letter

        answer = self.post.carry(Letter(app, "event", asked))
        told = answer.body["challenge"] if isinstance(answer.body, dict) else answer.body
        return bool(answer.ok and told == asked["challenge"])

    def unfurls(self, channel: Channel, ts: str) -> None:
        """Slack adds the preview of a link: to apps this looks like an edit that nobody made."""
        with self.lock:
            preview = [{"id": 1, "title": "A page", "from_url": "https://example.org/", "fallback": "A page"}]
            channel.change(channel.messages[ts], attachments=preview)
        self.acted()

    # -- socket mode

    def drop_sockets(self) -> None:
        """Cut every WebSocket at the TCP level, without a word."""
        self.sockets.drop()

    def refresh_sockets(self) -> None:
        """Ask every connection to come back: a warning, then refresh_requested, then the end."""
        self.sockets.refresh()

    def close(self) -> None:
        self.closing.set()
        with self.post.changed:
            self.post.changed.notify_all()
        if self._background is not None:
            self._background.join(10)
        self.sockets.close()
        self.web.close()
