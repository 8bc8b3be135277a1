"""Socket Mode: two connections to Slack from wherever we are, so that one can drop and nobody notices."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import DatabaseError, connection

from fireside.slack.calls import client, proxy
from fireside.slack.installation import Installation

if TYPE_CHECKING:
    from slack_bolt.adapter.socket_mode import SocketModeHandler

CONNECTIONS = 2
PING = 2.0  # seconds
THREADS = 16  # requests answered at the same time on one connection
AGAIN = 15.0  # seconds between tries while Slack cannot be reached
LOOK = 1.0  # seconds between looks whether a connection still stands

log = logging.getLogger(__name__)
wire = logging.getLogger("fireside.slack.wire")  # what the library says of each try; quiet by default


class Sockets:
    """The connections of this process; each has a thread that opens it and sees that it stands."""

    def __init__(self) -> None:
        self._ending = threading.Event()
        self._threads = [
            threading.Thread(target=self._live, name=f"slack-socket-{n}", daemon=True)
            for n in range(CONNECTIONS)
        ]

    def begin(self) -> None:
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        self._ending.set()
        for thread in self._threads:
            thread.join(LOOK * 2)

    def _live(self) -> None:
        handler = _handler()
        if handler is None:
            return
        if self._opened(handler):
            while not self._ending.wait(LOOK):
                _look_after(handler)
        with handler.client.connect_operation_lock:  # not while it is between two connections
            handler.client.auto_reconnect_enabled = False
            handler.close()  # type: ignore[no-untyped-call]

    def _opened(self, handler: SocketModeHandler) -> bool:
        """Try until Slack lets us in; False when we are to end before that."""
        while not self._ending.is_set():
            try:
                handler.connect()  # type: ignore[no-untyped-call]
            except Exception as error:  # noqa: BLE001 -- whatever it is, we are not connected and try again
                _tell(_reason(error))
                self._ending.wait(AGAIN)
            else:
                _tell("")
                return True
        return False


def _reason(error: Exception) -> str:
    """What Slack says of SLACK_APP_TOKEN, or that it does not answer."""
    code = getattr(error, "response", {}).get("error", "")
    return f"Slack does not take SLACK_APP_TOKEN: {code}" if code else "Slack's socket cannot be opened"


def _tell(why: str) -> None:
    """Let those who look after Slack know whether anything comes in; in the log once for each change."""
    try:
        if Installation.living().exclude(deaf=why).update(deaf=why[:200]):
            log.log(logging.WARNING if why else logging.INFO, why or "Slack's socket is open")
    except DatabaseError:
        log.exception("How it stands with Slack's socket could not be written down")
    finally:
        connection.close()


def _handler() -> SocketModeHandler | None:
    from slack_bolt.adapter.socket_mode import SocketModeHandler  # heavy

    from fireside.slack.door import app

    found = app()
    if found is None:
        return None
    return SocketModeHandler(
        found, settings.SLACK["APP_TOKEN"], logger=wire, web_client=client(), ping_interval=PING,
        concurrency=THREADS, proxy=proxy(settings.SLACK["API_URL"]),
    )  # fmt: skip


def _look_after(handler: SocketModeHandler) -> None:
    """After a sign of life that could not be sent the library waits for four more; there is no need to."""
    session = handler.client.current_session
    if session is not None and session.consecutive_check_state_error_count:
        log.warning("A connection to Slack was cut, and is opened anew")
        session.disconnect()
