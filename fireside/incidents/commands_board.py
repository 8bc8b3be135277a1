"""What people put on the board: what they do, have done, suspect, rule out and decide."""

from __future__ import annotations

from fireside.hearth.commands import Ask, command
from fireside.hearth.errors import Sorry
from fireside.hearth.kinds import Words
from fireside.hearth.people import Role
from fireside.incidents.models import Attempt, Decision, Incident

IN_TROUBLE = ("incident",)


@command(
    "/doing",
    example="/doing roll the storefront back decision: D-3",
    title="What I am doing",
    where=IN_TROUBLE,
    role=Role.GUEST,
)
def doing(ask: Ask, what: Words, decision: Decision | None = None) -> Attempt:
    """Say what you are doing, so that nobody needs to ask and nobody does it twice."""
    here = Incident.open_in(ask.where())
    return Attempt.add(here, Attempt.Kind.DOING, what, by=ask.person, at=ask.at, decision=decision)


@command(
    "/done",
    example="/done doubled the workers, refusals went from 26% to 19%",
    title="What is done",
    where=IN_TROUBLE,
    role=Role.GUEST,
)
def done(ask: Ask, what: Words = "", attempt: Attempt | None = None) -> Attempt:
    """Say what is done. It ends what you said you were doing last, and your words say what came of it."""
    here = Incident.open_in(ask.where())
    doing = _own(attempt, here) or Attempt.doing_of(ask.person, here, what)
    if doing is not None:
        doing.end(what, by=ask.person, at=ask.at)
        return doing
    _need(what)
    return Attempt.add(here, Attempt.Kind.DONE, what, by=ask.person, at=ask.at)


@command(
    "/theory",
    example="/theory the queue is full",
    title="What it might be",
    where=IN_TROUBLE,
    role=Role.GUEST,
)
def theory(ask: Ask, what: Words) -> Attempt:
    """Say what it might be, before anybody acts on it. A theory can be ruled out later."""
    here = Incident.open_in(ask.where())
    return Attempt.add(here, Attempt.Kind.THEORY, what, by=ask.person, at=ask.at)


@command(
    "/ruled-out",
    example="/ruled-out the bank, a test charge went through",
    title="What it is not",
    where=IN_TROUBLE,
    role=Role.GUEST,
)
def ruled_out(ask: Ask, what: Words = "", theory: Attempt | None = None) -> Attempt:
    """Say what it is not and how you know, so that nobody looks there again."""
    here = Incident.open_in(ask.where())
    open_theory = _own(theory, here) or Attempt.theory_of(here, what)
    if open_theory is not None:
        open_theory.end(what, by=ask.person, at=ask.at)
        return open_theory
    _need(what)
    return Attempt.add(here, Attempt.Kind.RULED_OUT, what, by=ask.person, at=ask.at)


@command(
    "/decide",
    example="/decide roll back to v41 because: refusals tripled undo: deploy v42 know: refusals under 1%",
    title="Write a decision down",
    where=IN_TROUBLE,
    role=Role.GUEST,
)
def decide(
    ask: Ask,
    what: Words,
    because: Words = "",
    undo: Words = "",
    know: Words = "",
    told: Words = "",
    agreed: Words = "",
) -> Decision:
    """Write a decision in the register: why, the way back, how you will know, who was told, who agreed."""
    here = Incident.open_in(ask.where())
    return Decision.begin(
        here, ("made", f"Decided {{name}}: {what}"), by=ask.person, at=ask.at,
        what=what, because=because, undo=undo, know=know, told=told, agreed=agreed,
    )  # fmt: skip


@command(
    "/withdraw",
    example="/withdraw D-3 because: it made no difference",
    title="Take a decision back",
    where=IN_TROUBLE,
    role=Role.GUEST,
)
def withdraw(ask: Ask, decision: Decision, because: Words = "") -> Decision:
    """Say that a decision no longer holds. It stays in the register, with the reason."""
    Incident.open_in(ask.where())
    decision.take_back(because, by=ask.person, at=ask.at)
    return decision


def _own(attempt: Attempt | None, here: Incident) -> Attempt | None:
    if attempt is not None and attempt.incident_id != here.pk:
        raise Sorry("This stands on the board of another incident.")
    return attempt


def _need(what: str) -> None:
    if not what:
        raise Sorry("There are no words in this yet. What is it?", field="what")
