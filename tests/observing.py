"""What leaves the house for those who run it, caught for a look: log lines, traces, numbers."""

from __future__ import annotations

import copy
import io
import logging.config
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from fireside.hearth.commands import Ask, book, command
from fireside.hearth.kinds import Words
from fireside.hearth.models import Room


@contextmanager
def logged(form: str = "line", level: str = "DEBUG") -> Iterator[io.StringIO]:
    """The log as the settings make it, at this level and in this form, into a string."""
    told = io.StringIO()
    wanted = copy.deepcopy(settings.LOGGING)
    for handler in wanted["handlers"].values():
        handler |= {"stream": told, "formatter": form}
    wanted["loggers"]["fireside"]["level"] = level
    logging.config.dictConfig(wanted)
    try:
        yield told
    finally:
        logging.config.dictConfig(settings.LOGGING)


class Collector:
    """Takes traces by OTLP over HTTP, as a collector does, and keeps them."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self.bytes = b""
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                assert self.path == "/v1/traces"
                body = self.rfile.read(int(self.headers["Content-Length"]))
                collector.take(body)
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args: object) -> None:
                """Nobody reads this log."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def take(self, body: bytes) -> None:
        told = ExportTraceServiceRequest.FromString(body)
        self.bytes += body
        for resource in told.resource_spans:
            for scope in resource.scope_spans:
                self.spans += scope.spans

    def named(self, name: str) -> list[Span]:
        return [span for span in self.spans if span.name == name]

    @contextmanager
    def open(self) -> Iterator[Collector]:
        thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()


def attributes(span: Span) -> dict[str, Any]:
    return {
        pair.key: pair.value.string_value or pair.value.int_value or pair.value.bool_value
        for pair in span.attributes
    }


@contextmanager
def stumbling() -> Iterator[None]:
    """For a while there is /stumble, which breaks with the words it is given in every way we know of."""

    def stumble(ask: Ask, how: Words, over: Words = "") -> None:
        """Break in this way, with these words."""
        WAYS[how](over)

    command("/stumble", example="/stumble value over: a stone")(stumble)
    try:
        yield
    finally:
        del book._commands["stumble"]


def _cause(words: str) -> None:
    try:
        WAYS["value"](words)
    except ValueError as error:
        raise RuntimeError(f"cannot go on with {words}") from error


def _twice(words: str) -> None:
    for _ in range(2):
        Room.objects.create(slug=words[:40], purpose="other")


def _sql(words: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM nowhere WHERE words = %s", [words])


WAYS: dict[str, Callable[[str], object]] = {
    "value": lambda words: int(words),
    "key": lambda words: {}[words],
    "file": lambda words: Path(words[:40]).read_text(),
    "cause": _cause,
    "twice": _twice,
    "sql": _sql,
    "number": lambda words: Room.objects.get(pk=words),
}
