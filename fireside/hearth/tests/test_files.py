"""Files on their way to the disk and off it: not named before they are there, nor gone before it is said."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.db import transaction

from fireside.hearth import strays
from fireside.hearth.files import File
from tests.attaching import attach

pytestmark = pytest.mark.django_db(transaction=True)


def added(room, ana) -> File:
    return attach(room.say("look", by=ana), "graph.txt", b"up and up")


def test_a_file_and_its_name_are_flushed_before_it_is_told_of(room, ana, monkeypatch) -> None:
    flushed: list[Path] = []
    monkeypatch.setattr(
        os, "fsync", lambda handle: flushed.append(Path(f"/proc/self/fd/{handle}").readlink())
    )
    place = Path(default_storage.path(added(room, ana).path)).resolve()
    assert flushed == [place, *place.parents[:3]]


def test_a_file_whose_message_stays_after_all_stays_too(room, ana) -> None:
    file = added(room, ana)
    place = Path(default_storage.path(file.path))
    with transaction.atomic():
        file.remove()
        transaction.set_rollback(True)
    assert place.read_bytes() == b"up and up"
    File.objects.get().remove()
    assert not place.exists()


def test_half_a_file_does_not_make_a_full_disk_fuller(room, ana, monkeypatch) -> None:
    def full(name: str, content: object) -> str:
        place = Path(default_storage.path(name))
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(b"up and")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(default_storage, "save", full)
    before = {*Path(default_storage.path("")).rglob("*")}
    with pytest.raises(OSError, match="No space"):
        added(room, ana)
    left = {path for path in {*Path(default_storage.path("")).rglob("*")} - before if path.is_file()}
    assert left == set()


def test_a_file_that_no_message_carries_goes_after_a_day_and_others_stay(room, ana) -> None:
    carried = Path(default_storage.path(added(room, ana).path))
    stray, fresh = carried.with_name("0" * 32), carried.with_name("1" * 32)
    for place in (stray, fresh):
        place.write_bytes(b"nobody knows of me")
    for place in (carried, stray):
        os.utime(place, (0, 0))
    strays.clear()
    assert (carried.exists(), stray.exists(), fresh.exists()) == (True, False, True)
