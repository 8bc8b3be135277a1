"""What the doctor found, each with a mark and with what to do; and asking without waiting for long."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

LIMIT = 20.0  # seconds for all that is asked

Mark = Literal["fine", "look", "broken"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: `fine`, something to `look` at, or `broken`; `do` says what to do about it."""

    mark: Mark
    what: str
    do: str = ""

    def __str__(self) -> str:
        return f"{self.mark:<8}{self.what}" + (f"\n        {self.do}" if self.do else "")


def fine(what: str) -> Finding:
    return Finding("fine", what)


def look(what: str, do: str) -> Finding:
    return Finding("look", what, do)


def broken(what: str, do: str) -> Finding:
    return Finding("broken", what, do)


Check = Callable[[], Iterable[Finding]]


class Visit(threading.Thread):
    """One check in a thread of its own; what it has found stands there even when it never comes back."""

    def __init__(self, name: str, check: Check) -> None:
        super().__init__(name=name, daemon=True)
        self._check = check
        self.found: list[Finding] = []

    def run(self) -> None:
        try:
            for finding in self._check():
                self.found.append(finding)
        except Exception as error:  # noqa: BLE001 -- a doctor does not faint; the words of an error may hold a secret
            self.found.append(
                broken(
                    f"The {self.name} could not be looked at ({type(error).__name__}).",
                    "The log may say more.",
                )
            )


def examine(checks: Iterable[tuple[str, Check]], limit: float = LIMIT) -> list[Finding]:
    """Ask all of them at once, and come back after `limit` seconds whatever they do."""
    visits = [Visit(name, check) for name, check in checks]
    latest = time.monotonic() + limit
    for visit in visits:
        visit.start()
    for visit in visits:
        visit.join(max(0.0, latest - time.monotonic()))
    found = []
    for visit in visits:
        found += visit.found
        if visit.is_alive():
            found.append(
                broken(f"The {visit.name} gave no answer within {limit:.0f} seconds.", "Look there first.")
            )
    return found
