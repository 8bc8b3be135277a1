"""What a post-mortem's page shows: gathered once, with as many queries for a long one as for a short one."""

from __future__ import annotations

from typing import Any

from fireside.hearth.people import Person
from fireside.postmortems.drawn import counted
from fireside.postmortems.learned import Affected, Factor
from fireside.postmortems.mitigation import Mitigation
from fireside.postmortems.postmortem import Postmortem, Reader
from fireside.postmortems.sections import Section
from fireside.postmortems.tellings import Telling
from fireside.postmortems.weaving import knots, threads, woven
from fireside.web.drawings import strands

LIST = 2  # names in a sentence before "and others"


def reading(postmortem: Postmortem, person: Person) -> dict[str, Any]:
    """Everything the reading page needs."""
    tellings = list(Telling.shared(postmortem).order_by("shared_at"))
    tied = knots(list(Factor.objects.filter(postmortem=postmortem)))
    rows, meeting, moment = threads(postmortem, tied)
    clapping = set(postmortem.applause.values_list("person", flat=True))
    return {
        "postmortem": postmortem,
        "incident": postmortem.incident,
        "room": postmortem.home,
        "sections": sections(postmortem),
        "strips": woven(postmortem),
        "knots": tied,
        "wide": strands(rows, meeting, moment) if len(rows) > 1 else "",
        "narrow": strands(rows, meeting, moment, narrow=True) if len(rows) > 1 else "",
        "affected": Affected.objects.filter(postmortem=postmortem).select_related("offers"),
        "mitigations": Mitigation.objects.filter(postmortem=postmortem).select_related("owner"),
        "faces": faces(postmortem, [telling.person for telling in tellings]),
        "told": told(len(tellings)),
        "learned": learned(len(tellings)),
        "checklist": checklist(postmortem, tellings),
        "there": postmortem.was_there(person),
        "applauding": person.pk in clapping,
        "others": len(clapping - {person.pk}),
    }


def sections(postmortem: Postmortem) -> dict[str, Section]:
    """Every section by its name in a template; those not begun are blank."""
    written = {section.kind: section for section in Section.objects.filter(postmortem=postmortem)}
    return {
        kind.replace("-", "_"): written.get(kind) or Section(postmortem=postmortem, kind=kind)
        for kind in Section.Kind.values
    }


def faces(postmortem: Postmortem, tellers: list[Person]) -> list[Person]:
    """Those whose names stand over it: who writes it first, then who told."""
    writers = [person for person in (postmortem.newcomer, postmortem.alongside) if person]
    return list(dict.fromkeys([*writers, *tellers]))


def told(count: int) -> str:
    return f"Told by {counted(count, 'person', 'people')}." if count else ""


def learned(count: int) -> str:
    """Who is applauded, without names: "Five people learned"."""
    return f"{counted(count, 'person', 'people').capitalize() if count else 'Those who were there'} learned"


def checklist(postmortem: Postmortem, tellings: list[Telling]) -> list[tuple[str, bool]]:
    """What is there before it is shared. Of tellings it knows only those that were shared."""
    shared = {telling.person_id for telling in tellings}
    asked = set(postmortem.asked.values_list("person", flat=True))
    factors = postmortem.factors.count()
    waiting = postmortem.mitigations.filter(owner=None, done_at=None, let_go_at=None).exists()
    summary = postmortem.sections.filter(kind=Section.Kind.SUMMARY).exclude(words="").exists()
    return [
        ("A few sentences for people in a hurry", summary),
        ("Everyone who wants to has told their part", bool(asked) and asked <= shared),
        ("More than one factor", factors > 1),
        ("Each change has someone who offered", not waiting),
        *_readers(postmortem),
    ]


def _readers(postmortem: Postmortem) -> list[tuple[str, bool]]:
    readers = list(Reader.objects.filter(postmortem=postmortem).select_related("person"))
    if not readers:
        return []
    names = [reader.person.name.split()[0] for reader in readers]
    who = " and ".join(names) if len(names) <= LIST else f"{', '.join(names[:LIST])} and others"
    return [(f"{who} {'has' if len(names) == 1 else 'have'} read it", all(r.read_at for r in readers))]
