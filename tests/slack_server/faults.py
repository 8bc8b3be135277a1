"""Faults on demand: the next calls of a method go wrong in the way that was asked for."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Fault:
    """`how` goes wrong `times` times, once `after` calls of the method have been made."""

    method: str
    how: str
    times: int
    after: int
    more: dict[str, Any] = field(default_factory=dict)


class Faults:
    def __init__(self) -> None:
        self._open: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._open.append(fault)

    def clear(self) -> None:
        """All goes well again."""
        with self._lock:
            self._open.clear()

    def next(self, method: str) -> Fault | None:
        """The fault this call meets, if any."""
        with self._lock:
            mine = [fault for fault in self._open if fault.method in ("*", method)]
            ready = next((fault for fault in mine if fault.after <= 0), None)
            for fault in mine:
                fault.after -= 1
            if ready:
                ready.times -= 1
                self._open = [fault for fault in self._open if fault.times > 0]
            return ready
