"""Where time goes, for OpenTelemetry: spans that cost nothing until `config.telemetry` gives them a maker."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

NOTHING: AbstractContextManager[None] = nullcontext()


class Maker(Protocol):
    """Makes spans; each is inside the one that is open in this thread, or inside `parent`."""

    def span(self, name: str, parent: str, told: Mapping[str, str | int]) -> AbstractContextManager[None]: ...

    def tell(self, told: Mapping[str, str | int]) -> None: ...

    def here(self) -> str:
        """The open span as a traceparent; nothing when none is."""
        ...

    def end(self) -> None: ...


maker: Maker | None = None


def span(name: str, *, parent: str = "", **told: str | int) -> AbstractContextManager[None]:
    """Time what is done inside; `parent` is a traceparent: what `carry` gave to the cause, or a caller's."""
    return maker.span(name, parent, told) if maker is not None else NOTHING


def tell(told: Mapping[str, str | int]) -> None:
    """Add to the span that is open."""
    if maker is not None:
        maker.tell(told)


def carry() -> dict[str, str]:
    """What an entry takes along, so that what follows from it stands in the same trace."""
    here = maker.here() if maker is not None else ""
    return {"trace": here} if here else {}


def query(sql: str) -> AbstractContextManager[None]:
    """Time a statement inside what is being timed; without the values that go with it."""
    if maker is None or not maker.here():
        return NOTHING
    return maker.span(f"database {sql.partition(' ')[0]}", "", {"db.query.text": sql})
