"""An incident's timeline as Markdown, to take along wherever people read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC

from django.conf import settings
from django.utils import timezone

from fireside.hearth.people import Person
from fireside.incidents.models import Incident
from fireside.incidents.telling import Line, entries_of, line, stages_of

MEANT = re.compile(r"([\\`*_\[\]<>#|])")  # what Markdown would read as its own


def as_markdown(incident: Incident, person: Person) -> str:
    """Title, stages, timeline oldest first, decisions; times in the reader's zone and in UTC."""
    return "\n".join([*_head(incident), *_lines(incident, person), *_decisions(incident)]) + "\n"


def _head(incident: Incident) -> Iterator[str]:
    yield f"# {incident.name} {plain(incident.title)}"
    yield ""
    if incident.summary:
        yield f"{plain(incident.summary)}\n"
    yield f"- How bad: {incident.get_severity_display()}"
    yield f"- State: {incident.state}"
    for stage in stages_of(incident):
        if stage.at:
            yield f"- {stage.words}: {timezone.localtime(stage.at):%Y-%m-%d %H:%M %Z}"
    yield f"- Page: {settings.PUBLIC_URL}{incident.get_absolute_url()}"


def _lines(incident: Incident, person: Person) -> Iterator[str]:
    yield "\n## Timeline"
    day = ""
    for entry in entries_of(incident, person).order_by("at", "id").iterator(500):
        local = timezone.localtime(entry.at)
        if (today := f"{local:%A %Y-%m-%d}") != day:
            day = today
            yield f"\n### {day}\n"
        yield f"- **{local:%H:%M}** ({entry.at.astimezone(UTC):%H:%M} UTC) {_said(line(entry))}"


def _said(told: Line) -> str:
    words = plain(f"{told.firmly}: {told.words}" if told.firmly else told.words)
    who = f" ({plain(told.entry.by.name)})" if told.entry.by and not told.is_named else ""
    if told.entry.message is not None and told.entry.verb == "message.starred":
        words += f" [said here]({settings.PUBLIC_URL}{told.entry.message.get_absolute_url()})"
    return words + who


def _decisions(incident: Incident) -> Iterator[str]:
    decisions = list(incident.decisions.select_related("by").order_by("number"))
    if decisions:
        yield "\n## Decisions"
    for decision in decisions:
        yield f"\n### {decision.name} {plain(decision.what)}\n"
        for name, words in decision.lines.items():
            yield f"- {name}: {plain(words)}"
        if decision.back_at:
            yield f"- Taken back: {plain(decision.back_because or 'no reason written')}"


def plain(words: str) -> str:
    """Other people's words on one line, with nothing in them that Markdown would take for its own."""
    return MEANT.sub(r"\\\1", " ".join(words.split()))
