"""What was sent, what was acknowledged and what arrived, for each scenario; and the table of all of them."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

HEAD = ("scenario", "database", "sent", "acknowledged", "arrived", "lost", "doubled", "what we saw")


@dataclass
class Ledger:
    """One scenario's book; threads write into it, a test closes it."""

    scenario: str
    database: str
    sent: list[str] = field(default_factory=list)
    acknowledged: list[str] = field(default_factory=list)
    arrived: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)  # answers nobody should get
    notes: list[str] = field(default_factory=list)
    may_lose: bool = False  # said so beforehand, for what is relaxed on purpose

    def note(self, words: str) -> None:
        self.notes.append(words)

    @property
    def lost(self) -> list[str]:
        return sorted(set(self.acknowledged) - set(self.arrived))

    @property
    def doubled(self) -> list[str]:
        return sorted(thing for thing, times in self.arrived.items() if times > 1)

    def close(self, arrived: Callable[[], Iterable[str]], patience: float = 60) -> None:
        """Wait until all that was acknowledged has arrived; nothing may be lost or doubled."""

        latest = time.monotonic() + patience
        self.arrived = Counter(arrived())
        while self.lost and time.monotonic() < latest:
            time.sleep(0.2)  # between two looks at another process, which cannot call us
            self.arrived = Counter(arrived())
        assert self.may_lose or self.lost == []
        assert self.doubled == []
        assert self.wrong == []

    def row(self) -> tuple[str, ...]:
        counted = (self.sent, self.acknowledged, self.arrived, self.lost, self.doubled)
        return (self.scenario, self.database, *(f"{len(some):,}" for some in counted), "; ".join(self.notes))


def table(rows: Iterable[tuple[str, ...]]) -> str:
    """All scenarios as a Markdown table."""
    lines = [HEAD, tuple("---" for _ in HEAD), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
