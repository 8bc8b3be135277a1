"""What the house throws away by itself: finished jobs and sessions nobody will use again."""

from __future__ import annotations

from datetime import timedelta

from django.core.management import call_command

from fireside.hearth.workflows import every

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
