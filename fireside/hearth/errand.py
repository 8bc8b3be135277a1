"""An errand: one request, job or delivery on its way through the house, and the id it has in the log."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from secrets import token_hex


@dataclass(slots=True)
class Errand:
    """What is being done: a "request", "job" or "delivery"; `route` is the pattern of its address."""

    kind: str
    id: str
    route: str = ""


_current: ContextVar[Errand | None] = ContextVar("errand", default=None)


def current() -> Errand | None:
    return _current.get()


def number() -> str:
    """The id under which a keeper finds in the log what is being done now."""
    found = _current.get()
    return found.id if found is not None else token_hex(4)


@contextmanager
def run(kind: str, id: str) -> Iterator[Errand]:  # noqa: A002 -- it is what everybody calls it
    """From here on the log says that this is being done; threads that are handed the context say so too."""
    errand = Errand(kind, id)
    token = _current.set(errand)
    try:
        yield errand
    finally:
        _current.reset(token)
