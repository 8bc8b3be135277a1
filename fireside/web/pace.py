"""How fast one program may write: many at once, then as many a second as a house takes without noticing."""

from __future__ import annotations

import threading
import time

BURST = 5000  # writes at once, as when something is brought in from elsewhere
EACH = 20.0  # writes a second after that
KNOWN = 10_000  # writers that are remembered; a program that starts anew is quick to be known again


class Pace:
    """A bucket for each writer, filled again as time goes by; of this process alone."""

    def __init__(self, burst: int = BURST, each: float = EACH) -> None:
        self.burst, self.each = burst, each
        self._left: dict[int, tuple[float, float]] = {}
        self._lock = threading.Lock()

    def wait(self, writer: int) -> int:
        """Seconds until this writer may write again; 0 takes one of theirs."""
        now = time.monotonic()
        with self._lock:
            left, at = self._left.pop(writer, (float(self.burst), now))
            left = min(self.burst, left + (now - at) * self.each)
            allowed = left >= 1
            self._left[writer] = (left - allowed, now)  # the newest stand at the end
            while len(self._left) > KNOWN:
                del self._left[next(iter(self._left))]
        return 0 if allowed else max(1, round((1 - left) / self.each))


writes = Pace()
