"""A post-mortem as Markdown, visible words only, each moment with a link to where it was said."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.conf import settings
from django.utils import timezone
from django.utils.dateformat import format as written

from fireside.postmortems.drawn import counted
from fireside.postmortems.learned import Affected, Factor
from fireside.postmortems.mitigation import Mitigation
from fireside.postmortems.postmortem import Postmortem
from fireside.postmortems.reading import sections
from fireside.postmortems.sections import Section
from fireside.postmortems.weaving import Fact, Voice, facts, voices


def markdown(postmortem: Postmortem) -> str:
    """The whole document; times are in the reader's zone, which is named."""
    parts = [*_head(postmortem), *_timeline(postmortem), *_learned(postmortem), *_ending(postmortem)]
    return "\n".join(parts).strip() + "\n"


def _head(postmortem: Postmortem) -> Iterator[str]:
    incident = postmortem.incident
    yield f"# {_line(postmortem.title)}"
    yield ""
    state = "draft" if postmortem.is_draft else f"published {_day(postmortem.published_at)}"
    link = f"[{incident.name}]({_url(incident.get_absolute_url())})"
    yield f"{link}, {_day(incident.noticed_at)}, {state}. Times in {_zone()}."
    yield ""
    yield from _section(sections(postmortem)["summary"], heading="")
    affected = list(Affected.objects.filter(postmortem=postmortem).select_related("offers"))
    if affected:
        yield from ("## Who was affected, and what they need", "")
        yield from (_affected(row) for row in affected)
        yield ""


def _affected(row: Affected) -> str:
    said = [f"**{_line(row.who)}**", row.happened, f"What they need: {row.needs}" if row.needs else ""]
    said.append(f"{row.offers.name} offers." if row.offers else "")
    return "- " + " ".join(_sentence(words) for words in said if words)


def _timeline(postmortem: Postmortem) -> Iterator[str]:
    lines: list[Fact | Voice] = sorted([*facts(postmortem), *voices(postmortem)], key=lambda line: line.at)
    if not lines:
        return
    yield from ("## What happened, told by those who were there", "")
    last = None
    for line in lines:
        day = timezone.localtime(line.at).date()
        if last not in (None, day):
            yield from ("", f"### {_day(line.at)}", "")
        last = day
        yield _voice(line) if isinstance(line, Voice) else _fact(line)
    yield ""


def _fact(fact: Fact) -> str:
    who = f" ({fact.who})" if fact.who else ""
    return f"- [{_clock(fact.at)}]({_url(fact.url)}) {_line(fact.words)}{who}"


def _voice(voice: Voice) -> str:
    return f"- {_clock(voice.at)} **{voice.person.name}**: " + " ".join(_line(words) for words in voice.lines)


def _learned(postmortem: Postmortem) -> Iterator[str]:
    factors = list(Factor.objects.filter(postmortem=postmortem))
    if factors:
        yield from (
            "## What had to be true at the same time",
            "",
            "None of these would have been enough alone.",
            "",
        )
        yield from (f"- {_line(f.text)}" + (f" ({_line(f.since)})" if f.since else "") for f in factors)
        yield ""
    known = sections(postmortem)
    for kind in (Section.Kind.WENT_WELL, Section.Kind.MADE_IT_HARD, Section.Kind.SURPRISED):
        yield from _section(known[kind.value.replace("-", "_")], heading=str(kind.label))


def _ending(postmortem: Postmortem) -> Iterator[str]:
    changes = list(Mitigation.objects.filter(postmortem=postmortem).select_related("owner"))
    if changes:
        yield from ("## What we will change", "")
        yield from (
            "| So that the next person | Who offered | By | How it stands |",
            "| --- | --- | --- | --- |",
        )
        yield from (_row(change) for change in changes)
        yield ""
    yield from _section(sections(postmortem)["thank_you"], heading="Thank you")
    clapping = postmortem.applause.count()
    if clapping:
        yield f"Applauded by {counted(clapping, 'person', 'people')}."


def _row(change: Mitigation) -> str:
    state = f"{change.state}: {change.let_go_because}" if change.let_go_because else change.state
    cells = [change.what, change.owner.name if change.owner else "", _date(change), state]
    return "| " + " | ".join(_line(cell).replace("|", "\\|") for cell in cells) + " |"


def _section(section: Section, *, heading: str) -> Iterator[str]:
    if section.words:
        yield from ([f"## {heading}", ""] if heading else [])
        yield from (section.words, "")


def _sentence(words: str) -> str:
    words = _line(words)
    return words if words.endswith((".", "?", "**")) else f"{words}."


def _line(words: str) -> str:
    return " ".join(words.split())


def _url(path: str) -> str:
    return f"{settings.PUBLIC_URL}{path}"


def _clock(moment: datetime) -> str:
    return written(timezone.localtime(moment), "G:i")


def _day(moment: datetime | None) -> str:
    return written(timezone.localtime(moment), "l j F Y") if moment else ""


def _date(change: Mitigation) -> str:
    return written(change.due, "j F Y") if change.due else ""


def _zone() -> str:
    return timezone.get_current_timezone_name()
