"""How hard to look: as much as fits into the fast suite, or for minutes, as `make nightly` does."""

from __future__ import annotations

import os

from hypothesis import settings

FULL = os.environ.get("NIGHTLY") == "full"
MORE = 10  # times as many examples in the long look

settings.register_profile("nightly", max_examples=100 * MORE, deadline=None, print_blob=True)
if FULL:
    settings.load_profile("nightly")


def many(examples: int, more: int = MORE) -> int:
    """So many examples, or many more of them at night."""
    return examples * more if FULL else examples
