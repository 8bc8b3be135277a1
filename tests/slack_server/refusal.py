"""What Slack answers when it does not do what it was asked."""

from __future__ import annotations

from typing import Any


class Refused(Exception):
    """An answer of `ok: false`: Slack's error code, and what else stands beside it."""

    def __init__(self, error: str, **more: Any) -> None:
        super().__init__(error)
        self.error = error
        self.more = more

    def answer(self) -> dict[str, Any]:
        return {"ok": False, "error": self.error, **self.more}


def invalid(error: str, problems: list[str]) -> Refused:
    return Refused(error, response_metadata={"messages": [f"[ERROR] {problem}" for problem in problems]})
