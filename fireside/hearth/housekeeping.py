"""What the house does by itself at night, letting go what is old, and what keepers ask it to do."""

from __future__ import annotations

from fireside.hearth import forgetting, guests, keeping, leaving_people, leaving_rooms
from fireside.hearth.timeline import Entry
from fireside.hearth.workflows import every, when


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


@every(minutes=1)
def let_guests_go() -> None:
    """Everybody hears that a guest's last day has passed; that they are out needs no noting."""
    guests.let_go_of_all_that_are_over()


@when("job.retried")
def run_job_again(entry: Entry) -> None:
    """A job that was set aside runs again when a keeper asks for it."""
    from fireside.hearth import engine  # heavy, and not every process runs it

    engine.retry(entry.data["job"])


@when("job.let_go")
def let_job_go(entry: Entry) -> None:
    """A job that was set aside is forgotten when a keeper lets it go."""
    from fireside.hearth import engine

    engine.let_go(entry.data["job"])
