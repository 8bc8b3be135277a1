"""The HTTP side: the Web API, response_urls, the OAuth page, and files, on one port."""

from __future__ import annotations

import sys
import threading
import traceback
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from tests.slack_server.api import Broken, Reply, call, multipart
from tests.slack_server.methods.doors import code_for

if TYPE_CHECKING:
    from tests.slack_server.server import SlackServer

IDLE = 10


class Web:
    def __init__(self, server: SlackServer) -> None:
        class Bound(Handler):
            slack = server

        self._http = Listener(("127.0.0.1", 0), Bound)
        self.port = self._http.server_address[1]
        self._thread = threading.Thread(
            target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, name="slack-web", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        self._http.shutdown()
        self._thread.join(10)
        self._http.server_close()


class Listener(ThreadingHTTPServer):
    daemon_threads = False  # so that closing waits for them; each serves one short request
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is nothing; a fault of this server must not stay unseen."""
        error = sys.exc_info()[1]
        if not isinstance(error, (ConnectionError, TimeoutError)):
            self.RequestHandlerClass.slack.violations.append("".join(traceback.format_exception(error)))


class Handler(BaseHTTPRequestHandler):
    slack: SlackServer
    timeout = IDLE
    wbufsize = -1
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._serve(b"")

    def do_POST(self) -> None:
        self._serve(self.rfile.read(int(self.headers.get("Content-Length") or 0)))

    def _serve(self, body: bytes) -> None:
        self.close_connection = True
        place = urlsplit(self.path)
        first, _, rest = place.path.lstrip("/").partition("/")
        routes: dict[str, Callable[[str, bytes], Reply]] = {
            "api": self._api, "oauth": self._authorize, "actions": self._action, "upload": self._upload,
            "files-pri": self._file, "login": self._login,
        }  # fmt: skip
        try:
            reply = routes.get(first, self._nothing)(rest, body)
        except Broken:
            return
        self._send(reply)

    def _send(self, reply: Reply) -> None:
        try:
            self.send_response(reply.status)
            for name, value in {**reply.headers, "Connection": "close"}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body)
            self.wfile.flush()
        except (BrokenPipeError, ConnectionResetError):
            return  # the app did not wait, which is its right

    def log_message(self, *_: object) -> None:
        """Keep quiet: what happened stands in `calls`."""

    @property
    def _query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))

    def _api(self, name: str, body: bytes) -> Reply:
        return call(self.slack, name, self._query, self.headers, body)

    def _action(self, rest: str, body: bytes) -> Reply:
        status, answer = self.slack.replies.use(rest.rpartition("/")[2], body)
        return Reply.of(answer, status)

    def _authorize(self, _: str, __: bytes) -> Reply:
        """The page where somebody lets an app in; they press Allow at once."""
        asked, slack = self._query, self.slack
        app = next((a for a in slack.apps.values() if a.client_id == asked.get("client_id")), None)
        if app is None or slack.installer is None:
            return Reply(400, b"invalid_client_id or nobody to install it")
        redirect = asked.get("redirect_uri", "")
        back = redirect or next(iter(app.redirect_urls), "")
        if not any(back.startswith(url) for url in app.redirect_urls):
            return Reply(400, b"bad_redirect_uri")
        scopes = [s for s in asked.get("scope", "").split(",") if s]
        if not scopes or any(not app.lists(scope) for scope in scopes):
            return Reply(400, b"invalid_scope")
        state = {"state": asked.get("state", "")}
        given = {"error": "access_denied"} if "denied" in asked else {"code": code_for(app, scopes, redirect)}
        joint = "&" if "?" in back else "?"
        return Reply(302, headers={"Location": f"{back}{joint}{urlencode(given | state)}"})

    def _upload(self, rest: str, body: bytes) -> Reply:
        key = rest.rpartition("/")[2]
        with self.slack.lock:
            file = next((f for f in self.slack.files.values() if f.key == key and not f.ready), None)
            if file is None:
                return Reply(404, b"not found")
            content = parts(self.headers, body).get("file", body)
            if len(content) != file.length:
                return Reply(400, b"the length is not what was said before")
            file.content = content
        return Reply(200, f"OK - {len(content)}".encode())

    def _file(self, rest: str, _: bytes) -> Reply:
        """A file's bytes; without the right token Slack shows its sign-in page."""
        ident = rest.partition("/")[0].rpartition("-")[2]
        bearer = self.headers.get("Authorization", "").removeprefix("Bearer ")
        with self.slack.lock:
            token, file = self.slack.tokens.get(bearer), self.slack.files.get(ident)
            able = (
                token and not token.gone and token.installation and "files:read" in token.installation.scopes
            )
            if not file or not able or not token.installation.covers(file.workspace):
                return Reply(302, headers={"Location": f"{self.slack.origin}/login"})
            return Reply(200, file.content, {"Content-Type": file.kind})

    def _login(self, _: str, __: bytes) -> Reply:
        return Reply(200, b"<html><title>Sign in</title></html>", {"Content-Type": "text/html"})

    def _nothing(self, _: str, __: bytes) -> Reply:
        self.slack.violations.append(f"nothing is at {self.path}")
        return Reply(404, b"not found")


def parts(headers: Any, body: bytes) -> dict[str, Any]:
    kind = headers.get("Content-Type") or ""
    return multipart(kind, body) if kind.startswith("multipart/form-data") else {}
