"""A runbook written from what people did, for the next time the same alert fires."""

from __future__ import annotations

from fireside.hearth.errors import Sorry
from fireside.hearth.people import Person
from fireside.incidents.models import Attempt, Incident
from fireside.systems.models import Runbook


def draft(incident: Incident, *, by: Person) -> Runbook:
    """A draft of the steps that were done, in their order; asked again, the same draft."""
    if known := Runbook.objects.filter(written_from=incident.ref).first():
        return known
    if incident.private:
        raise Sorry("This incident is private. You could write a runbook by hand, without what is private.")
    done = list(incident.attempts.filter(kind=Attempt.Kind.DONE).order_by("ended_at", "at", "pk"))
    if not done:
        raise Sorry("Nothing is done on the board yet. /done says what was, and the draft is made from that.")
    done.sort(key=lambda attempt: attempt.moment)
    return Runbook.write(
        incident.title, [str(attempt) for attempt in done], by=by, system=incident.system,
        alertname=incident.group.alertname if incident.group else "", written_from=incident.ref, draft=True,
    )  # fmt: skip
