"""Calls to addresses that people gave us: only to the outside, and only to the machine that was looked at.

A name is resolved once, each address it leads to is judged, and the connection goes to that very address, so
that no name can lead elsewhere between the look and the call. Nothing follows a redirect or uses a proxy.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

PATIENCE = 8.0  # seconds for all of a call, from the first packet to the last
MOST = 64 * 1024  # bytes of an answer that are read
LONGEST = 500  # characters of an address

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
_network = ipaddress.ip_network

# Nobody can allow these: the machine's own metadata service lives here, and groups of machines.
NEVER = [_network(words) for words in (
    "0.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "255.255.255.255/32", "::/128", "fe80::/10", "ff00::/8",
)]  # fmt: skip
# Inside, or leading inside by another way: shared by a carrier, 6to4, Teredo, for papers and tests.
INSIDE = [_network(words) for words in (
    "100.64.0.0/10", "192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15", "240.0.0.0/4",
    "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
)]  # fmt: skip
WORLD = ipaddress.IPv6Network(
    "2000::/3"
)  # all of IPv6 that has been given out; NAT64 and others are not in it


class Unreachable(Exception):
    """There was no answer; the sentence says why, for whoever gave the address."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words


class Forbidden(Unreachable):
    """The address is none that we call."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: as much of the body as fits; `whole` when that is all of it."""

    status: int
    body: bytes
    whole: bool


def look(url: str) -> SplitResult:
    """The parts of an address that could be called; Forbidden, with what to write, when it could not."""
    try:
        found = urlsplit(url)
        host, port = found.hostname or "", found.port
    except ValueError:
        raise Forbidden("This is no address. Write it like https://hooks.example.org/fireside") from None
    if len(url) > LONGEST or not url.isascii() or not url.isprintable() or " " in url:
        raise Forbidden(f"An address has {LONGEST} plain characters at most, and no spaces.")
    if found.scheme not in ("https", "http") or not host or port == 0:
        raise Forbidden("Write the whole address, like https://hooks.example.org/fireside")
    if found.username is not None or found.fragment:
        raise Forbidden("An address holds no name, no password and no #. The signature shows that it is us.")
    if found.scheme == "http" and not settings.WEBHOOKS_TO:
        raise Forbidden("Use https. Without it everybody on the way could read along.")
    if (literal := _literal(host)) is not None:
        _judge(literal, plain=found.scheme == "http")
    return found


