"""What was running when a worker died runs again at once; what was there at several deaths, one by one.

One of those kills its worker, and the others only stood beside it. Together they would be set aside together;
one at a time, and not always in the same order, those that are innocent come to their end.
"""

from __future__ import annotations

import sqlalchemy as sa

from fireside.hearth.jobtable import begun, database, table

SUSPECT = 2  # deaths after which a job runs without the others that were there as often
AGAIN = "-again"


def leave_behind(slot: str) -> None:
    """What ran in an earlier life of this slot waits to be looked at, like that of any other dead worker."""
    if begun():
        _rename(table().c.executor_id == slot, f"{slot}-before")


def to_run_again(slot: str) -> str:
    """Choose what of a dead worker runs next; the name under which the engine finds it, if anything does."""
    if slot.endswith(AGAIN):
        return slot
    rows = table().c
    with database().connect() as session:
        left = sa.select(rows.workflow_uuid, rows.recovery_attempts).where(
            rows.executor_id == slot, rows.status == "PENDING"
        )
        deaths = {str(key): int(times) for key, times in session.execute(left)}
        chosen = [key for key, times in deaths.items() if times < SUSPECT]
        if not chosen and deaths and not session.scalar(_on_trial(slot)):
            chosen = [_next(deaths)]
    if chosen:
        _rename(rows.workflow_uuid.in_(chosen), slot + AGAIN)
    return slot + AGAIN if chosen else ""


def _next(deaths: dict[str, int]) -> str:
    """Of those with the fewest deaths the first, and the last at the next death."""
    fewest = min(deaths.values())
    equal = sorted(key for key, times in deaths.items() if times == fewest)
    return equal[-(fewest % 2)]


def _on_trial(slot: str) -> sa.Select[int]:
    rows = table().c
    return sa.select(sa.literal(1)).where(
        rows.status.in_(["ENQUEUED", "PENDING"]), rows.recovery_attempts >= SUSPECT, rows.executor_id != slot
    )


def _rename(whose: sa.ColumnElement[bool], name: str) -> None:
    rows = table()
    with database().begin() as session:
        session.execute(rows.update().where(whose, rows.c.status == "PENDING").values(executor_id=name))
