"""A word to systemd, which waits for it before it calls us started."""

from __future__ import annotations

import logging
import socket

from fireside.config import env

log = logging.getLogger(__name__)


def tell(words: str) -> None:
    """Say "READY=1" to whoever started us and asked for it; one datagram, as sd_notify(3) describes."""
    address = env.manager()
    if not address:
        return
    if address.startswith("@"):  # a name without a file
        address = f"\0{address[1:]}"
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
            line.sendto(words.encode(), address)
    except OSError as error:  # we serve all the same
        log.warning("systemd could not be told %s: %s", words, error)
