"""One process that is the whole house: it prepares the database, listens, works, and leaves in order."""

from __future__ import annotations

import asyncio
import errno
import gc
import hashlib
import logging
import os
import resource
import signal
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import uvloop
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.db import DatabaseError, OperationalError

from fireside.config import logs, migrating, notify, telemetry
from fireside.hearth.slots import alone

if TYPE_CHECKING:
    from fireside.hearth.carrier import Carrier
    from fireside.hearth.engine import Worker
    from fireside.slack.running import Running

MOST = 20_000  # requests and open pages at a time
PATIENCE = 2.5  # seconds that leaving may take
AGAIN = 1.0  # seconds between two tries to begin while the database does not answer

log = logging.getLogger(__name__)


class CannotServe(Exception):
    """Why we cannot begin, in one sentence that says what to do."""


def prepare() -> None:
    """Bring the database and the static files up to date; only one process does it at a time."""
    try:
        with alone("prepare"):
            migrating.refuse_newer()
            migrating.bring_up_to_date()
            _collect()
    except (migrating.TooNew, migrating.TooBusy) as error:
        raise CannotServe(str(error)) from error
    except OperationalError as error:
        raise CannotServe(f"The database cannot be opened: {str(error).strip()}") from error
    except OSError as error:
        raise CannotServe(f"{settings.DATA} cannot be written to: {error.strerror}.") from error


def _collect() -> None:
    """Gather static files again only when one of them has changed."""
    mark, now = settings.STATIC_ROOT / ".stamp", stamp()
    if not mark.exists() or mark.read_text() != now:
        call_command("collectstatic", verbosity=0, interactive=False, clear=True)
        mark.write_text(now)


def stamp() -> str:
    found = hashlib.sha256()
    for finder in get_finders():
        for path, storage in finder.list([]):
            state = Path(storage.path(path)).stat()
            found.update(f"{path} {state.st_mtime_ns} {state.st_size}\n".encode())
    return found.hexdigest()


