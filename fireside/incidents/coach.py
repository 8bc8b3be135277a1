"""The right question at the right minute, for whoever leads; worked out from the clock, asked by people."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from fireside.incidents.board import alike
from fireside.incidents.models import Incident


@dataclass(frozen=True, slots=True)
class Prompt:
    """A question a good lead asks, from which minute on, and why it helps."""

    minute: int
    question: str
    why: str


WHAT_CUSTOMERS_SEE = "What do customers see?"
PROMPTS = (
    Prompt(0, WHAT_CUSTOMERS_SEE, "Their words size it up better than any graph."),
    Prompt(5, "What changed in the last hour?", "Most trouble follows a change, ours or from elsewhere."),
    Prompt(
        10,
        "If we do nothing for ten minutes, what happens?",
        "The answer says how much time there is to think.",
    ),
    Prompt(15, "Who else should know by now?", "Support, customers, the team next door."),
    Prompt(20, "Could we undo what we try next?", "First the things we can take back."),
    Prompt(25, "What have we not looked at because we are sure of it?", "Being sure is a theory too."),
    Prompt(30, "Who is tired, and who could take over?", "Handing over in time is part of the work."),
    Prompt(
        45, "Who could look at this with fresh eyes?", "A call for help is cheap, and people like to come."
    ),
    Prompt(60, "When will we stop and eat something?", "Hungry people miss things."),
)
AT_ONCE = 3  # more than this is a wall, not a help


def waiting(incident: Incident, asked: Iterable[str], now: datetime | None = None) -> list[Prompt]:
    """The questions whose minute has come and which nobody asked yet; the oldest few."""
    if not incident.is_open:
        return []
    minutes = ((now or timezone.now()) - incident.opened_at).total_seconds() / 60
    known = list(asked)
    due = [
        prompt
        for prompt in PROMPTS
        if prompt.minute <= minutes and not any(alike(prompt.question, words) for words in known)
    ]
    return due[:AT_ONCE]
