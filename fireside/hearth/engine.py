"""The job engine, hidden behind a few verbs: start, retry, let_go, cancel, forget.

Jobs live in the same database as everything else. One worker at a time routes new entries and starts what is
due by itself; what lies ahead waits in a queue. The lock of a worker that died is free, by which another one
knows that it may take over.
"""

from __future__ import annotations

import logging
import threading
import time
from datetime import timedelta
from functools import cache

import sqlalchemy as sa
from dbos import (
    DBOS,
    DBOSClient,
    DBOSPortableJSONSerializer,
    SetEnqueueOptions,
    SetWorkflowID,
    WorkflowStatus,
)
from django.db import DatabaseError, OperationalError, close_old_connections, connection
from django.utils import timezone

from fireside.hearth import errand, timeline, workflows
from fireside.hearth.away import away
from fireside.hearth.jobs import ASIDE, begun, jobs
from fireside.hearth.jobtable import busy, database, part, patiently
from fireside.hearth.slots import alone, locks
from fireside.hearth.workflows import Job

NAME = "fireside"
VERSION = "fireside-1"  # only equal versions share jobs, so it stays: a new argument of `_job` has a default
QUEUE = "work"
CLAIM = 16  # timers that run at a time
THREADS = CLAIM + 4  # so that a reaction finds a free thread however many timers are due
TICK = 0.25  # seconds between looks for what another process noted
POLL = 0.2  # seconds between looks at the queue
LOOK = 1.0  # seconds between looks at the clock and at the locks of other workers
HANGS = timedelta(seconds=10)  # what the router left undone for so long, the others do as well
SLOTS = 16  # workers at most
WAITS = (5, 30, 180, 1080, 6480)  # seconds before each new attempt; after the last the job is set aside
PATIENCE = 1.5  # seconds that what runs may take to finish when the worker is told to end
DEATHS = 5  # a job that was running this often when its worker died is set aside too
DONE = ("SUCCESS", "CANCELLED")

Unreachable = sa.exc.SQLAlchemyError  # the database does not answer the engine

__all__ = ["ASIDE", "Worker", "cancel", "ended", "forget", "jobs", "let_go", "retry", "start"]

log = logging.getLogger(__name__)
_running: set[str] = set()


@DBOS.workflow(name="job", max_recovery_attempts=DEATHS - 1)
def _job(key: str, name: str, entry: int, attempt: int) -> None:
    """Run a job; what fails is tried again later, so that nothing stands behind it meanwhile."""
    _running.add(key)
    close_old_connections()
    try:
        with errand.run("job", key):
            _try(key, name, entry, attempt)
    finally:
        close_old_connections()
        _running.discard(key)


def _try(key: str, name: str, entry: int, attempt: int) -> None:
    try:
        patiently()
        workflows.run(name, entry)
    except Exception:
        log.exception("The workflow %s failed at attempt %s (%s)", name, attempt, key)
        if attempt > len(WAITS):
            raise
        while not _is_put_off(key, name, entry, attempt + 1, WAITS[attempt - 1]):
            time.sleep(LOOK)


def _is_put_off(key: str, name: str, entry: int, attempt: int, wait: float) -> bool:
    """What failed because nothing can be written, a full disk say, cannot be put off either just now."""
    try:
        _put_off(key, name, entry, attempt, wait)
    except sa.exc.SQLAlchemyError as error:
        if not away(error):
            raise
        return False
    return True


def _put_off(key: str, name: str, entry: int, attempt: int, wait: float) -> None:
    again = key if attempt == 1 else f"{key}~{attempt}"
    with SetWorkflowID(again), SetEnqueueOptions(delay_seconds=wait or None):
        DBOS.enqueue_workflow(QUEUE, _job, key, name, entry, attempt)


def start(job: Job) -> None:
    """Start what is due at once, keep what lies ahead; the engine refuses a key it knows."""
    wait = (job.due - timezone.now()).total_seconds()
    if wait > 0:
        _put_off(job.key, job.name, job.entry, 1, wait)
        return
    with SetWorkflowID(job.key):
        DBOS.start_workflow(_job, job.key, job.name, job.entry, 1)


class Full(Exception):
    """There is no place for one more worker."""


