"""Traces: one command from its request to the jobs that follow, as a real collector is told of it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import DatabaseError
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from fireside.config import spans, telemetry
from fireside.config.tests.test_front import ask
from fireside.hearth import traces
from fireside.hearth.commands import Ask, Missing, say_line
from fireside.hearth.models import Entry, Key, Person, Room
from fireside.hearth.workflows import settle
from tests.observing import Collector, attributes, logged, stumbling

pytestmark = pytest.mark.django_db(transaction=True)

WORD = "woozle"
CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector().open() as found:
        traces.maker = spans.to(found.url)
        try:
            yield found
        finally:
            traces.maker = None


def told(collector: Collector) -> list[Span]:
    """Everything that was made so far, as it came over the wire."""
    telemetry.end()
    traces.maker = None
    return collector.spans


def up(span: Span, by_id: dict[bytes, Span]) -> list[str]:
    """The names of the spans a span stands in, the nearest first."""
    names = []
    while span.parent_span_id in by_id:
        span = by_id[span.parent_span_id]
        names.append(span.name)
    return names


def test_a_command_is_one_trace_from_its_request_to_what_follows(
    collector: Collector, room: Room, ana: Person
) -> None:
    secret = Key.make(ana, "a program")[1]
    body = json.dumps({"what": f"the {WORD} escaped", "room": room.slug}).encode()
    status, answer = ask(
        "/api/do/incident", "POST", body, authorization=f"Bearer {secret}", traceparent=CALLER,
        content_type="application/json", x_request_id="the-request",
    )  # fmt: skip
    assert status == 200, answer
    settle()
    all_spans = told(collector)
    by_id = {span.span_id: span for span in all_spans}
    [request] = collector.named("request")
    [command] = collector.named("command")
    jobs = [job for job in collector.named("job") if job.trace_id == command.trace_id]
    assert attributes(request) == {
        "http.route": "/api/do/<str:verb>", "http.response.status_code": 200, "id": "the-request",
    }  # fmt: skip
    assert request.trace_id.hex() == CALLER.split("-")[1]
    assert request.parent_span_id.hex() == CALLER.split("-")[2]
    assert attributes(command) == {"verb": "incident", "door": "api"}
    assert up(command, by_id) == ["request"]
    assert jobs
    assert all(up(job, by_id)[-2:] == ["command", "request"] for job in jobs)
    inserts = collector.named("database INSERT")
    assert any(up(insert, by_id)[:1] == ["command"] for insert in inserts)
    assert WORD.encode() not in collector.bytes
    assert ana.name.encode() not in collector.bytes
    assert room.slug.encode() not in collector.bytes


def test_what_breaks_is_told_by_its_kind_alone(collector: Collector, room: Room, ana: Person) -> None:
    broken = {"value": ValueError, "sql": DatabaseError, "cause": RuntimeError}
    for way, error in broken.items():
        with stumbling(), logged(), pytest.raises(error):
            say_line(Ask(ana, room), f"/stumble {way} over: {WORD}")
    told(collector)
    status = [span.status for span in collector.named("command")]
    assert all(one.code == Status.STATUS_CODE_ERROR for one in status)
    assert (status[0].message, status[2].message) == ("ValueError", "RuntimeError")
    assert WORD.encode() not in collector.bytes


def test_a_sorry_is_no_trouble_of_ours(collector: Collector, room: Room, ana: Person) -> None:
    assert ask("/healthz")[0] == 200
    with pytest.raises(Missing, match="decide"):
        say_line(Ask(ana, room), "/decide")
    told(collector)
    assert [span.status.code for span in collector.named("command")] == [Status.STATUS_CODE_UNSET]
    assert collector.named("request") == []


def test_without_being_asked_for_nothing_of_it_is_kept_or_loaded(room: Room, ana: Person) -> None:
    assert traces.maker is None
    room.say("hello", by=ana)
    assert not any("trace" in entry.data for entry in Entry.objects.all())
    loaded = subprocess.run(
        [sys.executable, "-c", "import django, sys; django.setup(); import fireside.config.asgi;"
         "print([name for name in sys.modules if name.startswith('opentelemetry')])"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert loaded.stdout.strip() == "[]"


def test_where_opentelemetry_is_missing_the_log_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, db: Any
) -> None:
    monkeypatch.setitem(sys.modules, "fireside.config.spans", None)
    with logged() as log:
        telemetry.begin("http://127.0.0.1:9")
    assert "install fireside[otel]" in log.getvalue()
    assert traces.maker is None
