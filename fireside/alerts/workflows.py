"""What happens to alerts unasked."""

from __future__ import annotations

from fireside.alerts import handle
from fireside.hearth.workflows import every


@every(minutes=1)
def look_after_alerts() -> None:
    """Take in alerts that still wait, end those that went quiet, and draw the cards that had to wait."""
    handle.take_all()
    handle.expire()
    handle.catch_up()