def post(url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
    """Bring the body to the address; Unreachable when nobody answered in time."""
    return call("POST", url, body, headers)


def call(method: str, url: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
    """Ask the address and read what comes back, whatever its status."""
    parts = look(url)
    plain, deadline = parts.scheme == "http", time.monotonic() + PATIENCE
    port = parts.port or (80 if plain else 443)
    found = _resolve(str(parts.hostname), port, plain=plain)
    try:
        with _connected(found, port, deadline) as sock:
            return _ask(sock, parts, method, body, headers)
    except (OSError, http.client.HTTPException, ValueError) as error:
        if time.monotonic() >= deadline:
            raise Unreachable(f"It did not answer within {PATIENCE:.0f} seconds.") from None
        raise Unreachable(_said(error)) from error


def may_reach(words: str) -> bool:
    """Is this a machine in the open, or one that the operator allows?"""
    address = _plainly(ipaddress.ip_address(words))
    if any(address in network for network in NEVER):
        return False
    return _is_allowed(address) or _is_open(address)


def _resolve(host: str, port: int, *, plain: bool) -> list[str]:
    """The addresses of a name that we may call; Forbidden when there is none."""
    try:
        told = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise Unreachable(f"Nobody knows where {host} is.") from None
    addresses = list(dict.fromkeys(str(one[4][0]) for one in told))
    allowed = [one for one in addresses if may_reach(one) and (not plain or _is_allowed(_plainly(one)))]
    if not allowed:
        _judge(_plainly(addresses[0]), plain=plain)
    return allowed


def _judge(address: Address, *, plain: bool) -> None:
    if not may_reach(str(address)):
        raise Forbidden("This leads inside, where we call nobody. An operator could allow it: WEBHOOKS_TO.")
    if plain and not _is_allowed(address):
        raise Forbidden("Use https. Without it everybody on the way could read along.")


def _plainly(address: Address | str) -> Address:
    """The address itself, where an IPv4 address is written as one of IPv6."""
    found = ipaddress.ip_address(address) if isinstance(address, str) else address
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return mapped or found


def _is_allowed(address: Address) -> bool:
    return any(address in network for network in settings.WEBHOOKS_TO)


def _is_open(address: Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address) and address not in WORLD:
        return False
    return address.is_global and not any(address in network for network in INSIDE)


def _literal(host: str) -> Address | None:
    try:
        return _plainly(host)
    except ValueError:
        return None


@contextmanager
def _connected(addresses: list[str], port: int, deadline: float) -> Iterator[socket.socket]:
    """A connection to the first that takes it; whatever it does, it is cut off at the deadline."""
    sock = _first(addresses, port, deadline)
    line = sock.dup()  # the same connection, whoever wraps it in TLS meanwhile
    alarm = threading.Timer(max(0.0, deadline - time.monotonic()), _cut, [line])
    alarm.daemon = True
    alarm.start()
    try:
        yield sock
    finally:
        alarm.cancel()
        line.close()
        sock.close()


def _cut(line: socket.socket) -> None:
    try:
        line.shutdown(socket.SHUT_RDWR)
    except OSError:
        """It was over already."""


def _first(addresses: list[str], port: int, deadline: float) -> socket.socket:
    trouble: OSError = TimeoutError()
    for address in addresses:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_STREAM)
        sock.settimeout(max(0.01, deadline - time.monotonic()))
        try:
            sock.connect((address, port))
        except OSError as error:
            sock.close()
            trouble = error
        else:
            return sock
    raise trouble


def _ask(
    sock: socket.socket, parts: SplitResult, method: str, body: bytes | None, headers: Mapping[str, str]
) -> Answer:
    asked = http.client.HTTPConnection(str(parts.hostname), parts.port)
    if parts.scheme == "https":
        asked.default_port = http.client.HTTPS_PORT
        asked.port = parts.port or http.client.HTTPS_PORT
        sock = _trusted().wrap_socket(sock, server_hostname=parts.hostname)
    asked.sock = sock
    try:
        asked.request(
            method, (parts.path or "/") + (f"?{parts.query}" if parts.query else ""), body, {**headers}
        )
        response = asked.getresponse()
        read, whole = _read(response)
        return Answer(response.status, read, whole)
    finally:
        asked.close()


def _read(response: http.client.HTTPResponse) -> tuple[bytes, bool]:
    """As much as fits. Who gave a status has answered, whatever becomes of the rest."""
    parts, size = [], 0
    try:
        while size < MOST and (part := response.read1(MOST - size)):
            parts.append(part)
            size += len(part)
        whole = size < MOST if response.length is None else response.length == 0
        return b"".join(parts), whole
    except (OSError, http.client.HTTPException, ValueError):
        return b"".join(parts), False


@cache
def _trusted() -> ssl.SSLContext:
    return ssl.create_default_context()


def _said(error: Exception) -> str:
    """Why, in words, without what the other side wrote."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"Its certificate is not to be trusted: {error.verify_message}."
    if isinstance(error, ssl.SSLError):
        return "It speaks no TLS that we understand."
    if isinstance(error, ConnectionRefusedError):
        return "Nobody listens there."
    if isinstance(error, TimeoutError):
        return f"It did not answer within {PATIENCE:.0f} seconds."
    if isinstance(error, http.client.HTTPException | ValueError):
        return "It answered something that is not HTTP."
    return "The connection broke."