class Worker:
    """The thread that routes, keeps time and takes over; and the engine underneath it."""

    def __init__(self) -> None:
        self._locks = locks()
        self._slot = self._free_slot()
        self._kicked = threading.Event()
        self._ending = threading.Event()
        self._looked = 0.0
        self._minute = 0
        self._recurred: dict[str, str] = {}
        self._thread = threading.Thread(target=self._live, name="worker", daemon=True)

    def begin(self) -> None:
        """Start to work; OperationalError when the database goes away meanwhile; another may try."""
        try:
            if begun():
                part(self._slot, QUEUE)
            _launch(self._slot)
            DBOS.register_queue(QUEUE, worker_concurrency=CLAIM, polling_interval_sec=POLL)
        except sa.exc.SQLAlchemyError as error:
            DBOS.destroy()
            self._locks.close()
            if not away(error):
                raise
            raise OperationalError(str(error)) from error  # as Django would say it
        timeline.listen(self._kicked.set)
        self._thread.start()

    def alive(self) -> bool:
        return self._thread.is_alive()

    def end(self) -> None:
        """Finish what runs, if that is soon; the next worker takes up the rest."""
        self._ending.set()
        self._kicked.set()
        latest = time.monotonic() + PATIENCE
        self._thread.join(PATIENCE)
        while _running and time.monotonic() < latest:
            time.sleep(0.02)
        DBOS.destroy()
        self._locks.close()

    def _free_slot(self) -> str:
        for slot in (f"slot-{number}" for number in range(SLOTS)):
            if self._locks.take(slot):
                return slot
        self._locks.close()
        raise Full(f"{SLOTS} workers run on this database already, and there is no place for one more.")

    def _live(self) -> None:
        while not self._ending.is_set():
            self._kicked.wait(TICK)
            self._kicked.clear()
            try:
                self._work(routes=self._locks.take("router"))
            except (DatabaseError, sa.exc.SQLAlchemyError):
                log.exception("The worker could not reach the database and tries again")
                connection.close()
                self._ending.wait(1)
        connection.close()

    def _work(self, *, routes: bool) -> None:
        """The router does all of this at once, the others what it left: it may hang, and keys allow two."""
        looks = time.monotonic() - self._looked >= LOOK
        if routes or (looks and workflows.is_left(timezone.now() - HANGS)):
            while workflows.route(start):
                pass
        if looks:
            self._looked = time.monotonic()
            self._take_over()
            self._recur(timedelta() if routes else HANGS)

    def _recur(self, late: timedelta) -> None:
        if (minute := int((time.time() - late.total_seconds()) // 60)) == self._minute:
            return
        self._minute = minute
        for job in workflows.recurring_now(timezone.now()):
            if self._recurred.get(job.name) != job.key:
                start(job)
                self._recurred[job.name] = job.key

    def _take_over(self) -> None:
        """Let the jobs of workers whose lock is free run again; the engine counts how often that happened."""
        for slot in busy() - {self._slot}:
            if self._locks.take(slot):
                part(slot, QUEUE)
                DBOS._recover_pending_workflows([slot])
                self._locks.free(slot)


def _launch(slot: str) -> None:
    DBOS(
        config={
            "name": NAME,
            "application_version": VERSION,
            "executor_id": slot,
            "system_database_engine": database(),
            "serializer": DBOSPortableJSONSerializer(),
            "max_executor_threads": THREADS,
            "use_listen_notify": False,
            "console_log_level": "ERROR",
        }
    )
    with alone("engine"):  # two who bring its tables up to date at once stand in each other's way
        DBOS.launch()


def lay() -> None:
    """Make the engine's tables, or bring them up to date, without working on anything."""
    _launch("nobody")
    DBOS.destroy()
    database().dispose()


# -- what keepers ask --------------------------------------------------------------------------------------


@cache
def _client() -> DBOSClient:
    return DBOSClient(
        system_database_engine=database(), serializer=DBOSPortableJSONSerializer(), application_name=NAME
    )


def retry(key: str) -> bool:
    """Run a job that was set aside once more, with all its attempts before it; False when there is none."""
    found = _aside(key)
    if found is None or not found.input or not found.input["args"]:
        return False
    first, *rest = found.input["args"]
    again = _next_round(first)  # always the same for the same job, so that asking twice is asking once
    _client().enqueue(
        {"workflow_name": "job", "queue_name": QUEUE, "app_version": VERSION, "workflow_id": again},
        again, *rest[:-1], 1,
    )  # fmt: skip
    _client().delete_workflows([key])
    return True


def let_go(key: str) -> bool:
    """Forget a job that was set aside; False when there is none."""
    if _aside(key) is None:
        return False
    _client().delete_workflows([key])
    return True


def _aside(key: str) -> WorkflowStatus | None:
    found = begun() and _client().list_workflows(workflow_ids=[key], status=[*ASIDE])
    return found[0] if found else None


def _next_round(key: str) -> str:
    first, _, number = key.partition("~again")
    return f"{first}~again{int(number or 0) + 1}"


def cancel(key: str) -> bool:
    """End a job that is waiting; False when there is none."""
    waiting = ["DELAYED", "ENQUEUED"]
    if not begun() or not _client().list_workflows(workflow_ids=[key], status=waiting, load_input=False):
        return False
    _client().cancel_workflow(key)
    return True


def ended(age: timedelta, most: int) -> list[str]:
    """The keys of up to `most` jobs that ended so long ago; those set aside stay."""
    if not begun():
        return []
    rows = _client().list_workflows(
        status=[*DONE], completed_before=(timezone.now() - age).isoformat(), limit=most, load_input=False,
        load_output=False,
    )  # fmt: skip
    return [row.workflow_id for row in rows]


def forget(keys: list[str]) -> int:
    """Forget these jobs."""
    _client().delete_workflows(keys)
    return len(keys)
