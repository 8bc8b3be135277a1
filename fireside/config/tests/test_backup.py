"""A house is kept in one file while people go on in it, and comes back from there as it was."""

from __future__ import annotations

import json
import re
import tarfile
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyrage
import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as effort
from hypothesis import strategies as some

from fireside.alerts.models import Delivery, Source
from fireside.config.backups import restoring, tables
from fireside.config.backups.age import Unable
from fireside.config.backups.archive import Writer
from fireside.config.backups.lock import Lock, checked
from fireside.config.backups.making import make
from fireside.config.backups.progress import Progress
from fireside.config.backups.restoring import restore
from fireside.config.backups.signs import Signs
from fireside.hearth import engine, jobs, workflows
from fireside.hearth.commands import Ask, say_line
from fireside.hearth.files import File
from fireside.hearth.models import Entry, Message, Person, Room
from fireside.hearth.search import find
from fireside.hearth.slots import locks
from fireside.hearth.workflows import settle
from tests.attaching import attach
from tests.fuzzing import many
from tests.trail import may_be_emptied

pytestmark = pytest.mark.django_db(transaction=True)
KEY = pyrage.x25519.Identity.generate()
WORDS = "ｋｉａ ｏｒａ 🦄 \u202etxet\u202c e\u0301 'quoted' \"twice\" \\u0000 %s {braces}\r\n\ttab"


class Quiet(Progress):
    """What is said of the work, kept for the test."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []

    def say(self, words: str) -> None:
        self.said.append(words)


def nobody() -> str:
    raise AssertionError("no passphrase is needed here")


@pytest.fixture(autouse=True)
def own_folder(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A data folder of the test's own, and none of the engine's rows when it ends."""
    lay = engine.lay
    monkeypatch.setattr(engine, "lay", lambda: None if jobs.begun() else lay())  # once is slow enough
    settings.DATA = tmp_path / "data"
    settings.DATA.mkdir()
    store = {"default": {**settings.STORAGES["default"], "OPTIONS": {"location": settings.DATA / "files"}}}
    settings.STORAGES = {**settings.STORAGES, **store}
    yield settings.DATA
    for table in reversed([t for name, t in tables.tables().items() if name.startswith(tables.ENGINE)]):
        table.empty()


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "key.txt"
    path.write_text(f"# mine\n{KEY}\n")
    return path


@pytest.fixture
def house(room: Room, ana: Person, bo: Person) -> Room:
    """A house with words, a file, an incident, bytes from a machine, a number given out and jobs."""
    message = room.say(WORDS, by=ana)
    attach(message, "plan.txt", b"first\x00second\xff", "text/plain")
    room.say("the last one, which is taken back", by=bo)
    say_line(Ask(ana, room, door="web"), "/incident customers cannot pay")
    source, _ = Source.make("prometheus")
    _delivery(source, bytes(range(256)))
    settle()
    Message.objects.order_by("-pk").first().delete()
    workflows.rest()
    engine.lay()
    _jobs()
    return room


def _delivery(source: Source, body: bytes) -> None:
    now = timezone.now()
    Delivery.objects.create(source=source, at=now, form="webhook", sha256="x", size=len(body), body=body)


def _jobs() -> None:
    """One that waits for tomorrow, one that was running when the worker last wrote, one set aside."""
    tomorrow = int((timezone.now() + timedelta(days=1)).timestamp() * 1000)
    for key, more in (
        ("entry:1:later", {"status": "DELAYED", "delay_until_epoch_ms": tomorrow}),
        ("entry:1:running", {"status": "PENDING", "executor_id": "slot-5", "queue_name": None}),
        ("entry:1:aside", {"status": "ERROR", "error": "it broke"}),
    ):
        engine._client().enqueue(
            {"workflow_name": "job", "queue_name": engine.QUEUE, "app_version": engine.VERSION,
             "workflow_id": key},
            key, "hearth.nothing", 1, 1,
        )  # fmt: skip
        changes = ", ".join(f"{name} = %s" for name in more)
        with connection.cursor() as cursor:
            table = tables.tables()["engine.workflow_status"].sql
            cursor.execute(f"UPDATE {table} SET {changes} WHERE workflow_uuid = %s", [*more.values(), key])


def everything() -> dict[str, list[list[Any]]]:
    """Every row of every table; JSON as what it means, since PostgreSQL orders its names."""
    found = {}
    for name, table in tables.tables().items():
        kinds = [*table.columns.values()]
        found[name] = [
            [
                json.loads(v) if kind == "json" and v is not None else v
                for v, kind in zip(row, kinds, strict=True)
            ]
            for row in table.rows()
        ]
    return {name: rows for name, rows in found.items() if rows}


