"""What each kind of arrival does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fireside.slack.calls import Later, Unsure

if TYPE_CHECKING:
    from fireside.slack.inbox import Arrival


class Defer(Exception):
    """Not now: Slack has to be asked first and does not answer."""

    def __init__(self, seconds: float, why: str) -> None:
        super().__init__(why)
        self.seconds = seconds
        self.why = why


def work(arrival: Arrival) -> None:
    """Do what it asks for; the effect and `arrival.done()` are one transaction."""
    from fireside.slack import asking, hearing, modals, shortcuts
    from fireside.slack.inbox import wait_after

    todo = {
        "event": hearing.hear,
        "command": asking.command,
        "block_actions": asking.button,
        "shortcut": shortcuts.use,
        "message_action": shortcuts.use,
        "told": modals.told,
    }
    try:
        todo[arrival.kind](arrival)
    except Later as later:
        raise Defer(later.seconds, later.why) from later
    except Unsure as unsure:
        raise Defer(wait_after(arrival.tries), str(unsure)) from unsure


def answer(arrival: Arrival) -> None:
    """Tell the asker what came of it."""
    from fireside.slack import asking

    asking.answer(arrival)
