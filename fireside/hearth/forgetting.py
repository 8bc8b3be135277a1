"""What goes with words when they go for good: every place in which the house keeps them."""

from __future__ import annotations

from collections.abc import Callable

from django.db import OperationalError, connection, models, transaction

from fireside.hearth.files import File
from fireside.hearth.messages import Draft, Message
from fireside.hearth.search import Doc
from fireside.hearth.timeline import Entry

with_messages: list[Callable[[list[int]], None]] = []  # what later stages keep beside these messages
PATIENCE = 50  # milliseconds for which the last bit of tidying waits for others; tomorrow is another night
MERGED = 64  # pages of the search index that are written in one go


def forget_messages(numbers: list[int]) -> int:
    """Let these messages and the replies to them go, with all that holds their words; tells how many went.

    Files leave the disk first: should we die here, the row that is left leads the next try to finish.
    """
    replies = Message.objects.filter(thread__in=numbers).values_list("pk", flat=True)
    gone = list({*numbers, *replies})
    for file in File.objects.filter(message__in=gone):
        file.remove()
    with transaction.atomic():
        for also in with_messages:
            also(gone)
        Doc.objects.filter(kind="message", ref__in=gone).delete()
        Draft.objects.filter(place__in=[f"message:{number}" for number in gone]).delete()
        told = Entry.objects.filter(message__in=gone)
        told.filter(verb__startswith="message.").delete()
        told.update(message=None)  # what happened in a story stays in it
        Message.objects.filter(pk__in=gone).delete()
    return len(gone)


def kept_on_purpose() -> models.Q:
    """Messages that somebody pinned, or put on the timeline of a story."""
    starred = Entry.objects.filter(message=models.OuterRef("pk"), verb="message.starred", withdrawn_at=None)
    return models.Q(pinned_at__isnull=False) | models.Q(models.Exists(starred))


def tidy() -> bool:
    """Take what was let go out of the database's own corners; False when others were in the way.

    Only SQLite needs it: its search index keeps words until its parts are merged, and its log until it is
    written into the file. PostgreSQL does the like by itself, after a while.
    """
    if connection.vendor != "sqlite":
        return True
    _merge()
    with connection.cursor() as cursor:
        usual = cursor.execute("PRAGMA busy_timeout").fetchone()[0]
        cursor.execute(f"PRAGMA busy_timeout = {PATIENCE}")
        try:
            cursor.execute("PRAGMA wal_checkpoint(PASSIVE)")  # most of it, while others write
            return not cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        except OperationalError:  # somebody is at it right now; SQLite also does it by itself, a little later
            return False
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {usual}")


def _merge() -> None:
    """Write the search index into one part, step by step, which leaves out what was deleted."""
    step = -MERGED  # a negative number begins anew, as `optimize` does, and the same positive one goes on
    while True:
        before = _changes()
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO hearth_docwords(hearth_docwords, rank) VALUES ('merge', %s)", [step])
        if _changes() - before < 2:
            return
        step = MERGED


def _changes() -> int:
    with connection.cursor() as cursor:
        return int(cursor.execute("SELECT total_changes()").fetchone()[0])
