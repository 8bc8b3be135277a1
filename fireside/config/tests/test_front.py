"""The front of the house: what is too large, and what machines ask about how it is doing."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from prometheus_client import Metric, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from fireside.alerts.models import Source
from fireside.alerts.tests.machines import arrive, told, webhook
from fireside.config import asgi, metrics
from fireside.config.numbers import Number
from fireside.config.window import open_at
from fireside.hearth.keys import Key
from fireside.hearth.rooms import Room

pytestmark = pytest.mark.django_db(transaction=True)


def ask(
    path: str, method: str = "GET", body: bytes = b"", client: str = "127.0.0.1", **headers: str
) -> tuple[int, str]:
    """What the front answers to one request."""
    named = [(name.replace("_", "-").encode(), words.encode()) for name, words in headers.items()]
    scope = {
        "type": "http", "method": method, "path": path, "raw_path": path.encode(), "query_string": b"",
        "headers": named, "client": (client, 1), "server": ("127.0.0.1", 8000), "scheme": "http",
        "http_version": "1.1", "root_path": "",
    }  # fmt: skip
    heard: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(event: Any) -> None:
        heard.append(event)

    asyncio.run(asgi.app(scope, receive, send))
    return heard[0]["status"], b"".join(event.get("body", b"") for event in heard).decode()


@pytest.fixture(autouse=True)
def _no_worker() -> Iterator[None]:
    metrics.database.forget()
    yield
    metrics.working = None


def test_words_that_are_too_many_are_refused_whether_their_length_is_told_or_not() -> None:
    large = b"x" * (asgi.WORDS + 1)
    assert ask("/rooms/incidents/", "POST", large)[0] == 413
    status, words = ask("/rooms/incidents/", "POST", b"", content_length=str(len(large)))
    assert status == 413
    assert "larger than what fits here" in words


def test_a_page_that_hangs_is_answered_with_the_form_that_was_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    async def pages(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(asgi, "pages", pages)
    monkeypatch.setattr(asgi, "LATEST", 0.05)
    form = {"content_type": "application/x-www-form-urlencoded"}
    status, words = ask("/rooms/incidents/", "POST", b"words=the+queue&key=k1", **form)
    assert status == 503
    assert "the queue</textarea>" in words
    assert 'name="key" value="k1"' in words
    status, words = ask("/api/do/say", "POST", b"{}", content_type="application/json")
    assert status == 503
    assert json.loads(words)["error"].startswith("The database does not answer")


def test_the_house_is_alive_whatever_is_wrong_with_it() -> None:
    metrics.working = lambda: False
    assert ask("/healthz") == (200, "ok\n")


def test_it_is_ready_with_a_database_that_is_up_to_date_and_a_worker_where_one_should_be() -> None:
    assert ask("/readyz") == (200, "ready\n")
    metrics.working = lambda: True
    assert ask("/readyz") == (200, "ready\n")
    metrics.working = lambda: False
    assert ask("/readyz") == (503, "the worker has stopped\n")
    metrics.working = None
    recorder = MigrationRecorder(connection)
    recorder.record_unapplied("alerts", "0001_first")
    assert ask("/readyz") == (503, "the database is not up to date\n")
    recorder.record_applied("alerts", "0001_first")
    assert ask("/readyz") == (200, "ready\n")


def test_a_house_that_is_about_to_close_asks_for_nobody_new(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "leaving", True)
    assert ask("/readyz") == (503, "the house is about to close here\n")
    assert ask("/healthz")[0] == 200


def test_a_process_without_a_door_has_a_window(ana) -> None:
    window = open_at("127.0.0.1", 0)
    try:
        at = f"http://127.0.0.1:{window.server_port}"
        assert httpx.get(f"{at}/healthz").text == "ok\n"
        metrics.working = lambda: False
        assert (httpx.get(f"{at}/readyz").status_code, httpx.get(f"{at}/readyz").text) == (
            503, "the worker has stopped\n",
        )  # fmt: skip
        numbers = httpx.get(f"{at}/metrics?x=y")
        assert "process_cpu_seconds_total" in numbers.text
        assert numbers.headers["content-type"].startswith("text/plain; version=")
        assert httpx.get(f"{at}/metrics", headers={"X-Forwarded-For": "192.0.2.7"}).status_code == 401
        assert httpx.get(f"{at}/rooms/").status_code == 404
        assert httpx.post(f"{at}/metrics").status_code == 501
    finally:
        window.shutdown()
        window.server_close()


def test_numbers_are_in_the_format_prometheus_reads(room, ana) -> None:
    for _ in range(3):
        room.say("hello", by=ana)
    arrive(Source.make("Prometheus")[0], webhook(told()))
    status, text = ask("/metrics")
    assert status == 200
    families = {family.name: family for family in text_string_to_metric_families(text)}
    assert all(family.documentation for family in families.values())
    assert families["fireside_http_requests"].type == "counter"
    assert families["fireside_http_request_duration_seconds"].type == "histogram"
    assert "fireside_messages_total " in text
    assert "fireside_deliveries_waiting 1.0\n" in text
    assert 'fireside_jobs{state="set aside"}' in text


class Large:
    def collect(self) -> Iterator[Metric]:
        yield Number("fireside_large", "Large.", dict).metric({"": 12345678901})


def test_a_large_number_keeps_its_last_digit() -> None:
    assert float(generate_latest(Large()).split()[-1]) == 12345678901


def test_the_intake_counts_what_it_took_and_refused(org) -> None:
    from fireside.alerts import intake

    intake.start()
    try:
        secret = Source.make("Prometheus")[1]
        before = intake.taken()
        assert ask("/hooks/alertmanager", "POST", webhook(told()), authorization=f"Bearer {secret}")[0] == 202
        assert ask("/hooks/alertmanager", "POST", webhook(told()))[0] == 401
        assert intake.taken() == before + 1
    finally:
        intake.stop()
    text = ask("/metrics")[1]
    assert f"fireside_deliveries_taken_total {before + 1}.0\n" in text
    assert 'fireside_deliveries_refused_total{status="401"}' in text


def test_numbers_are_for_this_machine_and_for_holders_of_a_key(ana) -> None:
    assert ask("/metrics", client="192.0.2.7")[0] == 401
    assert ask("/metrics", x_forwarded_for="192.0.2.7")[0] == 401
    secret = Key.make(ana, "prometheus")[1]
    assert ask("/metrics", client="192.0.2.7", authorization=f"Bearer {secret}")[0] == 200
    for less in ({"scopes": "act"}, {"rooms": [Room.make("til", by=ana)]}):
        secret = Key.make(ana, "less", **less)[1]
        assert ask("/metrics", client="192.0.2.7", authorization=f"Bearer {secret}")[0] == 401