def emptied() -> None:
    """As after a fire: a new database, and an empty folder."""
    for table in reversed([t for name, t in tables.tables().items() if name.startswith(tables.ENGINE)]):
        table.empty()
    with may_be_emptied():
        call_command("flush", interactive=False, verbosity=0)


def kept(path: Path, lock: Lock | None = None, progress: Progress | None = None) -> Path:
    make(str(path), lock or Lock([KEY.to_public()]), progress or Quiet())
    return path


# -- there and back ----------------------------------------------------------------------------------------


def test_a_house_comes_back_row_for_row_with_its_files_its_key_and_its_jobs(
    house: Room, ana: Person, key: Path, tmp_path: Path, settings: Any
) -> None:
    before, numbers = everything(), tables.sequences(tables.tables().values())
    jobs = {job.key: job.state for job in engine.jobs()}
    path = kept(tmp_path / "house.age")
    assert not [*tmp_path.glob("*.part")]
    assert path.stat().st_mode & 0o077 == 0
    assert WORDS.encode() not in path.read_bytes()

    emptied()
    settings.DATA = tmp_path / "new"
    settings.DATA.mkdir()
    settings.STORAGES["default"]["OPTIONS"]["location"] = settings.DATA / "files"
    settings.STORAGES = {**settings.STORAGES}
    told = Quiet()
    restore(path, key, nobody, told)

    assert everything() == before
    assert tables.sequences(tables.tables().values()) == numbers
    with File.objects.get().open() as file:
        assert file.read() == b"first\x00second\xff"
    assert (settings.DATA / "secret_key").read_text() == settings.SECRET_KEY
    assert (settings.DATA / "secret_key").stat().st_mode & 0o077 == 0
    assert {job.key: job.state for job in engine.jobs()} == jobs
    assert {*jobs.values()} == {"waiting", "running", "set aside"}
    assert [hit.doc.body for hit in find("customers", person=ana)]
    newest = numbers["hearth_message"]
    assert house.say("and on it goes", by=ana).pk > newest
    assert "It is whole" in told.said[1]


