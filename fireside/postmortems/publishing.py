"""Sharing what was learned: what is still missing, who is told, and how it is found again."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from fireside.hearth.errors import NotYours, Sorry
from fireside.hearth.people import Person
from fireside.hearth.rooms import Room
from fireside.hearth.search import keep
from fireside.postmortems.drawn import celebration
from fireside.postmortems.learned import Affected, Factor
from fireside.postmortems.mitigation import Mitigation
from fireside.postmortems.postmortem import Postmortem
from fireside.postmortems.sections import Section
from fireside.postmortems.tellings import Moment, Telling

CELEBRATIONS = "celebrations"


def missing(postmortem: Postmortem) -> list[str]:
    """What it still needs before it can be published, in plain sentences."""
    wanting = []
    if (
        not Section.objects.filter(postmortem=postmortem, kind=Section.Kind.SUMMARY)
        .exclude(words="")
        .exists()
    ):
        wanting.append("A few sentences for people in a hurry are not written yet.")
    factors = Factor.objects.filter(postmortem=postmortem).count()
    if factors < 2:
        named = "one factor" if factors else "no factor"
        wanting.append(f"It names {named} so far; it is never one thing alone, so at least two would help.")
    unowned = Mitigation.objects.filter(postmortem=postmortem, owner=None, done_at=None, let_go_at=None)
    wanting += [f"“{what}” waits for somebody to offer." for what in unowned.values_list("what", flat=True)]
    return wanting


def publish(postmortem: Postmortem, *, by: Person) -> None:
    """Everyone who may enter the incident's room may find it from now on."""
    if not postmortem.is_draft:
        raise Sorry("It is published already.")
    if not postmortem.was_there(by):
        raise NotYours("Those who were there publish it. You could ask one of them.")
    if wanting := missing(postmortem):
        raise Sorry(" ".join(wanting))
    with transaction.atomic():
        postmortem.published_at, postmortem.published_by = timezone.now(), by
        postmortem.save(update_fields=["published_at", "published_by"])
        postmortem.note("published", f"Published “{postmortem.title}”", by=by)
        index(postmortem)


def celebrate(postmortem: Postmortem) -> None:
    """Say it once in #celebrations; what is private is not told elsewhere."""
    if postmortem.is_draft or postmortem.home.private:
        return
    card = celebration(postmortem)
    if postmortem.celebrated:
        postmortem.celebrated.redraw(card)
        return
    with transaction.atomic():
        key = f"{postmortem.ref}:celebrated"
        postmortem.celebrated = celebrations().say(card=card, key=key, voice="Fireside")
        postmortem.save(update_fields=["celebrated"])


def celebrations() -> Room:
    """The room where we are glad together; made when the first reason comes."""
    found = (
        Room.objects.filter(purpose=Room.Purpose.CELEBRATE, private=False, archived_at=None)
        .order_by("pk")
        .first()
    )
    return found or Room.make(
        _free(),
        by=None,
        purpose=Room.Purpose.CELEBRATE,
        about="What we learned and shipped, and were glad of.",
    )


def _free() -> str:
    taken = set(Room.objects.filter(slug__startswith=CELEBRATIONS).values_list("slug", flat=True))
    return next(
        name
        for n in range(1, len(taken) + 2)
        if (name := CELEBRATIONS if n == 1 else f"{CELEBRATIONS}-{n}") not in taken
    )


def index(postmortem: Postmortem) -> None:
    """Keep the search in step: only what is published, and of tellings only what is shared."""
    incident = postmortem.incident
    keep(
        "postmortem", postmortem.pk, title=postmortem.title, body=_body(postmortem), room=postmortem.home,
        at=incident.noticed_at, url=postmortem.get_absolute_url(), gone=postmortem.is_draft,
        system=incident.system.slug if incident.system else "", factor=_kinds(postmortem),
        people=_people(postmortem), incident=str(incident.number),
    )  # fmt: skip


def _body(postmortem: Postmortem) -> str:
    order = {kind: place for place, kind in enumerate(Section.Kind.values)}
    sections = sorted(Section.objects.filter(postmortem=postmortem), key=lambda section: order[section.kind])
    moments = Moment.objects.filter(telling__in=Telling.shared(postmortem))
    words = [section.words for section in sections]
    words += [factor.text for factor in Factor.objects.filter(postmortem=postmortem)]
    words += [m.what for m in Mitigation.objects.filter(postmortem=postmortem)]
    words += [f"{a.who} {a.happened} {a.needs}" for a in Affected.objects.filter(postmortem=postmortem)]
    words += ["\n".join(moment.lines) for moment in moments]
    return "\n".join([*filter(None, words), str(postmortem.incident)])


def _kinds(postmortem: Postmortem) -> list[str]:
    kinds = Factor.objects.filter(postmortem=postmortem).values_list("kinds", flat=True)
    return sorted({kind for some in kinds for kind in some})


def _people(postmortem: Postmortem) -> list[str]:
    """Those who told, led, or offered; by handle."""
    told = set(Telling.shared(postmortem).values_list("person__handle", flat=True))
    offered = Mitigation.objects.filter(postmortem=postmortem, owner__isnull=False)
    told |= set(offered.values_list("owner__handle", flat=True))
    return sorted(told | ({postmortem.incident.lead.handle} if postmortem.incident.lead else set()))
