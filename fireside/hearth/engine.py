"""The job engine, hidden behind a few verbs: start, jobs, retry, cancel, purge.

Jobs live in the same database as everything else. One worker at a time routes new entries and starts what is
due by itself; what lies ahead waits in a queue. The lock of a worker that died is free, by which another one
knows that it may take over.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
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

from fireside.hearth import timeline, workflows
from fireside.hearth.away import away
from fireside.hearth.deaths import leave_behind, to_run_again
from fireside.hearth.jobtable import begun, busy, database, patiently, table
from fireside.hearth.slots import alone, locks
from fireside.hearth.workflows import Job

NAME = "fireside"
VERSION = "fireside-1"  # only equal versions share jobs; change it when the arguments of `_job` change
QUEUE = "work"
THREADS = 8
CLAIM = 64  # jobs one look at the queue hands to the threads, so that a burst of timers is not late
TICK = 0.25  # seconds between looks for what another process noted
LOOK = 1.0  # seconds between looks at the clock and at the locks of other workers
SLOTS = 16  # workers at most
WAITS = (5, 30, 180, 1080, 6480)  # seconds before each new attempt; after the last the job is set aside
PATIENCE = 1.5  # seconds that what runs may take to finish when the worker is told to end
DEATHS = 5  # a job that was running this often when its worker died is set aside too
ASIDE = ("ERROR", "MAX_RECOVERY_ATTEMPTS_EXCEEDED")
WAITING = ("DELAYED", "ENQUEUED", "PENDING")
DONE = ("SUCCESS", "CANCELLED")

Unreachable = sa.exc.SQLAlchemyError  # the database does not answer the engine

log = logging.getLogger(__name__)
_running: set[str] = set()


@DBOS.workflow(name="job", max_recovery_attempts=DEATHS)
def _job(key: str, name: str, entry: int, attempt: int) -> None:
    """Run a job; what fails is tried again later, so that nothing stands behind it meanwhile."""
    _running.add(key)
    close_old_connections()
    try:
        patiently()
        workflows.run(name, entry)
    except Exception:
        log.exception("The workflow %s failed at attempt %s (%s)", name, attempt, key)
        if attempt > len(WAITS):
            raise
        while not _is_put_off(key, name, entry, attempt + 1, WAITS[attempt - 1]):
            time.sleep(LOOK)
    finally:
        close_old_connections()
        _running.discard(key)


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
    with SetWorkflowID(again), SetEnqueueOptions(delay_seconds=wait):
        DBOS.enqueue_workflow(QUEUE, _job, key, name, entry, attempt)


def start(job: Job) -> None:
    """Start what is due at once, keep what lies ahead; the engine refuses a key it knows."""
    wait = (job.due - timezone.now()).total_seconds()
    if wait > 0:
        _put_off(job.key, job.name, job.entry, 1, wait)
        return
    with SetWorkflowID(job.key):
        DBOS.start_workflow(_job, job.key, job.name, job.entry, 1)


class Worker:
    """The thread that routes, keeps time and takes over; and the engine underneath it."""

    def __init__(self) -> None:
        self._locks = locks()
        self._slot = next(slot for slot in map(_slot, range(SLOTS)) if self._locks.take(slot))
        self._kicked = threading.Event()
        self._ending = threading.Event()
        self._looked = 0.0
        self._minute = 0
        self._recurred: dict[str, str] = {}
        self._thread = threading.Thread(target=self._live, name="worker", daemon=True)

    def begin(self) -> None:
        """Start to work; OperationalError when the database goes away meanwhile; another may try."""
        try:
            self._launch()
        except sa.exc.SQLAlchemyError as error:
            DBOS.destroy()
            self._locks.close()
            if not away(error):
                raise
            raise OperationalError(str(error)) from error  # as Django would say it
        timeline.listen(self._kicked.set)
        self._thread.start()

    def _launch(self) -> None:
        leave_behind(self._slot)
        DBOS(
            config={
                "name": NAME,
                "application_version": VERSION,
                "executor_id": self._slot,
                "system_database_engine": database(),
                "serializer": DBOSPortableJSONSerializer(),
                "max_executor_threads": THREADS,
                "use_listen_notify": False,
                "console_log_level": "ERROR",
            }
        )
        with alone("engine"):  # two who bring its tables up to date at once stand in each other's way
            DBOS.launch()
        DBOS.register_queue(QUEUE, worker_concurrency=CLAIM, polling_interval_sec=1)

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

    def _live(self) -> None:
        while not self._ending.is_set():
            self._kicked.wait(TICK)
            self._kicked.clear()
            try:
                if self._locks.take("router"):
                    self._route()
            except (DatabaseError, sa.exc.SQLAlchemyError):
                log.exception("The worker could not reach the database and tries again")
                connection.close()
                self._ending.wait(1)
        connection.close()

    def _route(self) -> None:
        while workflows.route(start):
            pass
        if time.monotonic() - self._looked >= LOOK:
            self._looked = time.monotonic()
            self._take_over()
            self._recur()

    def _recur(self) -> None:
        if (minute := int(time.time() // 60)) == self._minute:
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
                if name := to_run_again(slot):
                    DBOS._recover_pending_workflows([name])
                self._locks.free(slot)


def _slot(number: int) -> str:
    return f"slot-{number}"


# -- what keepers ask --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Known:
    """A job as the engine knows it."""

    key: str
    name: str
    state: str  # "waiting", "running", "done", "set aside" or "cancelled"
    attempt: int
    at: datetime
    error: str


STATES = {
    "DELAYED": "waiting", "ENQUEUED": "waiting", "PENDING": "running", "SUCCESS": "done",
    "CANCELLED": "cancelled", "ERROR": "set aside", "MAX_RECOVERY_ATTEMPTS_EXCEEDED": "set aside",
}  # fmt: skip


@cache
def _client() -> DBOSClient:
    return DBOSClient(
        system_database_engine=database(), serializer=DBOSPortableJSONSerializer(), application_name=NAME
    )


def jobs(*statuses: str, most: int = 100) -> list[Known]:
    """The newest jobs that wait or run and those that were set aside, or those with the given statuses."""
    if not begun():
        return []
    found = _client().list_workflows(status=[*(statuses or WAITING + ASIDE)], limit=most, sort_desc=True)
    return [_known(row) for row in found]


def _known(row: WorkflowStatus) -> Known:
    _key, name, _entry, attempt = row.input["args"] if row.input else (row.workflow_id, "", 0, 1)
    moment = row.delay_until_epoch_ms or row.created_at or 0
    state = STATES[row.status]
    at = datetime.fromtimestamp(moment / 1000, UTC)
    return Known(row.workflow_id, name, state, attempt, at, str(row.error or ""))


def retry(key: str) -> bool:
    """Run a job that was set aside once more, with all its attempts before it; False when there is none."""
    found = begun() and _client().list_workflows(workflow_ids=[key], status=[*ASIDE])
    if not found or not found[0].input:
        return False
    first, name, entry, _attempt = found[0].input["args"]
    _client().enqueue(
        {"workflow_name": "job", "queue_name": QUEUE, "app_version": VERSION,
         "workflow_id": f"{first}~again-{time.time_ns()}"},
        first, name, entry, 1,
    )  # fmt: skip
    _client().delete_workflows([key])
    return True


def cancel(key: str) -> bool:
    """End a job that is waiting; False when there is none."""
    waiting = ["DELAYED", "ENQUEUED"]
    if not begun() or not _client().list_workflows(workflow_ids=[key], status=waiting, load_input=False):
        return False
    _client().cancel_workflow(key)
    return True


def purge(age: timedelta) -> int:
    """Forget jobs that ended so long ago; those set aside stay until somebody has looked at them."""
    before, gone = (timezone.now() - age).isoformat(), 0
    if not begun():
        return gone
    while rows := _client().list_workflows(
        status=[*DONE], completed_before=before, limit=500, load_input=False, load_output=False
    ):
        _client().delete_workflows([row.workflow_id for row in rows])
        gone += len(rows)
    return gone


def counts() -> dict[str, int]:
    """How many jobs there are in each state."""
    rows = table()
    found = dict.fromkeys(STATES.values(), 0)
    if not begun():
        return found
    with database().connect() as session:
        for status, count in session.execute(
            sa.select(rows.c.status, sa.func.count()).group_by(rows.c.status)
        ):
            found[STATES[status]] += count
    return found
