"""Slack's clock: it runs with ours, can be set forward, and never gives the same ts twice."""

from __future__ import annotations

import threading
import time


class Clock:
    def __init__(self) -> None:
        self.ahead = 0.0
        self._last = 0
        self._lock = threading.Lock()

    def now(self) -> float:
        return time.time() + self.ahead

    def ts(self) -> str:
        """A message's key, such as "1700000000.000100": a string, because a float would lose digits."""
        with self._lock:
            self._last = max(self._last + 100, int(self.now() * 1_000_000))
            return f"{self._last // 1_000_000}.{self._last % 1_000_000:06d}"
