"""Socket Mode: WebSockets the app opens with a one-time ticket, over which it is told everything."""

from __future__ import annotations

import json
import random
import secrets
import socket
import threading
import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import Server, ServerConnection, serve

from tests.slack_server.post import Answer, Letter

if TYPE_CHECKING:
    from tests.slack_server.apps import App
    from tests.slack_server.server import SlackServer

Json = dict[str, Any]
MOST = 10
LIVES = 18_060
WARNED_AHEAD = 10.0
PINGS = 0.25  # often, because a client may notice only then that it should leave
TYPES = {
    "event": "events_api",
    "command": "slash_commands",
    "interaction": "interactive",
    "options": "interactive",
}


@dataclass
class Pending:
    """An envelope on its way: acknowledged, or its connection gone."""

    connection: ServerConnection
    done: threading.Event = field(default_factory=threading.Event)
    answer: Json | None = None


class Sockets:
    def __init__(self, server: SlackServer) -> None:
        self.server = server
        self.dice = random.Random(server.seed)
        self.live: dict[ServerConnection, App] = {}
        self._tickets: dict[str, App] = {}
        self._pending: dict[str, Pending] = {}
        self._sent: set[str] = set()
        self._changed = threading.Condition()
        self._door: Server | None = None
        self._thread: threading.Thread | None = None

    def ticket(self, app: App) -> str:
        """A WebSocket address that opens once; the port opens with the first ticket."""
        with self._changed:
            if self._door is None:
                self._door = serve(self._talk, "127.0.0.1", 0, process_request=self._admit,
                                   compression=None, close_timeout=1, ping_interval=PINGS)  # fmt: skip
                self._thread = threading.Thread(target=self._door.serve_forever, name="slack-ws", daemon=True)
                self._thread.start()
            key = secrets.token_hex(12)
            self._tickets[key] = app
            port = self._door.socket.getsockname()[1]
        return f"ws://127.0.0.1:{port}/link/?ticket={key}&app_id={app.id}"

    def _admit(self, connection: ServerConnection, request: Any) -> Any:
        asked = parse_qs(urlsplit(request.path).query)
        with self._changed:
            app = self._tickets.pop((asked.get("ticket") or [""])[0], None)
        if app is None:
            return connection.respond(404, "this ticket was used before, or never given\n")
        connection.app = app
        return None

    def _talk(self, connection: ServerConnection) -> None:
        app: App = connection.app
        with self._changed:
            count = 1 + sum(other is app for other in self.live.values())
        if count > MOST:
            self._say(connection, {"type": "disconnect", "reason": "too_many_websockets"})
            return
        self._say(connection, {
            "type": "hello", "num_connections": count, "connection_info": {"app_id": app.id},
            "debug_info": {"host": "applink-1", "build_number": 1, "approximate_connection_time": LIVES},
        })  # fmt: skip
        with self._changed:
            self.live[connection] = app
            self._changed.notify_all()
        try:
            for words in connection:
                self._heard(words)
        except ConnectionClosed:
            pass  # cut off: what it was told goes to another connection
        finally:
            self._forget(connection)

    def _heard(self, words: str | bytes) -> None:
        acknowledged = json.loads(words)
        ident = acknowledged.get("envelope_id")
        with self._changed:
            pending = self._pending.pop(ident, None)
        if pending is None:
            if ident not in self._sent:  # a late one may come through another connection than it was sent on
                self.server.violations.append(f"socket: acknowledged what was never sent: {str(words)[:200]}")
            return
        pending.answer = acknowledged
        pending.done.set()

    def _forget(self, connection: ServerConnection) -> None:
        with self._changed:
            self.live.pop(connection, None)
            self._changed.notify_all()
            for pending in self._pending.values():
                if pending.connection is connection:
                    pending.done.set()

    def _say(self, connection: ServerConnection, words: Json) -> bool:
        try:
            connection.send(json.dumps(words))
        except ConnectionClosed:
            return False
        return True

    # -- telling the app

    def carry(self, letter: Letter, retry: tuple[int, str] | None) -> Answer:
        """One envelope to one connection; to another one when that breaks before it acknowledged."""
        began = time.monotonic()
        while (left := began + self.server.patience - time.monotonic()) > 0:
            connection = self._pick(letter.app, left)
            if connection is None:
                break
            answer = self._send(letter, connection, retry, began)
            if answer:
                self._keep(letter, answer)
                return answer
        late = Answer(0, seconds=time.monotonic() - began, problem="timeout")
        self._keep(letter, late)
        return late

    def _pick(self, app: App, seconds: float) -> ServerConnection | None:
        with self._changed:
            self._changed.wait_for(lambda: app in self.live.values() or self.server.closing.is_set(), seconds)
            mine = [connection for connection, owner in self.live.items() if owner is app]
            return self.dice.choice(mine) if mine else None

    def _send(
        self, letter: Letter, connection: ServerConnection, retry: tuple[int, str] | None, began: float
    ) -> Answer | None:
        ident = str(uuid.uuid4())
        envelope: Json = {"envelope_id": ident, "type": TYPES[letter.kind], "payload": letter.payload,
                          "accepts_response_payload": letter.answerable}  # fmt: skip
        if letter.kind == "event":
            envelope |= {"retry_attempt": retry[0] if retry else 0, "retry_reason": retry[1] if retry else ""}
        pending = Pending(connection)
        with self._changed:
            self._pending[ident] = pending
            self._sent.add(ident)
        if self._say(connection, envelope):
            pending.done.wait(max(0.0, began + self.server.patience - time.monotonic()))
        with self._changed:
            self._pending.pop(ident, None)
        if pending.answer is None:
            return None
        said = pending.answer.get("payload")
        if said and not letter.answerable:
            self.server.violations.append(f"socket: a payload nobody asked for: {str(said)[:200]}")
        raw = b"" if not said else (said if isinstance(said, str) else json.dumps(said)).encode()
        return Answer(200, raw, time.monotonic() - began)

    def _keep(self, letter: Letter, answer: Answer) -> None:
        body = json.dumps(letter.payload).encode()
        self.server.post.record(letter.app, "socket", {}, body, answer)

    # -- trouble, and the end

    def drop(self) -> None:
        for connection in self._connections():
            connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            connection.socket.shutdown(socket.SHUT_RDWR)
            self._forget(connection)

    def refresh(self) -> None:
        """Warn those connected now; who has not come back by the time they have is asked again and let go."""
        told = self._connections()
        self._leave(told, "warning")
        with self._changed:
            self._changed.wait_for(lambda: not set(told) & set(self.live), WARNED_AHEAD)
            late = [connection for connection in told if connection in self.live]
        self._leave(late, "refresh_requested")
        for connection in late:
            self._forget(connection)
            connection.close()

    def _leave(self, connections: list[ServerConnection], reason: str) -> None:
        for connection in connections:
            about = {"host": "applink-1"}
            self._say(connection, {"type": "disconnect", "reason": reason, "debug_info": about})

    def _connections(self) -> list[ServerConnection]:
        with self._changed:
            return list(self.live)

    def close(self) -> None:
        with self._changed:
            self._changed.notify_all()
            for pending in self._pending.values():
                pending.done.set()
        if self._door is not None and self._thread is not None:
            self._door.shutdown()
            self._thread.join(10)
