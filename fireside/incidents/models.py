"""All models of incidents in one place, as Django wants them."""

from fireside.incidents.asked import Question, Update
from fireside.incidents.board import Attempt, Decision
from fireside.incidents.calls import Call, Coming, Shadow
from fireside.incidents.incident import Incident, Severity

__all__ = [
    "Attempt", "Call", "Coming", "Decision", "Incident", "Question", "Severity", "Shadow", "Update",
]  # fmt: skip
