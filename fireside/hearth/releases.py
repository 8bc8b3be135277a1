"""Which releases have changed this database, and the oldest one that can still run on it."""

from __future__ import annotations

from django.db import connection, models
from django.utils import timezone

from fireside import RUNS_FROM, __version__


class Release(models.Model):
    """A release that has brought the database up to date, or has begun to; one row each."""

    version = models.CharField(max_length=20, primary_key=True)
    runs_from = models.CharField(max_length=20)
    at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.version}, on whose database {self.runs_from} can run"

    @classmethod
    def announce(cls) -> None:
        """Say that this release is here now; before the table is, there is nobody to tell."""
        if _is_there():
            cls.objects.get_or_create(version=__version__, defaults={"runs_from": RUNS_FROM})

    @classmethod
    def newer(cls) -> list[Release]:
        """The releases after this one that have been here."""
        found = cls.objects.all() if _is_there() else []
        return [release for release in found if number(release.version) > number(__version__)]


def number(version: str) -> tuple[int, ...]:
    """ "0.10.2" as numbers, which come in order."""
    return tuple(int(part) for part in version.split("."))


def _is_there() -> bool:
    return Release._meta.db_table in connection.introspection.table_names()
