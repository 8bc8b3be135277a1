"""What people add to a post-mortem: factors, who was affected, and changes for the next person."""

from __future__ import annotations

from datetime import date

from fireside.hearth.commands import Ask, Said, Sorry, Whisper, command
from fireside.hearth.kinds import Line, Words
from fireside.hearth.people import Person
from fireside.hearth.timeline import Record
from fireside.postmortems.kinds import Tags, TakenOut
from fireside.postmortems.learned import SHORT, Affected, Factor
from fireside.postmortems.mitigation import Mitigation
from fireside.postmortems.postmortem import Postmortem

INCIDENT = ("incident",)


def which(ask: Ask, named: Postmortem | None) -> Postmortem:
    """The post-mortem that was named, else the one of this room."""
    return named or Postmortem.of(ask.where())


def openly(ask: Ask, record: Record) -> Record | Said:
    """Say a record where it was asked for, but what belongs into a private room only there."""
    home = record.home
    if home is not None and home.private and ask.room not in (None, home):
        return Said(record, home, f"Said in {home}, which is private.")
    return record


@command(
    "/factor", example="/factor The queue holds 64. since: 2022 in-short: Queue of 64 kinds: capacity",
    title="Add a factor", where=INCIDENT,
)  # fmt: skip
def factor(
    ask: Ask, what: Words, since: Line = "", in_short: Line = "", kinds: Tags | None = None,
    postmortem: Postmortem | None = None,
) -> Record | Said:  # fmt: skip
    """Add one of the things that had to be true at the same time; it is never one alone."""
    _fits(what, 500, "what")
    _fits(since, 80, "since")
    _fits(in_short, SHORT, "in_short")
    found = which(ask, postmortem)
    return openly(ask, Factor.add(found, what, by=ask.person, since=since, short=in_short, kinds=kinds or []))


@command(
    "/affected",
    example="/affected people renting happened: 2,412 were refused needs: to hear from us offers: @bo",
    title="Who felt it", where=INCIDENT,
)  # fmt: skip
def affected(
    ask: Ask, who: Line, happened: Words = "", needs: Words = "", offers: Person | None = None,
    postmortem: Postmortem | None = None,
) -> Record | Said:  # fmt: skip
    """Say who was affected, what happened to them, what they need now, and who offers it."""
    _fits(happened, 500, "happened")
    _fits(needs, 500, "needs")
    found = which(ask, postmortem)
    return openly(ask, Affected.add(found, who, by=ask.person, happened=happened, needs=needs, offers=offers))


@command(
    "/mitigation", example="/mitigation hears about refusals, not only errors owner: @bo by: friday",
    title="Offer a change", where=INCIDENT,
)  # fmt: skip
def mitigation(
    ask: Ask, what: Words, owner: Person | None = None, by: date | None = None,
    adds_a_step: Mitigation.Adds | None = None, postmortem: Postmortem | None = None,
) -> Record | Said:  # fmt: skip
    """Offer a change so that the next person stands in a better place; go on from those words."""
    _fits(what, 300, "what")
    found = which(ask, postmortem)
    if owner and not found.home.may_enter(owner):
        raise Sorry(
            f"{owner.name} has no seat in {found.home}. You could bring them in first.", field="owner"
        )
    adds = adds_a_step.value if adds_a_step else ""
    return openly(ask, Mitigation.offer(found, what, by=ask.person, owner=owner, due=by, adds_step=adds))


@command("/take-on", example="/take-on M12 by: friday", title="I can do this", where=INCIDENT)
def take_on(ask: Ask, mitigation: Mitigation, by: date | None = None) -> Record | Said:
    """Offer to make a change from a post-mortem."""
    mitigation.take_on(by=ask.person, due=by)
    return openly(ask, mitigation)


@command("/mitigation-begun", example="/mitigation-begun M12", title="It is under way", where=INCIDENT)
def mitigation_begun(ask: Ask, mitigation: Mitigation) -> Whisper:
    """Say that a change from a post-mortem is under way."""
    mitigation.begin(by=ask.person)
    return Whisper(f"{mitigation.name} is under way.")


@command("/mitigation-done", example="/mitigation-done M12", title="It is in place", where=INCIDENT)
def mitigation_done(ask: Ask, mitigation: Mitigation) -> Record | Said:
    """Say that a change from a post-mortem is in place."""
    mitigation.finish(by=ask.person)
    return openly(ask, mitigation)


@command("/let-go", example="/let-go M12 because: the new queue makes it needless", where=INCIDENT)
def let_go(ask: Ask, mitigation: Mitigation, because: Words) -> Record | Said:
    """Let a change go, with the reason; that is as good as making it."""
    _fits(because, 300, "because")
    mitigation.let_go(because, by=ask.person)
    return openly(ask, mitigation)


@command("/effect", example="/effect M12 the alert now comes two minutes in", title="Say what it changed")
def effect(ask: Ask, mitigation: Mitigation, words: Words) -> Record | Said:
    """Say what a change has changed, some weeks later; "nothing" is worth knowing too."""
    _fits(words, 500, "words")
    mitigation.tell_effect(words, by=ask.person)
    return openly(ask, mitigation)


@command("/take-out", example="/take-out factor-3", title="Take it out", where=INCIDENT)
def take_out(ask: Ask, part: TakenOut) -> Whisper:
    """Take a factor, a change or somebody affected out of a draft."""
    part.take_out(by=ask.person)
    return Whisper("It is out. The history remembers that it was there.")


def _fits(words: str, most: int, field: str) -> None:
    if len(words) > most:
        raise Sorry(f"That is {len(words):,} characters; this holds {most:,}.", field=field)