def check_port(host: str, port: int, option: str = "--port") -> None:
    """Say plainly when somebody else listens there already."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            taken = (
                f"is in use already; choose another with {option}"
                if error.errno == errno.EADDRINUSE
                else error.strerror
            )
            raise CannotServe(f"Port {port} on {host} {taken}.") from error


def serve(host: str, port: int, *, worker: bool, opened: Callable[[str], None]) -> None:
    """Listen until SIGTERM or SIGINT, and say when the door is open; with `worker` also run jobs here."""
    _allow_many_pages()
    _collect_less_often()
    logs.catch()
    uvloop.run(_serve(host, port, worker=worker, opened=opened))


def _allow_many_pages() -> None:
    """Every open page is an open file; take as many as the system lets us have."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _collect_less_often() -> None:
    """Looking for garbage among all that Django loaded took a sixth of the time of a storm of alerts."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


async def _serve(host: str, port: int, *, worker: bool, opened: Callable[[str], None]) -> None:
    from granian.constants import Interfaces
    from granian.server.embed import Server

    from fireside.config import asgi, metrics

    server = Server(
        asgi.app,
        host,
        port,
        interface=Interfaces.ASGINL,
        websockets=False,
        log_enabled=False,
        backlog=1024,
        backpressure=MOST,
    )
    loop, leaving = asyncio.get_running_loop(), asyncio.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, leaving.set)
    await asgi.start()
    serving = asyncio.create_task(server.serve())
    working = Working(jobs=worker, carries=worker)
    metrics.working = working.alive
    greeting = asyncio.create_task(_greet(host, port, opened))
    await asyncio.wait({serving, asyncio.create_task(leaving.wait())}, return_when=asyncio.FIRST_COMPLETED)
    greeting.cancel()
    metrics.leaving = True  # those who ask /readyz send nobody here from now on
    await asyncio.sleep(settings.LEAVE_AFTER)
    await asgi.stop()
    server.stop()  # type: ignore[no-untyped-call]
    await asyncio.wait([serving, asyncio.create_task(asyncio.to_thread(working.end))], timeout=PATIENCE)
    _leave()


async def _greet(host: str, port: int, opened: Callable[[str], None]) -> None:
    while True:
        try:
            _, writer = await asyncio.open_connection(host if host not in ("0.0.0.0", "::") else None, port)  # noqa: S104
        except OSError:
            await asyncio.sleep(0.01)
            continue
        writer.close()
        notify.tell("READY=1")
        opened(f"Fireside is open at {settings.PUBLIC_URL}")
        return


class Working:
    """What works beside the web: loaded in its own thread, so that pages need not wait for it."""

    def __init__(self, *, jobs: bool, carries: bool) -> None:
        self._jobs, self._carries = jobs, carries
        self._worker: Worker | None = None
        self._slack: Running | None = None
        self._carrier: Carrier | None = None
        self._began = False
        self.why = "The worker has stopped; the log says why."
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._live, name="worker-start", daemon=True)
        self._thread.start()

    def _live(self) -> None:
        while not self._began and not self._ending.is_set():
            try:
                self._begin()
            except DatabaseError as error:
                log.warning("Work begins when the database answers: %s", error)
                self._ending.wait(AGAIN)

    def _begin(self) -> None:
        if self._jobs and self._worker is None:
            from fireside.hearth.engine import Full, Worker

            try:
                worker = Worker()
            except Full as full:
                self.why = f"{full} End one of them, or start this with --only web."
                log.error(self.why)
                return
            worker.begin()
            self._worker = worker
        if self._jobs and self._carrier is None:
            self._carrier = _carrier()
        self._slack = _slack(carries=self._carries)
        self._began = True

    def alive(self) -> bool:
        """Does it begin, or work? Not when it could not begin, and not when it stopped."""
        parts = [part for part in (self._worker, self._carrier, self._slack) if part is not None]
        return self._thread.is_alive() or (self._began and all(part.alive() for part in parts))

    def end(self) -> None:
        self._ending.set()
        self._thread.join(PATIENCE)
        for part in (self._slack, self._carrier, self._worker):
            if part is not None:
                part.end()


def _carrier() -> Carrier:
    """Who brings entries to webhooks."""
    from fireside.hearth.carrier import Carrier
    from fireside.web.api.outgoing import told

    carrier = Carrier(told)
    carrier.begin()
    return carrier


def check_slack() -> None:
    """Say plainly that there is nothing to carry."""
    if not _is_connected():
        raise CannotServe("Slack is not set up: docs/slack.md says how, and SLACK_BOT_TOKEN begins it.")


def _is_connected() -> bool:
    return bool(settings.SLACK["BOT_TOKEN"] or settings.SLACK["CLIENT_ID"])


def _slack(*, carries: bool) -> Running | None:
    """The Slack door, where Slack is set up at all."""
    if not _is_connected():
        return None
    from fireside.slack.running import Running

    return Running(carries=carries)


def work(*, jobs: bool = True, window: tuple[str, int | None]) -> None:
    """Only run jobs and carry words to Slack (without `jobs` only the latter), until SIGTERM or SIGINT."""
    from fireside.config import metrics
    from fireside.config.window import open_at

    logs.catch()
    leaving = threading.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_: leaving.set())
    working = Working(jobs=jobs, carries=True)
    metrics.working = working.alive
    host, port = window
    if port is not None:
        open_at(host, port)
    while not leaving.wait(1):
        if not working.alive():  # whoever started us starts us again
            raise CannotServe(working.why)
    metrics.leaving = True
    working.end()
    _leave()


def _leave() -> None:
    """End the process; threads that are still busy are not waited for, what they did is taken up again."""
    telemetry.end()
    logging.shutdown()
    sys.stdout.flush()
    os._exit(0)
