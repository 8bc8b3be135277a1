"""What the house does about its own work: it forgets what is finished, and does what keepers ask for."""

from __future__ import annotations

from datetime import timedelta

from django.core.management import call_command

from fireside.hearth.timeline import Entry
from fireside.hearth.workflows import every, when

KEEP = timedelta(days=14)


@every(at="03:30")
def forget_finished_jobs() -> None:
    """Jobs that ended two weeks ago are forgotten; those set aside stay until someone has looked at them."""
    from fireside.hearth import engine  # heavy, and not every process runs it

    engine.purge(KEEP)


@every(at="03:40")
def forget_old_sessions() -> None:
    """Sign-ins that have expired are forgotten."""
    call_command("clearsessions")


@when("job.retried")
def run_job_again(entry: Entry) -> None:
    """A job that was set aside runs again when a keeper asks for it."""
    from fireside.hearth import engine

    engine.retry(entry.data["job"])


@when("job.let_go")
def let_job_go(entry: Entry) -> None:
    """A job that was set aside is forgotten when a keeper lets it go."""
    from fireside.hearth import engine

    engine.let_go(entry.data["job"])
