"""An errand: one request, job or delivery on its way through the house, and the id it has in the log."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from secrets import token_hex

_here, _turn = token_hex(4), itertools.count(1)


@dataclass(slots=True)
class Errand:
    """What is being done: a "request", "job" or "delivery"; `route` is the pattern of its address."""

    kind: str
    id: str
    route: str = ""


current: ContextVar[Errand | None] = ContextVar("errand", default=None)


def new() -> str:
    """An id that nothing else has."""
    return f"{_here}{next(_turn):08x}"


def number() -> str:
    """The id under which a keeper finds in the log what is being done now."""
    found = current.get()
    return found.id if found is not None else new()


@contextmanager
def run(kind: str, id: str) -> Iterator[None]:  # noqa: A002 -- it is what everybody calls it
    """From here on the log says that this is being done; threads that are handed the context say so too."""
    token = current.set(Errand(kind, id))
    try:
        yield
    finally:
        current.reset(token)
