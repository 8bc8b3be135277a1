"""How a post-mortem is shown on cards: as a draft, when people are asked, and when it is celebrated."""

from __future__ import annotations

from django.db.models import Q

from fireside.hearth.cards import Button, Card, Text, text
from fireside.postmortems.postmortem import Postmortem

NUMBERS = (
    "no",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
)


def counted(number: int, one: str, many: str) -> str:
    """ "one change", "three changes", "23 changes"."""
    return f"{NUMBERS[number] if number < len(NUMBERS) else number} {one if number == 1 else many}"


def head(postmortem: Postmortem) -> Card:
    """The post-mortem itself, wherever somebody mentions it."""
    link = postmortem.writing_url if postmortem.is_draft else postmortem.get_absolute_url()
    return Card(
        title=text("{title}", title=postmortem.title), kind="postmortem", icon="book-open", link=link,
        above=text("Post-mortem of {name}", name=postmortem.incident.name),
        tone="look" if postmortem.is_draft else "ok", tag="draft" if postmortem.is_draft else "",
    )  # fmt: skip


def asking(postmortem: Postmortem) -> Card:
    """Said in the incident's room when it is over; it names nobody."""
    return Card(
        title=text("What happened, told by those who were there"), kind="postmortem", icon="book-open",
        tone="look", to="each",
        above=text("Post-mortem of {name}", name=postmortem.incident.name),
        body=(
            text("The timeline is in it. What you saw, knew and thought then is yours to tell."),
            text("Only you can read your telling until you share it."),
        ),
        buttons=(Button("Tell my part", "tell", _named(postmortem), tone="main", icon="book-open"),),
        link=postmortem.writing_url,
    )  # fmt: skip


def celebration(postmortem: Postmortem) -> Card:
    """Said in #celebrations: praise for what was learned, and for telling it."""
    return Card(
        title=text("{title}", title=postmortem.title), kind="postmortem", icon="party-popper", tone="thanks",
        above=text("Something learned, and told to everyone"), body=tuple(_praise(postmortem)),
        facts=_facts(postmortem),
        buttons=(Button("Applaud", "applaud", _named(postmortem), tone="main", icon="sparkles"),),
        foot=_applause(postmortem), link=postmortem.get_absolute_url(),
    )  # fmt: skip


def effect(postmortem: Postmortem, name: str, what: str) -> Card:
    """Asked a while after a change was due."""
    return Card(
        title=text("Did it help the next person?"), kind="mitigation", icon="leaf", tone="look",
        above=text("{name}, from {title}", name=name, title=postmortem.title),
        body=(text("So that the next person {what}", what=what),),
        buttons=(Button("Say what it changed", "effect", {"mitigation": name}, ask=True),),
        link=postmortem.get_absolute_url(),
    )  # fmt: skip


def _named(postmortem: Postmortem) -> dict[str, str]:
    return {"postmortem": str(postmortem.number)}


def told_by(postmortem: Postmortem) -> int:
    return postmortem.tellings.filter(shared_at__isnull=False).count()


def _praise(postmortem: Postmortem) -> list[Text]:
    factors = postmortem.factors.count()
    told = told_by(postmortem)
    lines = [
        text(
            "It shows {things} that met, and not one of them a person.",
            things=counted(factors, "thing", "things"),
        )
    ]
    if told:
        who = counted(told, "person", "people").capitalize()
        lines.insert(0, text("{who} told how it looked from where they stood.", who=who))
    return lines


def _facts(postmortem: Postmortem) -> dict[str, Text]:
    changes = postmortem.mitigations.filter(Q(owner__isnull=False) | Q(done_at__isnull=False)).count()
    if not changes:
        return {}
    return {"So that the next person": text("{x}", x=f"{counted(changes, 'change', 'changes')} offered")}


def _applause(postmortem: Postmortem) -> Text | None:
    count = postmortem.applause.count()
    return text("Applauded by {who}.", who=counted(count, "person", "people")) if count else None
