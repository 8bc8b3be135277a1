"""A strict OpenID provider on loopback: it refuses what the standard refuses, and lies when a test asks."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import jwt
import requests
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

CLIENT, SECRET = "fireside", "a secret between two"


@cache
def rsa_key(name: str) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def _base64(words: bytes) -> str:
    return base64.urlsafe_b64encode(words).rstrip(b"=").decode()


class Provider:
    """Who is signed in there (`claims`), and how it lies: `token` and `userinfo` change what it tells."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.claims: dict[str, Any] = {}
        self.token: dict[str, Any] = {}  # claims of the ID token that are not as they should be
        self.userinfo: dict[str, Any] = {}
        self.config: dict[str, Any] = {}
        self.signs_with = "ours"
        self.algorithm = "RS256"
        self.refusals: list[str] = []
        self.codes: dict[str, dict[str, str]] = {}
        self.bearers: dict[str, dict[str, Any]] = {}
        self.asked: dict[str, str] = {}

    # -- the doors ---------------------------------------------------------------------------------------

    def discovery(self) -> dict[str, Any]:
        found = {
            "issuer": self.url, "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token", "userinfo_endpoint": f"{self.url}/userinfo",
            "jwks_uri": f"{self.url}/keys", "response_types_supported": ["code"],
            "id_token_signing_alg_values_supported": ["RS256"], "subject_types_supported": ["public"],
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
            "scopes_supported": ["openid", "profile", "email", "groups"],
        }  # fmt: skip
        return found | self.config

    def keys(self) -> dict[str, Any]:
        key = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(rsa_key("ours").public_key()))
        return {"keys": [key | {"kid": "ours", "use": "sig", "alg": "RS256"}]}

    def authorize(self, asked: dict[str, str]) -> tuple[int, str]:
        """The person says yes at once: where they are sent, or why not."""
        wanted = {"response_type": "code", "client_id": CLIENT, "code_challenge_method": "S256"}
        if wrong := [name for name, value in wanted.items() if asked.get(name) != value]:
            return self._refuse(f"authorize: {wrong}")
        if missing := [
            name for name in ("state", "nonce", "code_challenge", "redirect_uri") if not asked.get(name)
        ]:
            return self._refuse(f"authorize without {missing}")
        if "openid" not in asked.get("scope", "").split():
            return self._refuse("authorize without the scope openid")
        self.asked, code = asked, secrets.token_urlsafe(16)
        self.codes[code] = asked
        return 302, f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def exchange(self, given: dict[str, str]) -> tuple[int, Any]:
        asked = self.codes.pop(given.get("code", ""), None)  # a code works once
        if asked is None:
            return self._refuse("token: no such code")
        if (given.get("client_id"), given.get("client_secret")) != (CLIENT, SECRET):
            return self._refuse("token: who are you")
        if (
            given.get("grant_type") != "authorization_code"
            or given.get("redirect_uri") != asked["redirect_uri"]
        ):
            return self._refuse("token: another grant or place")
        digest = hashlib.sha256(given.get("code_verifier", "").encode()).digest()
        if _base64(digest) != asked["code_challenge"]:
            return self._refuse("token: the verifier does not fit")
        bearer = secrets.token_urlsafe(16)
        self.bearers[bearer] = self.claims | self.userinfo
        token = {"access_token": bearer, "token_type": "Bearer", "expires_in": 300}
        return 200, token | {"id_token": self.id_token(asked["nonce"])}

    def id_token(self, nonce: str) -> str:
        now = int(time.time())
        claims = (
            {"iss": self.url, "aud": CLIENT, "exp": now + 300, "iat": now, "nonce": nonce}
            | self.claims
            | self.token
        )
        claims = {name: value for name, value in claims.items() if value is not None}
        if self.algorithm == "none":
            return jwt.encode(claims, None, "none")
        if self.algorithm == "HS256":  # signed with what everybody can read
            return self._forged(claims)
        return jwt.encode(claims, rsa_key(self.signs_with), self.algorithm, headers={"kid": "ours"})

    def _forged(self, claims: dict[str, Any]) -> str:
        parts = [{"alg": "HS256", "kid": "ours", "typ": "JWT"}, claims]
        said = ".".join(_base64(json.dumps(part).encode()) for part in parts)
        pem = rsa_key("ours").public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        return f"{said}.{_base64(hmac.digest(pem, said.encode(), 'sha256'))}"

    def about(self, header: str) -> tuple[int, Any]:
        known = self.bearers.get(header.removeprefix("Bearer "))
        return (200, known) if known is not None else self._refuse("userinfo: who are you")

    def _refuse(self, why: str) -> tuple[int, Any]:
        self.refusals.append(why)
        return 400, {"error": "invalid_request", "error_description": why}

    # -- the person at their browser ---------------------------------------------------------------------

    def visit(self, address: str) -> str:
        """Go where we were sent, say yes, and come back: the path and query of our callback."""
        answer = requests.get(address, allow_redirects=False, timeout=5)
        assert answer.status_code == 302, answer.text
        there = urlsplit(answer.headers["Location"])
        return f"{there.path}?{there.query}"


class Handler(BaseHTTPRequestHandler):
    house: Provider

    def do_GET(self) -> None:
        there = urlsplit(self.path)
        doors = {
            "/authorize": lambda: self.house.authorize(dict(parse_qsl(there.query))),
            "/userinfo": lambda: self.house.about(self.headers.get("Authorization", "")),
            "/keys": lambda: (200, self.house.keys()),
            "/.well-known/openid-configuration": lambda: (200, self.house.discovery()),
        }
        self._say(*doors.get(there.path, lambda: (404, {}))())

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self._say(*(self.house.exchange(dict(parse_qsl(body))) if self.path == "/token" else (404, {})))

    def _say(self, status: int, answer: Any) -> None:
        body = json.dumps(answer).encode()
        self.send_response(status)
        if status == 302:
            self.send_header("Location", answer)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def provider() -> Iterator[Provider]:
    """One that listens, until the end."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found = Handler.house = Provider(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
