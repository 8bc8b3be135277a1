"""A PostgreSQL of its own that can be killed in every way there is, and a base in it for each test."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from tests.machines import free_port, wait_for


def programs() -> Path:
    """Where this machine keeps PostgreSQL's programs."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))
    if found:
        return found[-1]
    initdb = shutil.which("initdb")
    assert initdb, "PostgreSQL is not here: tools/debian.sh postgresql"
    return Path(initdb).parent


class Postgres:
    """The server; it flushes to the disk as it would at work."""

    def __init__(self, address: str = "127.0.0.1", settings: tuple[str, ...] = ()) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="fireside-chaos-pg-"))
        self.address, self.port = address, free_port()
        self.settings = settings
        self.env: dict[str, str] = {}  # what its processes are told besides
        self._owner = ("runuser", "-u", "postgres", "--") if os.geteuid() == 0 else ()
        self.own(self.folder)
        self._run(
            "initdb",
            "-U",
            "fireside",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
            "--wal-segsize=1",
        )
        if address != "127.0.0.1":
            with (self.folder / "data" / "pg_hba.conf").open("a") as rules:
                rules.write(f"host all all {address}/24 trust\n")

    def own(self, place: Path) -> None:
        """Root may not run the server, and whoever runs it owns its files."""
        for path in (place, *place.rglob("*")) if self._owner else ():
            shutil.chown(path, "postgres", "postgres")
            path.chmod(0o700 if path.is_dir() else path.stat().st_mode | 0o600)

    def start(self) -> None:
        said = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1"
        said += f",{self.address}" if self.address != "127.0.0.1" else ""
        said += "".join(f" -c {setting}" for setting in self.settings)
        # After a kill the last of its children may still hold the shared memory for a moment.
        wait_for(lambda: self._tried("-w", "-l", str(self.folder / "log"), "-o", said, "start"), "PostgreSQL")

    def stop(self) -> None:
        """Without waiting for anybody and without writing anything down."""
        self._tried("-m", "immediate", "stop")

    def rest(self) -> None:
        """In order, so that all it knows is on the disk."""
        assert self._tried("-w", "-m", "fast", "stop")

    def kill(self) -> None:
        pid = int((self.folder / "data" / "postmaster.pid").read_text().split()[0])
        os.kill(pid, signal.SIGKILL)
        wait_for(lambda: not Path(f"/proc/{pid}").exists(), "the postmaster to be gone", 10)

    def url(self, base: str, port: int = 0, address: str = "127.0.0.1") -> str:
        return f"postgresql://fireside@{address}:{port or self.port}/{base}"

    @contextmanager
    def base(self) -> Iterator[str]:
        """A new, empty base; gives its name."""
        name = f"chaos_{secrets.token_hex(4)}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as server:
            server.execute(f"CREATE DATABASE {name}")
        try:
            yield name
        finally:
            with psycopg.connect(self.url("postgres"), autocommit=True) as server:
                server.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def close(self) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, program: str, *args: str) -> subprocess.CompletedProcess[bytes]:
        command = (*self._owner, str(programs() / program), "-D", str(self.folder / "data"), *args)
        return subprocess.run(
            command, cwd=self.folder, check=True, stdout=subprocess.DEVNULL, timeout=60,
            env=os.environ | self.env,
        )  # fmt: skip

    def _tried(self, *args: str) -> bool:
        try:
            self._run("pg_ctl", "-s", *args)
        except subprocess.CalledProcessError:
            return False
        return True


@contextmanager
def postgres(address: str = "127.0.0.1", settings: tuple[str, ...] = ()) -> Iterator[Postgres]:
    server = Postgres(address, settings)
    try:
        server.start()
        yield server
    finally:
        server.close()
