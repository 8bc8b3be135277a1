"""A program on this machine that takes webhooks, well or badly."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

from standardwebhooks import Webhook

Badly = Callable[[BaseHTTPRequestHandler], None]


class Receiver:
    """Answers each POST with `status`, or as `badly` does it; what came is in `came`."""

    def __init__(self) -> None:
        self.came: list[tuple[dict[str, str], bytes]] = []
        self.status, self.badly = 200, None
        self.headers: dict[str, str] = {}
        self.release = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers.get("content-length", -1))
                body = self.rfile.read(length) if length >= 0 else b""
                if len(body) != length:
                    return  # whoever sent it died half way, which no receiver takes for a request
                heard = {name.lower(): words for name, words in self.headers.items()}
                outer.came.append((heard, body))
                if outer.badly is not None:
                    with suppress(OSError):
                        outer.badly(self)
                    return
                self.send_response(outer.status)
                for name, words in outer.headers.items():
                    self.send_header(name, words)
                self.send_header("content-length", "2")
                self.end_headers()
                self.wfile.write(b"ok")

            def log_message(self, *_: Any) -> None:
                """Says nothing."""

        self.badly: Badly | None
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hooks?from=fireside"

    def __enter__(self) -> Receiver:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release.set()
        self._server.shutdown()
        self._server.server_close()

    def told(self, secret: str) -> list[Any]:
        """What came, each checked with the secret as any receiver would; raises when it is not from us."""
        return [Webhook(secret).verify(body, headers) for headers, body in self.came]

    @property
    def ids(self) -> list[str]:
        return [headers["webhook-id"] for headers, _ in self.came]
