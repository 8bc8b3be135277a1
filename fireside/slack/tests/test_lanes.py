"""What Slack was told to send again is not written down behind its back."""

from __future__ import annotations

import threading

import pytest

from fireside.slack import lanes
from fireside.slack.inbox import Arrival

pytestmark = pytest.mark.django_db(transaction=True)


def test_what_took_too_long_and_was_not_begun_is_not_done_later(slack, monkeypatch) -> None:
    monkeypatch.setattr(lanes, "PATIENCE", 0.05)
    held, write = threading.Event(), lanes.Writer._write
    monkeypatch.setattr(lanes.Writer, "_write", lambda *given: held.wait(10) and write(*given))
    running = lanes.Lanes()
    try:
        for key in ("first", "second"):
            with pytest.raises(TimeoutError):
                running.writer.write(
                    Arrival(key=key, installation=slack.installation, kind="command", lane="C1", body={})
                )
    finally:
        held.set()
        running.stop()
    assert not Arrival.objects.exists()
