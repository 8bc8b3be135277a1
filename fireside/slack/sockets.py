"""Socket Mode: two connections to Slack from wherever we are, so that one can drop and nobody notices."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from django.conf import settings

from fireside.slack.calls import client, proxy

if TYPE_CHECKING:
    from slack_bolt.adapter.socket_mode import SocketModeHandler

CONNECTIONS = 2
PING = 2.0  # seconds; after four without an answer the library connects anew
THREADS = 16  # requests answered at the same time on one connection
AGAIN = 5.0  # seconds between tries while Slack cannot be reached

log = logging.getLogger(__name__)


class Sockets:
    """The connections of this process; they begin in threads of their own and look after themselves."""

    def __init__(self) -> None:
        self._handlers: list[SocketModeHandler] = []
        self._ending = threading.Event()
        self._threads = [
            threading.Thread(target=self._connect, name=f"slack-socket-{n}", daemon=True)
            for n in range(CONNECTIONS)
        ]

    def begin(self) -> None:
        for thread in self._threads:
            thread.start()

    def connected(self) -> int:
        """How many of them stand now."""
        return sum(bool(handler.client.is_connected()) for handler in self._handlers)

    def end(self) -> None:
        self._ending.set()
        for handler in self._handlers:
            with handler.client.connect_operation_lock:  # not while it is between two connections
                handler.client.auto_reconnect_enabled = False
                handler.close()  # type: ignore[no-untyped-call]

    def _connect(self) -> None:
        from slack_bolt.adapter.socket_mode import SocketModeHandler  # heavy

        from fireside.slack.door import app

        found = app()
        if found is None:
            return
        handler = SocketModeHandler(
            found, settings.SLACK["APP_TOKEN"], logger=log, web_client=client(), ping_interval=PING,
            concurrency=THREADS, proxy=proxy(settings.SLACK["API_URL"]),
        )  # fmt: skip
        while not self._ending.is_set():
            try:
                handler.connect()  # type: ignore[no-untyped-call]
            except Exception as error:  # noqa: BLE001 -- whatever it is, we are not connected and try again
                log.warning("Slack's socket cannot be opened (%s); trying again", error)
                self._ending.wait(AGAIN)
            else:
                self._handlers.append(handler)
                return
