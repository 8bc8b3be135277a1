"""Letting much go in small steps, so that nobody who writes has to wait for long."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeAlias

FIRST, MOST = 8, 400  # rows in the first step, and in any
GOAL = 0.008  # seconds one step may take; its size follows from the step before
REST = 3  # times as long nothing is locked: with SQLite, who waits looks again only now and then

Find: TypeAlias = Callable[[int], list[Any]]
Remove: TypeAlias = Callable[[list[Any]], int]


def batches(find: Find, remove: Remove) -> int:
    """Find up to so many, remove them, and again until there are none; tells how many went.

    Finding happens before anything is locked. `remove` is one transaction, and rows that went are not found
    again: whoever dies half way goes on where it was. Most of the time is left to others.
    """
    total, most = 0, FIRST
    while found := find(most):
        began = time.monotonic()
        total += remove(found)
        took = max(time.monotonic() - began, 0.0001)
        most = max(1, min(MOST, 2 * most, int(most * GOAL / took)))
        time.sleep(min(REST * took, 0.2))
    return total
