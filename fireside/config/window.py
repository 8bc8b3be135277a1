"""A small window for processes without a door: /healthz, /readyz and /metrics, and nothing else."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from fireside.config import gate, metrics


class Window(BaseHTTPRequestHandler):
    """Answers one request."""

    server_version = "fireside"
    sys_version = ""
    timeout = 10

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path not in metrics.PATHS:
            self._say(404, f"Here are {', '.join(metrics.PATHS)}.\n", metrics.PLAIN)
            return
        headers = {name.lower().encode(): value.encode("latin-1") for name, value in self.headers.items()}
        self._say(*metrics.told(path, self.client_address[0], headers))

    def _say(self, status: int, words: str, kind: str) -> None:
        body = words.encode()
        self.send_response(status)
        told = [(b"content-type", kind.encode()), (b"content-length", str(len(body)).encode())]
        for name, value in gate.sealed(told):
            self.send_header(name.decode(), value.decode())
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the library's name
        """Who looks in is nobody's concern."""


def open_at(host: str, port: int) -> ThreadingHTTPServer:
    """Answer here, in threads that end with the process."""
    server = ThreadingHTTPServer((host, port), Window)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, name="window", daemon=True).start()
    return server
