"""What a request has to be like before anything of ours looks at it, and what every answer carries."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import MutableMapping
from functools import cache
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from django.conf import settings

from fireside.web.guard import HEADERS

METHODS = ("GET", "HEAD", "POST")
LONGEST = 64 * 1024  # bytes of all headers
YEAR = 31_536_000  # seconds
MACHINES = ("/healthz", "/readyz", "/metrics")  # asked by whatever name a machine knows
NAMED = re.compile(r"(\[[0-9a-fA-F:.]+\]|[^:@/\s]+)(?::\d{1,5})?")

Scope: TypeAlias = MutableMapping[str, Any]
Headers: TypeAlias = list[tuple[bytes, bytes]]


def refusal(scope: Scope) -> tuple[int, str] | None:
    """The status and a sentence for what goes no further."""
    if scope["method"] not in METHODS:
        return 405, f"This house takes {', '.join(METHODS)}."
    if sum(len(name) + len(value) for name, value in scope["headers"]) > LONGEST:
        return 431, "What stands before the words of this request is longer than 64 KB."
    host = dict(scope["headers"]).get(b"host", b"").decode("latin-1")
    if host and scope["path"] not in MACHINES and not is_ours(host):
        return 400, "This house has another name: whoever runs it sets it with PUBLIC_URL."
    return None


def is_ours(host: str) -> bool:
    """Is this a name of the house, or a bare address?

    A page elsewhere can let its own name lead to this machine and would then be taken for one of ours. It has
    to come by a name for that, so a bare address is always fine.
    """
    found = NAMED.fullmatch(host)
    name = found[1].strip("[]").rstrip(".").lower() if found else ""
    return name in _names() or name.endswith(".localhost") or _is_address(name)


@cache
def _names() -> frozenset[str]:
    own = socket.gethostname().lower()
    return frozenset({urlsplit(settings.PUBLIC_URL).hostname or "", "localhost", own, f"{own}.local"} - {""})


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def sealed(headers: Headers) -> Headers:
    """The headers of an answer with those that any answer has and this one has not."""
    told = {name.lower() for name, _ in headers}
    return [*headers, *(pair for pair in _everywhere() if pair[0] not in told)]


@cache
def _everywhere() -> Headers:
    carried = {name.lower(): value for name, value in HEADERS.items()}
    if settings.PUBLIC_URL.startswith("https:"):
        carried["strict-transport-security"] = f"max-age={YEAR}"
    return [(name.encode(), value.encode()) for name, value in carried.items()]
