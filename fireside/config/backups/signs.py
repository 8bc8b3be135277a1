"""The few signs that SQLite keeps and PostgreSQL does not: others stand in for them, and are counted."""

from __future__ import annotations

import json
import re
from typing import Any

SUSPECT = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")  # in JSON: a NUL, or perhaps half of a pair
HALF = re.compile(r"[\ud800-\udfff]")
NUL, SYMBOL, BROKEN = "\0", "\u2400", "\ufffd"


class Signs:
    """Makes values such that PostgreSQL takes them, and counts those that lost a sign."""

    def __init__(self) -> None:
        self.replaced = 0

    def fit(self, value: Any, kind: str) -> Any:
        if not isinstance(value, str):
            return value
        if kind == "moment":
            return f"{value}+00"
        if kind == "json" and SUSPECT.search(value):
            return json.dumps(self._clean(json.loads(value)), ensure_ascii=False)
        return self._clean(value)

    def _clean(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._clean(item) for item in value]
        if isinstance(value, dict):
            return {self._clean(name): self._clean(item) for name, item in value.items()}
        if not isinstance(value, str) or (NUL not in value and value.isascii()):
            return value
        if NUL in value or HALF.search(value):
            self.replaced += 1
            return HALF.sub(BROKEN, value.replace(NUL, SYMBOL))
        return value
