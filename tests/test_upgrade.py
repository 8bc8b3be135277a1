"""The previous release is at work while this one begins: nobody notices, and nothing is lost or doubled."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import psycopg
import pytest
from django.conf import settings

from fireside import RUNS_FROM, __version__
from tests import previous
from tests.machines import free_port, wait_for
from tests.rolling import PAGES, UNREFUSED, House, Work

pytestmark = pytest.mark.upgrade
WHO_LEADS = "incidents.ask_who_leads"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    if request.param == "sqlite":
        yield House(tmp_path, "")
        return
    given = settings.DATABASES["default"]
    assert given["ENGINE"].endswith("postgresql"), "run this with tools/postgres.sh"
    server = f"postgresql://{given['USER']}:{given['PASSWORD']}@{given['HOST']}:{given['PORT']}"
    name = f"rolling_{free_port()}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as base:
        base.execute(f"CREATE DATABASE {name}")
        yield House(tmp_path, f"{server}/{name}")
        base.execute(f"DROP DATABASE {name} WITH (FORCE)")


def asked(house: House, what: str) -> int:
    """How often the room of this incident was asked who leads."""
    [count] = house.ask(
        "SELECT count(*) FROM hearth_message m JOIN incidents_incident i ON i.room_id = m.room_id "
        f"WHERE i.title = '{what}' AND m.key LIKE '%:who-leads'"
    )
    return int(count)


def pinned(house: House, what: str) -> bool:
    """Has what follows the opening of this incident happened?"""
    return bool(
        house.ask(
            "SELECT m.id FROM hearth_message m JOIN incidents_incident i ON i.room_id = m.room_id "
            f"WHERE i.title = '{what}' AND m.pinned_at IS NOT NULL"
        )
    )


def test_people_work_on_while_one_release_follows_the_other(house: House) -> None:
    house.seed()
    with ExitStack() as stack:
        old_door = house.open(house.start(stack, house.old, *house.part("web")))
        old_worker = house.start(stack, house.old, *house.part("worker")) if house.url else old_door
        house.incident(old_door, "told to the old")
        wait_for(lambda: pinned(house, "told to the old"), "the old worker")
        early = house.job("told to the old", WHO_LEADS)

        with Work(house, old_door.door) as work:
            work.goes_on()
            new_door = house.open(house.start(stack, house.new, *house.part("web")))
            assert house.ask("SELECT version, runs_from FROM hearth_release") == [(__version__, RUNS_FROM)]
            work.goes_on()
            house.incident(new_door, "told to the new")
            house.incident(old_door, "told to the old again")
            for what in ("told to the new", "told to the old again"):
                wait_for(lambda what=what: pinned(house, what), "what follows")
            for page in PAGES:
                seen = httpx.get(f"{new_door.door}{page}", cookies={"sessionid": house.cookie}, timeout=30)
                assert seen.status_code == 200, page
            if house.url:
                new_worker = house.start(stack, house.new, "--only", "worker")
                old_worker.terminate()
                assert old_worker.wait(20) == 0
                house.incident(old_door, "told to the old for the new")
                wait_for(lambda: pinned(house, "told to the old for the new"), "the new worker")
                house.bring_forward(early)
                wait_for(lambda: asked(house, "told to the old"), "the new worker to do a job of the old")
                assert new_worker.poll() is None
            work.goes_on()
        assert work.wrong == []
        old_door.terminate()
        assert old_door.wait(20) == 0
        house.bring_forward(early)
        wait_for(lambda: asked(house, "told to the old"), "the new one to do a job of the old")
        wait_for(lambda: house.ask("SELECT count(*) FROM alerts_delivery WHERE handled_at IS NULL") == [0],
                 "all that was called to be handled")  # fmt: skip

    assert asked(house, "told to the old") == 1
    words = Counter(house.ask("SELECT text FROM hearth_message WHERE text LIKE 'word-%'"))
    assert words == Counter(work.said)
    assert house.ask("SELECT count(*) FROM alerts_alert") == [len(work.called)]
    groups = Counter(house.ask("SELECT alertname FROM alerts_group"))
    assert groups.most_common(1)[0][1] == 1, groups  # beyond a few names they come together as a storm
    assert house.ask("SELECT trouble FROM alerts_delivery WHERE trouble <> ''") == []


def test_what_the_new_release_put_off_the_old_one_can_do(house: House) -> None:
    house.seed()
    with ExitStack() as stack:
        new = house.open(house.start(stack, house.new))
        house.incident(new, "told to the new")
        wait_for(lambda: pinned(house, "told to the new"), "the new worker")
        late = house.job("told to the new", WHO_LEADS)
        new.terminate()
        assert new.wait(20) == 0
        old = house.open(house.start(stack, house.old, how=("-c", UNREFUSED)))
        with Work(house, old.door) as work:
            work.goes_on()
        assert work.wrong == []
        house.bring_forward(late)
        wait_for(lambda: asked(house, "told to the new"), "the old worker to do a job of the new")
    assert asked(house, "told to the new") == 1


def test_the_first_release_does_not_begin_on_a_newer_database(tmp_path: Path) -> None:
    """From 0.2.0 on a release asks the database; the first one cannot, and says what could be done."""
    assert previous.VERSION == "0.1.0", "this was about 0.1.0 alone, and can go"
    house = House(tmp_path, "")
    house.seed()
    told = house.run(house.new, "-m", "fireside", "jobs").stderr
    assert re.search(r"Bringing the database up to date: hearth\.\d+_releases", told)
    refused = house.run(house.old, "-m", "fireside", "jobs", fine=False)
    assert refused.returncode == 1
    assert re.search(r"belongs to a newer Fireside \(\w+\.\d+_\w+\)\. Start that release", refused.stderr)
