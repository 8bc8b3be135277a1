"""One lock under which everything is written whose order counts: the timeline and the audit trail."""

from __future__ import annotations

from django.db import connection

# PostgreSQL hands out ids before it commits, so two writers could commit out of order and a reader that
# keeps "the last id I saw" would miss one. SQLite has one writer at a time anyway.
LOCK = 0x46495245


def in_turn() -> None:
    """Wait for our turn and keep it to the end of the transaction; nothing to do when we have it already."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
