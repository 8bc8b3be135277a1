"""Slack's rate limits: calls per minute by tier, and one message a second in each channel."""

from __future__ import annotations

import math
from collections import defaultdict, deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.slack_server.server import SlackServer

PER_MINUTE = {1: 1, 2: 20, 3: 50, 4: 100}
BURST = 3


class Limits:
    def __init__(self, server: SlackServer) -> None:
        self.server = server
        self._calls: dict[tuple[str, ...], deque[float]] = defaultdict(deque)
        self._buckets: dict[tuple[str, ...], tuple[float, float]] = {}

    def wait(self, method: str, tier: int, who: str, channel: str) -> int:
        """Whole seconds this call has to wait; 0 when it may go ahead and was counted."""
        if self.server.limits is None:
            return 0
        if method == "chat.postMessage":
            return self._bucket(who, channel)
        if tier not in PER_MINUTE:
            return 0
        now = self.server.now()
        calls = self._calls[method, who]
        while calls and calls[0] <= now - 60:
            calls.popleft()
        if len(calls) >= PER_MINUTE[tier]:
            return max(1, math.ceil(calls[0] + 60 - now))
        calls.append(now)
        return 0

    def _bucket(self, who: str, channel: str) -> int:
        now = self.server.now()
        left, at = self._buckets.get((who, channel), (float(BURST), now))
        left = min(BURST, left + now - at)
        if left < 1:
            self._buckets[who, channel] = (left, now)
            return 1
        self._buckets[who, channel] = (left - 1, now)
        return 0