def test_what_was_running_runs_again_and_what_was_announced_is_not_announced_twice(
    house: Room, key: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, said = kept(tmp_path / "house.age"), Message.objects.count()
    emptied()
    restore(path, key, nobody, Quiet())
    ran, done = [], threading.Event()
    monkeypatch.setattr(workflows, "run", lambda name, entry: (ran.append(name), done.set()))
    worker = engine.Worker()
    worker.begin()
    try:
        assert done.wait(10), "what was running when the backup was made runs again"
        tick = threading.Event()
        while any(job.state == "running" for job in engine.jobs()):
            tick.wait(0.05)
    finally:
        worker.end()
    assert ran.count("hearth.nothing") == 1
    assert not {*ran} & {*workflows.book.reactions}
    assert Message.objects.count() == said
    assert [job.key for job in engine.jobs() if job.state == "waiting"] == ["entry:1:later"]


def test_people_go_on_writing_and_the_backup_shows_one_moment(
    house: Room, ana: Person, key: Path, tmp_path: Path
) -> None:
    wrote, ending = threading.Semaphore(0), threading.Event()

    def write() -> None:
        with closing(connection):
            while not ending.is_set():
                house.say("more", by=Person.objects.get(pk=ana.pk))
                wrote.release()

    class Waiting(Quiet):
        def far(self, what: str, rows: int) -> None:
            assert wrote.acquire(timeout=20), "whoever writes is not kept out"

    before, writer = Message.objects.count(), threading.Thread(target=write)
    writer.start()
    try:
        assert wrote.acquire(timeout=20)
        path = kept(tmp_path / "house.age", progress=Waiting())
    finally:
        ending.set()
        writer.join()
    assert Message.objects.count() > before + 20
    emptied()
    restore(path, key, nobody, Quiet())
    said = Entry.objects.filter(verb="message.said").values_list("message", flat=True)
    assert before < Message.objects.count()
    assert {*said} >= {*Message.objects.filter(text="more").values_list("pk", flat=True)}
    newest = Message.objects.order_by("-pk").values_list("pk", flat=True)[0]
    assert Room.objects.get(pk=house.pk).last_message == newest


def test_a_file_that_goes_while_we_read_is_told_of_and_harms_nothing(
    house: Room, key: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fireside.config.backups import making

    names = [*making.files()]
    assert len(names) == 1
    monkeypatch.setattr(making, "files", lambda: iter([*names, "files/gone"]))
    told = Quiet()
    _, manifest = checked(kept(tmp_path / "house.age", progress=told), key, nobody, Quiet())
    assert manifest.gone == ["files/gone"]
    assert told.said[-1] == "1 files were removed meanwhile and are not in it."
    assert len(manifest.files()) == 1


def test_no_table_is_forgotten(house: Room) -> None:
    with connection.cursor() as cursor:
        names = {*connection.introspection.table_names(cursor)}
        if connection.vendor == "postgresql":
            cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'dbos'")
            names |= {f"engine.{name}" for (name,) in cursor.fetchall()}
    known = {*tables.tables()} | {name.removeprefix("engine.") for name in tables.tables()}
    left = {name for name in names - known if not name.removeprefix("engine.").startswith(tables.ANEW)}
    assert left == {"dbos_migrations"} if connection.vendor == "sqlite" else {"engine.dbos_migrations"}


@pytest.fixture
def some_tables(db: None) -> list[tables.Table]:
    return [tables.tables()[name] for name in ("hearth_entry", "alerts_delivery")]


ANY = some.text(some.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
JSON = some.recursive(
    some.none()
    | some.booleans()
    | some.integers()
    | some.floats(allow_nan=False, allow_infinity=False)
    | ANY,
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(ANY, inner, max_size=3),
    max_leaves=6,
)


@effort(
    max_examples=many(40),
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # a smaller example would cost minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    words=ANY,
    data=some.dictionaries(ANY, JSON),
    body=some.binary(),
    at=some.datetimes(),
    late=some.booleans(),
)
def test_any_value_survives(
    some_tables: list[tables.Table], words: str, data: Any, body: bytes, at: Any, late: bool
) -> None:
    moment = timezone.make_aware(at.replace(year=max(at.year, 2)))
    with transaction.atomic():
        Entry.objects.create(
            at=moment, verb="x", words=words, data=data, withdrawn_at=moment if late else None
        )
        source, _ = Source.make("x")
        _delivery(source, body)
        before = [[*table.rows()] for table in some_tables]
        for table in some_tables:
            lines = [json.dumps(row, ensure_ascii=False) for row in table.rows()]
            table.empty()
            table.fill([*table.columns], map(json.loads, lines), Signs())
        assert [[*table.rows()] for table in some_tables] == before
        assert Entry.objects.get(verb="x").words == words
        assert bytes(Delivery.objects.get().body) == body
        transaction.set_rollback(True)


def test_signs_that_postgresql_cannot_keep_become_others_and_are_counted() -> None:
    signs = Signs()
    assert signs.fit("a\0b", "plain") == "a\u2400b"
    assert json.loads(signs.fit('{"\\u0000": ["\\ud800x", "\\\\u0000"]}', "json")) == {
        "\u2400": ["\ufffdx", "\\u0000"]
    }
    assert json.loads(signs.fit('"\\ud83e\\udd84"', "json")) == "🦄"
    assert signs.replaced == 3
    assert signs.fit(None, "json") is None
    assert signs.fit("2026-01-01 00:00:00", "moment") == "2026-01-01 00:00:00+00"


# -- what is refused ---------------------------------------------------------------------------------------


def refused(path: Path, key: Path | None = None, ask: Callable[[], str] = nobody) -> str:
    with pytest.raises(Unable) as why:
        restore(path, key, ask, Quiet())
    return str(why.value)


def test_a_house_in_which_there_is_something_is_left_alone(house: Room, key: Path, tmp_path: Path) -> None:
    path, before = kept(tmp_path / "house.age"), everything()
    assert "There is something in this database already" in refused(path, key)
    assert everything() == before


def test_a_house_that_runs_is_left_alone(key: Path, org: Any, tmp_path: Path) -> None:
    path = kept(tmp_path / "house.age")
    emptied()
    running = locks()
    assert running.take("router")
    try:
        assert "Fireside runs on this database. Stop it first" in refused(path, key)
    finally:
        running.close()


def test_another_secret_key_in_the_environment_is_refused(
    org: Any, key: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = kept(tmp_path / "house.age")
    emptied()
    monkeypatch.setenv("SECRET_KEY", "another")
    said = refused(path, key)
    assert "SECRET_KEY is set and is not the backup's" in said
    assert "another" not in said.replace("another one", "")
    assert restoring._full() == ""


def test_the_key_of_another_house_in_the_same_folder_is_kept_beside(
    org: Any, key: Path, tmp_path: Path, own_folder: Path, settings: Any
) -> None:
    path = kept(tmp_path / "house.age")
    emptied()
    settings.STATIC_ROOT = own_folder / "static"
    settings.STATIC_ROOT.mkdir()
    (own_folder / "secret_key").write_text("of another house")
    restore(path, key, nobody, Quiet())
    assert (own_folder / "secret_key").read_text() == settings.SECRET_KEY
    assert (own_folder / "secret_key.before").read_text() == "of another house"


def test_what_fails_half_way_leaves_nothing_and_can_be_done_again(
    house: Room, key: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, before = kept(tmp_path / "house.age"), everything()
    emptied()
    with monkeypatch.context() as patch:
        patch.setattr(tables.Table, "count", lambda self: 7 if self.name == "hearth_message" else 0)
        patch.setattr(restoring, "_full", lambda: "")
        assert "Nothing was restored: " in refused(path, key)
    assert restoring._full() == ""
    restore(path, key, nobody, Quiet())
    assert everything() == before


def test_a_full_disk_is_told_plainly_and_leaves_no_half_backup(org: Any, tmp_path: Path) -> None:
    (tmp_path / "house.age.part").symlink_to("/dev/full")
    for lock in (Lock([KEY.to_public()]), Lock(open=True)):
        with pytest.raises(Unable, match="No space left on device"):
            kept(tmp_path / "house.age", lock)
        assert not [*tmp_path.glob("house*")]
        (tmp_path / "house.age.part").symlink_to("/dev/full")


def test_a_backup_replaces_the_one_before_it_only_when_it_is_whole(
    org: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = kept(tmp_path / "house.age")
    first = path.read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(tables.Table, "rows", lambda self: iter([[object()]]))
        with pytest.raises(TypeError):
            kept(path)
    assert path.read_bytes() == first
    assert not [*tmp_path.glob("*.part")]


def test_a_newer_database_is_not_backed_up_by_an_older_release(org: Any, tmp_path: Path) -> None:
    from django.db.migrations.recorder import MigrationRecorder

    with transaction.atomic():
        MigrationRecorder(connection).record_applied("hearth", "0999_from_the_future")
    try:
        with pytest.raises(Unable, match="belongs to a newer Fireside"):
            kept(tmp_path / "house.age")
    finally:
        MigrationRecorder(connection).record_unapplied("hearth", "0999_from_the_future")


def altered(path: Path, name: str, change: Callable[[bytes], bytes]) -> Path:
    """A plain backup with one member changed, and a manifest that says it has always been so."""
    with closing(tarfile.open(path)) as tar:
        inside = [(about.name, tar.extractfile(about).read()) for about in tar.getmembers()]  # type: ignore[union-attr]
    other = path.with_name("other")
    numbers = json.loads(inside[-1][1])["sequences"]
    with other.open("wb") as out:
        writer = Writer(out)
        for member, data in inside[:-1]:
            if member == name:
                assert change(data) != data
                data = change(data)
            writer.add(member, data, data.count(b"\n") if member.startswith("tables/") else 0)
        writer.close(numbers, [])
    return other


FIRST = re.compile(rb"^\[\d+,")  # the number of the first row
ROOMS, INBOX = "tables/hearth_room/000001.jsonl", "tables/alerts_delivery/000001.jsonl"


STRANGE: list[tuple[str, Callable[[bytes], bytes], str]] = [
    (ROOMS, lambda data: data + data.splitlines(keepends=True)[0], "Nothing was restored"),
    (ROOMS, lambda data: FIRST.sub(b"[[1],", data, count=1), "damaged or was cut short"),
    (ROOMS, lambda data: FIRST.sub(b"[1,2,", data, count=1), "damaged or was cut short"),
    (ROOMS, lambda data: FIRST.sub(b"[%d," % 10**30, data, count=1), "Nothing was restored"),
    (ROOMS, lambda data: b"[" * 100_000 + b"\n", "damaged or was cut short"),
    (ROOMS, lambda data: b'{"id": 1}\n', "damaged or was cut short"),
    (INBOX, lambda data: data.replace(b"AAEC", b"!!!!"), "holds a value that cannot be meant"),
    ("tables/hearth_person/000001.jsonl", lambda data: b"", "Nothing was restored"),
    ("cover.json", lambda data: data.replace(b'"hearth_room"', b'"sqlite_master"'), "there is not"),
    ("cover.json", lambda data: data.replace(b'"slug"', b'"slug\\" --"'), "has other columns"),
    (
        "cover.json",
        lambda data: data.replace(b'"0002_words"', b'"0999_tomorrow"'),
        "made by a newer Fireside",
    ),
]


def test_what_no_house_would_have_written_leaves_the_house_empty(house: Room, tmp_path: Path) -> None:
    plain = kept(tmp_path / "plain", Lock(open=True))
    emptied()
    for member, change, sentence in STRANGE:
        path = altered(plain, member, change)
        assert sentence in refused(path), (member, sentence)
        assert restoring._full() == ""
