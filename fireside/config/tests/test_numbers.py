"""The numbers: what an operator sees of requests, alerts and what waits, and nothing of anybody."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, ProgrammingError, connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from fireside.alerts import intake
from fireside.alerts.models import Delivery, Source
from fireside.alerts.tests.machines import arrive, hear, told, webhook
from fireside.config import metrics, numbers
from fireside.config.tests.test_front import ask
from fireside.hearth import gauges
from fireside.hearth.commands import Ask, Sorry, say_line
from fireside.hearth.engine import Worker
from fireside.hearth.models import Cursor, Entry, Person, Room
from fireside.hearth.workflows import ROUTER, rest, settle
from tests.cave import NAME, SECRET, Cave
from tests.observing import stumbling

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = Path(__file__).resolve().parents[3]
RULES, BOARD = ROOT / "deploy/prometheus/fireside.rules.yml", ROOT / "deploy/grafana/fireside.json"


@pytest.fixture(autouse=True)
def _asked_anew() -> Iterator[None]:
    metrics.database.forget()
    yield
    metrics.database.forget()


def seen() -> dict[str, float]:
    """Every number of a scrape, by its name and labels."""
    metrics.database.forget()
    status, text = ask("/metrics")
    assert status == 200
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return {name: float(number) for name, number in (line.rsplit(" ", 1) for line in lines)}


def grown(before: dict[str, float], name: str) -> float:
    return seen().get(name, 0) - before.get(name, 0)


def asked(path: str, person: Person, method: str = "GET", body: bytes = b"", **headers: str) -> int:
    client = Client()
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return ask(path, method, body, cookie=f"sessionid={client.cookies['sessionid'].value}", **headers)[0]


def test_requests_are_counted_by_the_pattern_of_their_address(room: Room, ana: Person) -> None:
    before = seen()
    assert asked(f"/rooms/{room.slug}/", ana) == 200
    assert asked("/rooms/nowhere/", ana) == 404
    assert asked("/nowhere/at/all/", ana) == 404
    assert ask("/hooks/alertmanager/fi_secret", "POST")[0] == 503
    route = "/rooms/<slug:slug>/"
    for status in ("200", "404"):
        name = f'fireside_http_requests_total{{method="read",route="{route}",status="{status}"}}'
        assert grown(before, name) == 1
    name = 'fireside_http_requests_total{method="read",route="other",status="404"}'
    assert grown(before, name) == 1
    hook = 'fireside_http_requests_total{method="write",route="/hooks/alertmanager",status="503"}'
    assert grown(before, hook) == 1
    took = f'fireside_http_request_duration_seconds_count{{method="read",route="{route}"}}'
    assert grown(before, took) == 2
    assert seen()["fireside_http_requests_in_progress"] == 1  # the scrape itself


def test_commands_are_counted_by_what_came_of_them(room: Room, ana: Person) -> None:
    before = seen()
    say_line(Ask(ana, room), "/incident no payments")
    with pytest.raises(Sorry):
        say_line(Ask(ana, room), "/decide heffalump")
    with pytest.raises(Sorry):
        say_line(Ask(ana, room), "/heffalump")
    with stumbling(), pytest.raises(ValueError, match="heffalump"):
        say_line(Ask(ana, room), "/stumble value over: heffalump")
    for verb, outcome in (("incident", "done"), ("decide", "sorry"), ("stumble", "failed")):
        assert grown(before, f'fireside_commands_total{{outcome="{outcome}",verb="{verb}"}}') == 1
    assert "heffalump" not in str(seen())


def test_alerts_are_counted_and_timed_on_their_way(org: Any) -> None:
    before = seen()
    source, secret = Source.make("Prometheus")
    intake.start()
    try:
        body = webhook(told("PaymentsRefused"), told("SearchSlow"))
        assert ask("/hooks/alertmanager", "POST", body, authorization=f"Bearer {secret}")[0] == 202
    finally:
        intake.stop()
    hear(source, told("SearchSlow"))
    assert grown(before, "fireside_alerts_taken_total") == 2
    assert grown(before, "fireside_intake_duration_seconds_count") == 1
    assert grown(before, "fireside_alert_card_delay_seconds_count") == 2
    assert seen()["fireside_deliveries_waiting"] == 0


def test_what_waits_is_told_with_the_age_of_the_oldest(room: Room, ana: Person) -> None:
    rest()
    assert seen()["fireside_router_lag_entries"] == 0
    room.say("hello", by=ana)
    long_ago = timezone.now() - timedelta(seconds=90)
    Entry.objects.filter(pk__gt=Cursor.objects.get(name=ROUTER).entry).update(noted_at=long_ago)
    arrive(Source.make("Prometheus")[0], webhook(told()))
    Delivery.objects.update(at=long_ago)
    now = seen()
    assert now["fireside_router_lag_entries"] >= 1
    assert 90 <= now["fireside_router_lag_seconds"] < 120
    assert now["fireside_deliveries_waiting"] == 1
    assert 90 <= now["fireside_deliveries_oldest_seconds"] < 120
    Delivery.objects.update(handled_at=long_ago, trouble="not JSON")
    now = seen()
    assert now["fireside_deliveries_waiting"] == now["fireside_deliveries_oldest_seconds"] == 0
    assert now["fireside_deliveries_set_aside"] == 1


def test_jobs_are_told_by_state_and_by_how_late_they_are(org: Any) -> None:
    worker = Worker()
    worker.begin()
    worker.end()
    lite = connection.vendor == "sqlite"
    table = "workflow_status" if lite else "dbos.workflow_status"
    now = int(timezone.now().timestamp() * 1000)
    rows = [("a", "ENQUEUED", now - 5_000, None), ("b", "DELAYED", now - 99_000, now - 60_000),
            ("c", "DELAYED", now, now + 60_000), ("d", "ERROR", now - 999_000, None),
            ("e", "SUCCESS", now - 999_000, None)]  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {table}")
        for key, state, made, due in rows:
            cursor.execute(
                f"INSERT INTO {table} (workflow_uuid, status, name, queue_name, created_at, "
                "delay_until_epoch_ms, priority) VALUES (%s, %s, 'job', 'work', %s, %s, 0)",
                [key, state, made, due],
            )
    now_seen = seen()
    assert now_seen['fireside_jobs{state="waiting"}'] == 3
    assert now_seen['fireside_jobs{state="set aside"}'] == 1
    assert 60 <= now_seen["fireside_jobs_oldest_due_seconds"] < 90
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {table}")


def test_jobs_that_ran_are_counted(room: Room, ana: Person) -> None:
    before = seen()
    say_line(Ask(ana, room), "/incident no payments")
    settle(timezone.now() + timedelta(hours=1))
    ran = [name for name in seen() if name.startswith("fireside_jobs_run_total") and grown(before, name)]
    assert any('outcome="done"' in name for name in ran)
    assert not any('outcome="failed"' in name for name in ran)


def test_no_number_and_no_label_tells_of_anything_private(room: Room, ana: Person, bo: Person) -> None:
    cave = Cave(ana, bo)
    for name, paths in cave.addresses().items():
        for path in paths:
            asked(path.partition("?")[0], bo)
        assert name
    asked("/search/", bo, x_request_id=SECRET)
    for path in (f"/{SECRET}/", f"/hooks/alertmanager/{SECRET}", f"/api/do/{SECRET}", f"/rooms/{NAME}-cave/"):
        ask(path, "POST", SECRET.encode())
        ask(path, SECRET.upper())
    settle()
    text = ask("/metrics")[1].lower()
    assert 'route="/rooms/<slug:slug>/"' in text
    words = {SECRET, NAME, "magic", bo.handle, ana.handle, "example.org", cave.incident.room.slug}
    assert [word for word in words if word in text] == []


def test_without_its_database_the_house_still_tells_about_itself(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert seen()["fireside_database_up"] == 1

    def away(self: BaseDatabaseWrapper) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(BaseDatabaseWrapper, "connect", away)
    now = seen()
    assert now["fireside_database_up"] == 0
    assert now["fireside_ready"] == 0
    assert "fireside_router_lag_seconds" not in now
    assert now["process_resident_memory_bytes"] > 0
    assert ask("/readyz") == (503, "the database does not answer\n")
    assert ask("/healthz")[0] == 200
    monkeypatch.undo()
    assert seen()["fireside_database_up"] == 1


def test_a_database_that_hangs_holds_nobody_up(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    import threading

    answer = threading.Event()
    monkeypatch.setattr(numbers, "PATIENCE", 0.05)
    monkeypatch.setattr(numbers, "_look", lambda: answer.wait(5) and [])
    assert seen()["fireside_database_up"] == 0
    answer.set()
    assert ask("/healthz")[0] == 200


def test_what_the_database_refuses_is_counted_by_kind(db: None) -> None:
    before = seen()
    wrong = OperationalError if connection.vendor == "sqlite" else ProgrammingError
    with pytest.raises(wrong), connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM heffalump")
    kind = wrong.__name__
    assert grown(before, f'fireside_database_errors_total{{kind="{kind}"}}') == 1
    assert grown(before, "fireside_database_query_duration_seconds_count") > 0


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL reads small tables whole")
def test_no_number_reads_a_whole_table(room: Room) -> None:
    worker = Worker()
    worker.begin()
    worker.end()
    with CaptureQueriesContext(connection) as asked:
        numbers._look()
    plans = []
    with connection.cursor() as cursor:
        for query in asked.captured_queries:
            if query["sql"].startswith("SELECT") and "sqlite_master" not in query["sql"]:
                cursor.execute(f"EXPLAIN QUERY PLAN {query['sql']}")
                plans += [(row[3], query["sql"]) for row in cursor.fetchall()]
    assert len(plans) > 15
    # U0 are the channels that are open, some hundred at most; the others are counted in memory
    small = re.compile(r"SCAN (counted|subquery|CONSTANT|U0)")
    whole = [(step, sql) for step, sql in plans if step.startswith("SCAN") and "INDEX" not in step]
    assert [(step, sql) for step, sql in whole if not small.match(step)] == []


def test_a_backup_tells_of_itself(db: None, settings: Any, tmp_path: Path) -> None:
    settings.DATA = tmp_path
    assert seen()["fireside_last_backup_timestamp_seconds"] == 0
    (tmp_path / "last_backup.json").touch()
    now = timezone.now().timestamp()
    assert now - 60 < seen()["fireside_last_backup_timestamp_seconds"] <= now + 1


def expressions() -> list[str]:
    """What the rules and the dashboard ask."""
    asked = re.findall(r"expr: (?:>-\n)?((?:.|\n)*?)\n        (?:for|labels):", RULES.read_text())
    board = json.loads(BOARD.read_text())
    return asked + [target["expr"] for panel in board["panels"] for target in panel["targets"]]


def test_every_metric_that_is_watched_exists() -> None:
    kinds = {name: kind for name, kind, _, _ in metrics.known()}
    assert all(re.fullmatch(r"fireside_[a-z_]+", name) for name in kinds)
    assert all(name.endswith("_total") == (kind == "counter") for name, kind in kinds.items())
    exist = set(kinds) | {metric.name for metric in gauges.registry.collect()}
    exist |= {f"{name}{end}" for name, kind in kinds.items() if kind == "histogram"
              for end in ("_bucket", "_count", "_sum")}  # fmt: skip
    exist |= {"process_cpu_seconds_total"}
    watched = {name for expr in expressions() for name in re.findall(r"\b(?:fireside|process)_\w+", expr)}
    assert len(watched) > 20
    assert watched - exist == set()


def test_every_label_that_is_watched_is_one_of_its_metric() -> None:
    labels = {name: set(labels) for name, _, labels, _ in metrics.known()}
    for expr in expressions():
        for name, inside in re.findall(r"\b(fireside_\w+?)(?:_bucket|_count)?\{([^}]*)\}", expr):
            used = set(re.findall(r"(\w+)(?:=~|!=|!~|=)", inside)) - {"instance", "job"}
            assert used <= labels[name], expr


def test_what_is_counted_is_named_by_verbs_and_jobs_and_by_nothing_that_people_type() -> None:
    named = str(seen())
    for verb in re.findall(r'verb="([^"]+)"', named):
        assert re.fullmatch("[a-z-]+", verb)
    for job in re.findall(r'job="([^"]+)"', named):
        assert re.fullmatch(r"[a-z_]+\.[a-z_]+", job)


def test_the_dashboard_is_one_that_grafana_takes() -> None:
    board = json.loads(BOARD.read_text())
    assert (board["uid"], board["title"]) == ("fireside", "Fireside")
    assert board["schemaVersion"] >= 36
    names = [variable["name"] for variable in board["templating"]["list"]]
    assert names == ["datasource", "instance"]
    places, ids = [], []
    for panel in board["panels"]:
        assert panel["title"]
        assert panel["description"].endswith(".")
        assert panel["type"] in ("stat", "timeseries")
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not any(cells & taken for taken in places), "panels lie beside each other"
        places.append(cells)
        ids.append(panel["id"])
        assert [target["refId"] for target in panel["targets"]] == list("ABCDEF"[: len(panel["targets"])])
    assert len(ids) == len(set(ids))


def test_every_alert_has_a_runbook_in_our_own_form() -> None:
    page = (ROOT / "docs/observing.md").read_text()
    sections = {}
    for section in re.split(r"^## ", page, flags=re.MULTILINE)[1:]:
        title, _, body = section.partition("\n")
        sections[re.sub(r"[^a-z0-9-]", "", title.lower().replace(" ", "-"))] = body
    rules = RULES.read_text()
    urls = re.findall(r"runbook_url: docs/observing\.md#(\S+)", rules)
    assert len(urls) == len(re.findall("- alert:", rules)) == len(re.findall("impact:", rules))
    for url in urls:
        parts = re.findall(r"^\*\*(\w+)\.\*\*", sections[url], re.MULTILINE)
        assert parts == ["Meaning", "Impact", "Diagnosis", "Mitigation"], url
