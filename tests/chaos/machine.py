"""Another machine on this one: a network of its own, whose cable can be pulled without a goodbye."""

from __future__ import annotations

import os
import secrets
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager


class Machine:
    """`inside` stands in front of a command that is to run there; `house` is our address on the cable."""

    def __init__(self, number: int) -> None:
        self.name = f"fs{secrets.token_hex(3)}"
        self.house, self.address = f"10.213.{number}.1", f"10.213.{number}.2"
        self.inside = ("ip", "netns", "exec", self.name)
        ip("netns", "add", self.name)
        ip("link", "add", f"{self.name}a", "type", "veth", "peer", "name", f"{self.name}b")
        ip("link", "set", f"{self.name}b", "netns", self.name)
        ip("addr", "add", f"{self.house}/24", "dev", f"{self.name}a")
        ip("link", "set", f"{self.name}a", "up")
        self._there("addr", "add", f"{self.address}/24", "dev", f"{self.name}b")
        self._there("link", "set", "lo", "up")
        self.plug()

    def plug(self) -> None:
        self._there("link", "set", f"{self.name}b", "up")

    def pull(self) -> None:
        """From now on every packet is lost, and nobody is told."""
        self._there("link", "set", f"{self.name}b", "down")

    def close(self) -> None:
        ip("netns", "del", self.name)  # and with it its end of the cable, and so ours

    def _there(self, *args: str) -> None:
        ip("-n", self.name, *args)


def ip(*args: str) -> None:
    subprocess.run(("ip", *args), check=True, capture_output=True, timeout=20)


@contextmanager
def machine() -> Iterator[Machine]:
    made = Machine(1 + secrets.randbelow(250))
    try:
        yield made
    finally:
        made.close()


def may_make() -> bool:
    """Only root makes networks."""
    return os.geteuid() == 0
