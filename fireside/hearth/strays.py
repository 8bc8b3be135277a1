"""Files on the disk that no message carries: whoever put them down, or took them away, was cut short."""

from __future__ import annotations

import os
import time
from datetime import timedelta
from pathlib import Path

from django.core.files.storage import default_storage

from fireside.hearth.files import File

YOUNG = timedelta(days=1)  # until then somebody may be about to say the words for it
TOGETHER = 500  # files asked about in one question


def clear() -> int:
    """Remove them; tells how many."""
    folder = Path(default_storage.path("files"))
    if not folder.is_dir():
        return 0
    before = time.time() - YOUNG.total_seconds()
    with os.scandir(folder) as found:
        old = [f"files/{one.name}" for one in found if one.is_file() and one.stat().st_mtime < before]
    strays = [name for first in range(0, len(old), TOGETHER) for name in _not_known(old[first:][:TOGETHER])]
    for name in strays:
        default_storage.delete(name)
    return len(strays)


def _not_known(names: list[str]) -> set[str]:
    return {*names} - {*File.objects.filter(path__in=names).values_list("path", flat=True)}
