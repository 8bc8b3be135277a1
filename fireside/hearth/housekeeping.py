"""What the house does by itself at night: lets go what is old enough, and who and what asked to go."""

from __future__ import annotations

from fireside.hearth import forgetting, keeping, leaving_people, leaving_rooms
from fireside.hearth.workflows import every


@every(at="03:10")
def let_people_and_rooms_go() -> None:
    """People and rooms that were deleted two weeks ago are gone for good."""
    leaving_rooms.let_rooms_go()
    leaving_people.let_people_go()
    forgetting.tidy()


@every(at="03:30")
def let_go_of_what_is_old() -> None:
    """What keepers do not want to keep any longer goes, in small steps; the audit trail tells how much."""
    keeping.let_go()
    forgetting.tidy()
