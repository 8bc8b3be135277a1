"""When a worker has died: who runs again at once, who alone, and who is left for later."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from fireside.hearth import deaths, engine, jobtable, workflows

pytestmark = pytest.mark.django_db(transaction=True)
DEAD = "slot-7"


@pytest.fixture
def left(db: None) -> Iterator[dict[str, int]]:
    """Jobs of a worker that died, and how often each was there; their table is the engine's own."""
    workflows.rest()
    worker = engine.Worker()
    worker.begin()
    worker.end()
    found = {"calm": 1, "innocent": 2, "killer": 2, "old-killer": 4}
    rows = jobtable.table()
    with jobtable.database().begin() as session:
        for key, times in found.items():
            values = {
                "workflow_uuid": key,
                "status": "PENDING",
                "executor_id": DEAD,
                "recovery_attempts": times,
            }
            session.execute(sa.insert(rows).values(values))
    yield found
    with jobtable.database().begin() as session:
        session.execute(sa.delete(rows).where(rows.c.workflow_uuid.in_(found)))
    engine.database().dispose()


def chosen() -> list[str]:
    """What runs next, and then has come to its end."""
    name, rows = deaths.to_run_again(DEAD), jobtable.table()
    with jobtable.database().begin() as session:
        mine = rows.c.executor_id == name
        keys = sorted(session.scalars(sa.select(rows.c.workflow_uuid).where(mine)))
        session.execute(sa.update(rows).where(mine).values(status="SUCCESS", executor_id="slot-0"))
    return keys


def test_who_was_there_once_runs_at_once_and_the_others_one_by_one(left: dict[str, int]) -> None:
    assert [chosen() for _ in range(4)] == [["calm"], ["innocent"], ["killer"], ["old-killer"]]
    assert deaths.to_run_again(DEAD) == ""


def test_while_one_is_tried_the_others_wait(left: dict[str, int]) -> None:
    assert chosen() == ["calm"]
    name = deaths.to_run_again(DEAD)
    assert name == f"{DEAD}-again"
    assert deaths.to_run_again(DEAD) == "", "whoever killed its worker twice is tried alone"
    assert deaths.to_run_again(name) == name, "who dies between choosing and running is found by the name"


def test_what_ran_in_an_earlier_life_is_left_behind(left: dict[str, int]) -> None:
    deaths.leave_behind(DEAD)
    assert jobtable.busy() == {f"{DEAD}-before"}
