"""What happens about Slack unasked."""

from __future__ import annotations

from fireside.hearth.workflows import every
from fireside.slack import inbox


@every(at="03:50")
def forget_old_arrivals() -> None:
    """What Slack told us a week ago is forgotten, keys and all; no copy of it can come any more."""
    inbox.forget()
