"""systemd hears that the door is open."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from fireside.config import notify


@pytest.mark.parametrize("abstract", [False, True], ids=["a file", "a name"])
def test_whoever_started_us_and_listens_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, abstract: bool
) -> None:
    name = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(f"\0{name}" if abstract else name)
        monkeypatch.setenv("NOTIFY_SOCKET", f"@{name}" if abstract else name)
        notify.tell("READY=1")
        assert manager.recv(100) == b"READY=1"


def test_nobody_listens_and_we_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(notify.log, "warning", lambda words, *more: said.append(words % more))
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    notify.tell("READY=1")
    assert said == []
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "nowhere"))
    notify.tell("READY=1")
    assert said == ["systemd could not be told READY=1: [Errno 2] No such file or directory"]
