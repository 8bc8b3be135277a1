"""One call of the Web API, from the bytes that came in to the bytes that go out."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass, field
from email.message import Message as Headers
from email.parser import BytesParser
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from tests.slack_server import methods
from tests.slack_server.methods.book import BOOK, Asking, Method
from tests.slack_server.refusal import Refused, invalid

if TYPE_CHECKING:
    from tests.slack_server.apps import Token
    from tests.slack_server.faults import Fault
    from tests.slack_server.server import Call, SlackServer

Json = dict[str, Any]
ALWAYS = {"team_id"}  # Bolt sends it with every call, and so says which workspace an organisation's app means
assert methods  # their import fills the book


class Broken(Exception):
    """The connection ends without an answer."""


@dataclass
class Reply:
    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, answer: Json, status: int = 200, **headers: str) -> Reply:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        kind = {"Content-Type": "application/json; charset=utf-8"}
        return cls(status, json.dumps(answer).encode(), kind | named)


def call(server: SlackServer, name: str, query: dict[str, str], headers: Headers, body: bytes) -> Reply:
    from tests.slack_server.server import Call

    method = BOOK.get(name)
    args = arguments(server, name, method, query, headers, body)
    basic, bearer = _authority(headers)
    record = Call(name, args, bearer, server.now())
    server.calls.append(record)
    fault = server.faults.next(name)
    if fault and fault.how != "lost":
        stopped = _fault(server, fault)
        if stopped:
            record.answer = json.loads(stopped.body) if stopped.body.startswith(b"{") else None
            return stopped
    with server.lock:
        reply = _answered(server, name, method, args, basic, bearer, record)
    if fault and fault.how == "lost":
        raise Broken
    return reply


def _answered(
    server: SlackServer, name: str, method: Method | None, args: Json, basic: tuple[str, str] | None,
    bearer: str, record: Call,
) -> Reply:  # fmt: skip
    token = server.tokens.get(bearer)
    headers: dict[str, str] = {}
    try:
        if method is None:
            server.violations.append(f"{name}: there is no such method")
            raise Refused("unknown_method", req_method=name)
        if method.token != "none":
            _admit(server, method, token, bearer)
        wait = _wait(server, method, token, args)
        if wait:
            server.limited.append(record)
            record.answer = {"ok": False, "error": "ratelimited"}
            return Reply.of(record.answer, 429, Retry_After=str(wait))
        answer = {"ok": True, **_run(server, method, token, args, basic)}
    except Refused as refused:
        answer = refused.answer()
    if token and token.installation:
        headers["x_oauth_scopes"] = ",".join(sorted(token.installation.scopes))
    if method and method.scope:
        headers["x_accepted_oauth_scopes"] = method.scope
    record.answer = answer
    return Reply.of(answer, **headers)


def _admit(server: SlackServer, method: Method, token: Token | None, bearer: str) -> None:
    if not bearer:
        raise Refused("not_authed")
    if token is None:
        raise Refused("invalid_auth")
    if token.gone:
        raise Refused(token.gone)
    if token.expires and server.now() >= token.expires:
        raise Refused("token_expired")
    kind = "user" if token.user else "app" if token.installation is None else "bot"
    if method.token != kind:
        raise Refused("not_allowed_token_type")


def _wait(server: SlackServer, method: Method, token: Token | None, args: Json) -> int:
    if token is None:
        return 0
    place = token.installation
    where = place.workspace.id if place and place.workspace else (place.enterprise if place else "")
    return server.rates.wait(
        method.name, method.tier, f"{token.app.id} {where}", str(args.get("channel", ""))
    )


def _run(
    server: SlackServer, method: Method, token: Token | None, args: Json, basic: tuple[str, str] | None
) -> Json:
    asking = Asking(server, method, token, args)
    asking.basic = basic
    if method.scope and token and token.user:
        if method.scope not in token.scopes:
            provided = ",".join(sorted(token.scopes))
            raise Refused("missing_scope", needed=method.scope, provided=provided)
    elif method.scope:
        asking.need(method.scope)
    given = {"client_id": basic, "client_secret": basic} if basic else {}
    missing = [name for name in method.required if args.get(name) in (None, "") and not given.get(name)]
    emptied = ("topic", "purpose")
    missing = [name for name in missing if name not in emptied or name not in args]
    if missing:
        raise invalid("invalid_arguments", [f"missing required field: {name}" for name in missing])
    return method.run(asking)


# -- what came in


def arguments(
    server: SlackServer,
    name: str,
    method: Method | None,
    query: dict[str, str],
    headers: Headers,
    body: bytes,
) -> Json:
    """The arguments by name; tokens among them are ignored, unknown ones remembered."""
    kind = (headers.get("Content-Type") or "").lower()
    args: Json = dict(query)
    if kind.startswith("application/json"):
        if "charset=utf-8" not in kind.replace(" ", ""):
            server.violations.append(f"{name}: JSON without charset=utf-8")
        if method and not method.json:
            server.violations.append(f"{name}: reads no JSON body, its arguments were lost")
        else:
            args |= _json(body)
    elif kind.startswith("multipart/form-data"):
        args |= multipart(headers["Content-Type"], body)
    else:
        args |= dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    if args.pop("token", None) is not None:
        server.violations.append(f"{name}: a token stands in the query or the body")
    for unknown in sorted(set(args) - method.takes - ALWAYS if method else ()):
        server.violations.append(f"{name}: unknown argument {unknown!r}")
    return {key: value for key, value in args.items() if value is not None}


def _json(body: bytes) -> Json:
    try:
        read = json.loads(body or b"{}")
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}


def multipart(kind: str, body: bytes) -> Json:
    """The parts of a multipart form: text, or bytes where a file was sent."""
    whole = BytesParser().parsebytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + body)
    found: Json = {}
    for part in whole.get_payload():
        name = str(part.get_param("name", header="content-disposition"))
        content = part.get_payload(decode=True)
        found[name] = content if part.get_filename() else content.decode("utf-8", "replace")
    return found


def _authority(headers: Headers) -> tuple[tuple[str, str] | None, str]:
    """The client id and secret of basic authorization, or the bearer token."""
    kind, _, value = (headers.get("Authorization") or "").partition(" ")
    if kind == "Basic":
        try:
            ident, _, secret = base64.b64decode(value).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None, ""
        return (ident, secret), ""
    return None, value if kind == "Bearer" else ""


# -- what goes wrong on demand


def _fault(server: SlackServer, fault: Fault) -> Reply | None:
    """The broken answer; None when the call goes on after all."""
    if fault.how == "slow":
        server.closing.wait(fault.more.get("seconds", 1))
        return None
    if fault.how == "reset":
        raise Broken
    if fault.how == "429":
        wait = str(fault.more.get("retry_after", 1))
        return Reply.of({"ok": False, "error": "ratelimited"}, 429, Retry_After=wait)
    if fault.how in ("500", "503"):
        return Reply(int(fault.how), b"<html>Something went wrong</html>", {"Content-Type": "text/html"})
    return Reply.of({"ok": False, "error": fault.how, **fault.more})
