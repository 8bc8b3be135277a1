"""What keepers do about work that failed too often: see it, let it run again, or let it go.

Both are asked for by an entry, and done by a worker that hears of it: the web never loads the job engine.
"""

from __future__ import annotations

from django.urls import reverse

from fireside.hearth import jobs
from fireside.hearth.cards import Card, Code, Text, text
from fireside.hearth.commands import Ask, Sorry, Whisper, command
from fireside.hearth.kinds import Word
from fireside.hearth.people import Role
from fireside.hearth.timeline import note

LISTED = 12  # jobs that fit into one whisper


@command("/jobs", example="/jobs", title="See work that waits", shows=True, role=Role.KEEPER)
def list_jobs(ask: Ask) -> Whisper:
    """See what failed too often and was set aside, and how much waits for its time. Keepers can do this."""
    aside, waiting = jobs.set_aside(LISTED), sum(kind.count for kind in jobs.waiting())
    return Whisper(card=Card(
        title=text("Work that waits"), icon="list-checks",
        body=tuple(map(_line, aside)) or (text("Nothing was set aside."),),
        facts={"Waits for its time": text("{count}", count=waiting)}, link=reverse("settings-jobs"),
    ))  # fmt: skip


@command(
    "/retry-job",
    example="/retry-job entry:12:incidents.gather_round~6",
    title="Try a job again",
    role=Role.KEEPER,
)
def retry_job(ask: Ask, job: Word) -> Whisper:
    """Let a job that was set aside run again, with all its attempts before it. Keepers can do this."""
    _set_aside(ask, job)
    note("job.retried", f"asked for {job} to run again", by=ask.person, job=job)
    return Whisper("It runs again in a moment.")


@command(
    "/let-job-go",
    example="/let-job-go entry:12:incidents.gather_round~6",
    title="Let a job go",
    role=Role.KEEPER,
)
def let_job_go(ask: Ask, job: Word) -> Whisper:
    """Forget a job that was set aside; what it meant to do will not happen. Keepers can do this."""
    _set_aside(ask, job)
    note("job.let_go", f"let {job} go", by=ask.person, job=job)
    return Whisper("It is let go, and will not run.")


def _line(job: jobs.Known) -> Text:
    return text("{key}: {why}", key=Code(job.key), why=job.reason)


def _set_aside(ask: Ask, job: str) -> None:
    if not jobs.is_set_aside(job):
        raise Sorry(f"No job that was set aside is called {job}. /jobs lists them.", field="job")
