"""The card of a group: what fires, since when, what to do, what happened the last times, who is on it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.timesince import timesince

from fireside.alerts.models import Group
from fireside.hearth.cards import Button, Card, Chart, Code, Link, Moment, Part, Step, Text, text
from fireside.systems.models import Runbook

# Later stages add what they know: {"Last post-mortem": text(...)}; the earlier never imports the later.
more: list[Callable[[Group], dict[str, Text]]] = []

PLACES = ("instance", "pod", "host", "node", "device", "region")  # labels that say where, likeliest first
STEPS = 12  # of a runbook on a card; its page has them all
OURS = re.compile(r"/runbooks/([\w-]+)/?")


def draw(group: Group) -> Card:
    """The whole card, from what the group remembers; its cost does not grow with the number of alerts."""
    known, links = runbooks(group)
    over = group.resolved_at is not None
    return Card(
        title=text("{title}", title=group.title),
        kind="alert",
        tone="ok" if over else "hot",
        icon="circle-check" if over else "siren",
        tag="" if over else f"{group.firing:,} firing",
        above=_above(group),
        facts=_facts(group, known, links),
        steps_title=_steps_title(known),
        steps_note=known[0].helped_words() if known else None,
        steps=tuple(Step(step) for step in known[0].steps[:STEPS]) if known else (),
        chart=_chart(group),
        buttons=tuple(_buttons(group, known, links)),
        link=group.get_absolute_url(),
    )


def runbooks(group: Group) -> tuple[list[Runbook], list[str]]:
    """Our own runbooks for this group, and addresses elsewhere; what the alerts name comes first."""
    slugs = [slug for url in group.runbook_urls if (slug := _ours(url))]
    links = [url for url in group.runbook_urls if not _ours(url)]
    known = _named(slugs) if slugs else []
    if not known and not links and (mapped := Runbook.answering(group.alertname, group.system)):
        known = [mapped]
    return [book for book in known if _may_show(book, group)], links


def lasted(start: datetime, end: datetime) -> str:
    """How long, in words: "a moment", "12 minutes"."""
    if (end - start).total_seconds() < 60:
        return "a moment"
    return timesince(start, end, depth=1).replace("\xa0", " ")


def moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds")


def _named(slugs: list[str]) -> list[Runbook]:
    found = {
        book.slug: book for book in Runbook.objects.select_related("system__room").filter(slug__in=slugs)
    }
    return [found[slug] for slug in dict.fromkeys(slugs) if slug in found]


def _above(group: Group) -> Text:
    if group.resolved_at is not None:
        return text("Back to normal after {long}", long=lasted(group.opened_at, group.resolved_at))
    return text("Firing for {since}", since=Moment(moment(group.opened_at), "since"))


def _facts(group: Group, known: list[Runbook], links: list[str]) -> dict[str, Text]:
    firing = text("{firing} of {total}", firing=f"{group.firing:,}", total=f"{group.total:,}")
    later: dict[str, Text] = {}
    for add in more:
        later |= add(group)
    facts: dict[str, Text | None] = {  # a door may fold all but the first few
        "What customers see": text("{words}", words=group.impact) if group.impact else None,
        "It says": text("{words}", words=group.says) if group.says else None,
        "On it": _on_it(group),
        **later,
        **_earlier(group),
        **_runbook_facts(known, links),
        "Where": _where(group),
        "Firing": firing if group.total > 1 else None,
        "Not shown": _truncated(group),
        "Since": text("{at}", at=Moment(moment(group.opened_at), "clock")),
    }
    return {name: words for name, words in facts.items() if words is not None}


def _where(group: Group) -> Text | None:
    """The values that tell the firing alerts apart."""
    some = list(group.alerts.filter(resolved_at=None).order_by("pk").values_list("labels", flat=True)[:20])
    name = next((place for place in PLACES if any(place in labels for labels in some)), None)
    if name is None:
        return None
    values = list(dict.fromkeys(labels[name] for labels in some if name in labels))
    words, left = ", ".join(values[:4]), max(group.firing, len(values)) - len(values[:4])
    if left > 0 and len(values) > 1:
        return text("{label} {words} and {left} more", label=name, words=words, left=f"{left:,}")
    return text("{label} {words}", label=name, words=words)


def _truncated(group: Group) -> Text | None:
    if not group.truncated:
        return None
    return text("Alertmanager left {n} more out of what it sent", n=f"{group.truncated:,}")


def _on_it(group: Group) -> Text | None:
    names = [person.name for person in group.helpers.all()]
    return text("{names}", names=", ".join(names)) if names else None


def _runbook_facts(known: list[Runbook], links: list[str]) -> dict[str, Text]:
    others: list[Part] = [Link(book.title, book.get_absolute_url()) for book in known[1:]]
    others += [_place(url) for url in links]
    facts = {}
    for number, part in enumerate(others):
        first = "Runbook" if not known else "Another runbook"
        facts[first if number == 0 else f"Runbook {number + 1 + bool(known)}"] = text(
            "{runbook}", runbook=part
        )
    if not known and not links:
        facts["Runbook"] = text("No runbook yet. What you do now could become one.")
    return facts


def _earlier(group: Group) -> dict[str, Text]:
    facts = {}
    for name, last in zip(("Last time", "Before that", "And before"), group.earlier(3), strict=False):
        until = last.resolved_at or group.opened_at
        link = Link(lasted(last.opened_at, until), last.get_absolute_url())
        facts[name] = text("{day}, for {long}", day=Moment(moment(last.opened_at), "day"), long=link)
    return facts


def _steps_title(known: list[Runbook]) -> Text | None:
    if not known:
        return None
    return text("Runbook: {title}", title=Link(known[0].title, known[0].get_absolute_url()))


def _chart(group: Group) -> Chart | None:
    values = tuple(float(count) for _, count in group.counts)
    if len(values) < 2:
        return None
    words = f"Firing over the last hour: at most {max(values):.0f}, now {values[-1]:.0f}"
    return Chart(values, words, "ok" if group.resolved_at else "hot")


def _buttons(group: Group, known: list[Runbook], links: list[str]) -> Iterable[Button]:
    if group.resolved_at is None:
        yield Button("I’m helping", "on-it", {"group": group.ref}, tone="main", icon="hand-helping")
        if not group.incident:
            values = {"what": group.title[:200], "alert": group.ref}
            yield Button("Open an incident", "incident", values, tone="hot", icon="siren", ask=True)
    elif known:
        values = {"runbook": known[0].slug, "about": group.ref}
        yield Button("This runbook helped", "runbook-helped", values, icon="heart")
    if not known and not links:
        values = {"title": group.title[:200], "alert": group.alertname}
        values |= {"system": group.system.slug} if group.system else {}
        yield Button("Write a runbook", "runbook", values, icon="book-plus", ask=True)


def _ours(url: str) -> str:
    """The slug, when this is the address of a runbook's page in this house."""
    try:
        there = urlsplit(url)
    except ValueError:
        return ""
    found = OURS.fullmatch(there.path)
    here = urlsplit(settings.PUBLIC_URL).netloc
    return found[1] if found and there.netloc in ("", here) else ""


def _place(url: str) -> Part:
    """A link to http or https only; whatever else was written stays words."""
    try:
        there = urlsplit(url)
    except ValueError:
        return Code(url[:200])
    if there.scheme in ("http", "https") and there.netloc:
        words = (there.netloc + there.path).rstrip("/")
        return Link(words if len(words) <= 80 else words[:79] + "…", url)
    return Code(url[:200])


def _may_show(book: Runbook, group: Group) -> bool:
    """What belongs to a private room is not told in another one."""
    home = book.home
    return home is None or not home.private or home == group.room
