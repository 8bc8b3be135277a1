"""Where browsers keep passkeys, and why they do not elsewhere."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit


def no_passkeys(url: str) -> str:
    """Why browsers offer no passkeys at this address; nothing when they do."""
    there = urlsplit(url)
    host = there.hostname or ""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        fine = there.scheme == "https" or host == "localhost" or host.endswith(".localhost")
        return "" if fine else "Browsers keep passkeys for addresses that begin with https."
    return (
        f"Browsers keep passkeys for names, and this Fireside is opened at the number {host}. With a name in "
        "PUBLIC_URL (on your own machine: http://localhost and the port) they could be used."
    )
