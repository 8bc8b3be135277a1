"""Machines knock at a running house: what is taken is on the disk first, what is not is told why."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.machines import House, wait_for

HOOK, API = "/hooks/alertmanager", "/api/v2/alerts"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with House(tmp_path_factory.mktemp("house")).up() as house:
        yield house


def alert(name: str, number: int = 0, **more: Any) -> dict[str, Any]:
    labels = {"alertname": name, "job": "storefront", "instance": f"shop-{number}"}
    return {"status": "firing", "labels": labels, "startsAt": "2026-11-02T08:52:00.123456789Z"} | more


def webhook(*alerts: dict[str, Any], **more: Any) -> bytes:
    return json.dumps({"version": "4", "groupKey": "g", "alerts": alerts} | more).encode()


def stored(house: House) -> int:
    [count] = house.rows("SELECT count(*) FROM alerts_delivery")
    return int(count)


def test_without_the_right_token_nothing_is_taken(house: House) -> None:
    before = stored(house)
    body = webhook(alert("NoToken"))
    for path in (HOOK, API, f"{HOOK}/wrong"):
        answer = house.post(path, body, token="")
        assert answer.status_code == 401
        assert answer.json()["error"]
    assert house.post(HOOK, body, token="wrong").status_code == 401
    assert stored(house) == before


def test_the_token_may_be_a_header_or_the_end_of_the_address(house: House) -> None:
    answer = house.post(HOOK, webhook(alert("ByHeader")))
    assert (answer.status_code, answer.json()) == (202, {"taken": 1})
    assert house.post(f"{HOOK}/{house.token}", webhook(alert("ByPath")), token="").status_code == 202
    wait_for(lambda: {"ByHeader", "ByPath"} <= names(house), "both cards")


def test_what_prometheus_posts_is_answered_like_an_alertmanager_would(house: House) -> None:
    body = json.dumps(
        [{"labels": {"alertname": "Direct", "job": "storefront"}, "generatorURL": "http://p"}]
    ).encode()
    answer = house.post(API, body)
    assert (answer.status_code, answer.content) == (200, b"")
    wait_for(lambda: "Direct" in names(house), "the card")


@pytest.mark.parametrize(
    ("path", "body", "where"),
    [
        (HOOK, webhook(alert("A"), alert("B", startsAt="yesterday")), "alerts[1].startsAt"),
        (HOOK, webhook(alert("A", labels={"alertname": 5})), "alerts[0].labels[...]"),
        (HOOK, webhook(alert("A", labels=None)), "alerts[0].labels"),
        (HOOK, b'{"alerts": {}}', "alerts"),
        (HOOK, b'{"version": "4"}', ""),
        (HOOK, b"", ""),
        (HOOK, b"[1", ""),
        (HOOK, b'{"x": ' + b"[" * 100_000 + b"]" * 100_000 + b', "alerts": []}', ""),
        (API, b'[{"labels": {}}, {"labels": {}, "endsAt": 7}]', "[1].endsAt"),
        (API, webhook(alert("A")), ""),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_with_its_place(
    house: House, path: str, body: bytes, where: str
) -> None:
    before = stored(house)
    answer = house.post(path, body)
    assert (answer.status_code, answer.json()["path"]) == (422, where)
    assert answer.json()["error"]
    assert stored(house) == before


def test_an_unknown_version_is_taken_as_long_as_it_can_be_read(house: House) -> None:
    assert house.post(HOOK, webhook(alert("Newer"), version=5, surprise={"a": [1]})).status_code == 202
    wait_for(lambda: "Newer" in names(house), "the card")


def test_ten_megabytes_are_too_much_with_and_without_a_stated_length(house: House) -> None:
    large = b"x" * 10_000_000
    assert house.post(HOOK, large).status_code == 413

    def pieces() -> Iterator[bytes]:
        yield from (large[start : start + 65536] for start in range(0, len(large), 65536))

    try:
        assert house.post(HOOK, pieces()).status_code == 413  # type: ignore[arg-type]
    except httpx.WriteError:
        """The house answered and closed before all was written, which is its right."""
    assert house.post(HOOK, webhook(alert("StillHere"))).status_code == 202


def test_other_methods_and_empty_deliveries(house: House) -> None:
    answer = httpx.get(f"{house.url}{HOOK}")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    before = stored(house)
    assert house.post(HOOK, webhook()).json() == {"taken": 0}
    assert stored(house) == before


def test_hostile_labels_stay_text(house: House) -> None:
    labels = {
        "alertname": "<script>alert(1)</script>",
        "job": "storefront",
        "big": "x" * 100_000,
        "n": "a\0b",
    }
    body = webhook(alert("x", labels=labels)).replace(b"a\\u0000b", b"a\\u0000\\ud800b")
    assert house.post(HOOK, body).status_code == 202
    wait_for(lambda: "<script>alert(1)</script>" in names(house), "the card")
    kept = [
        json.loads(row) for row in house.rows("SELECT labels FROM alerts_alert WHERE labels LIKE '%script%'")
    ]
    assert kept[0]["big"] == "x" * 999 + "…"
    assert kept[0]["n"] == "a\ufffd?b"


def test_many_at_once_are_all_kept_and_answered(house: House) -> None:
    before = stored(house)

    async def storm() -> list[int]:
        async with httpx.AsyncClient(
            headers={"authorization": f"Bearer {house.token}"}, timeout=60
        ) as client:
            posts = (
                client.post(f"{house.url}{HOOK}", content=webhook(alert("Crowd", n))) for n in range(300)
            )
            return [answer.status_code for answer in await asyncio.gather(*posts)]

    assert set(asyncio.run(storm())) == {202}
    assert stored(house) == before + 300
    wait_for(
        lambda: house.rows("SELECT firing FROM alerts_group WHERE alertname = 'Crowd'") == [300], "all 300"
    )
    assert sum(name == "Crowd" for name in all_names(house)) == 1


def test_when_the_disk_is_in_trouble_the_sender_is_asked_to_come_back(house: House) -> None:
    house.rows("ALTER TABLE alerts_delivery RENAME TO elsewhere")
    try:
        answer = house.post(HOOK, webhook(alert("Trouble")))
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) > 0
    finally:
        house.rows("ALTER TABLE elsewhere RENAME TO alerts_delivery")
    assert house.post(HOOK, webhook(alert("Trouble"))).status_code == 202
    wait_for(lambda: "Trouble" in names(house), "the card")


@pytest.mark.crash
def test_what_was_answered_outlives_a_kill(tmp_path: Path) -> None:
    house = House(tmp_path)
    with house.up():
        taken = [house.post(HOOK, webhook(alert("Killed", n))).status_code for n in range(20)]
        house.kill()
    assert taken == [202] * 20
    assert stored(house) == 20
    with house.up():
        wait_for(lambda: house.rows("SELECT firing FROM alerts_group") == [20], "all twenty")
        assert len(house.cards()) == 1


def names(house: House) -> set[str]:
    return set(all_names(house))


def all_names(house: House) -> list[str]:
    return [card["title"]["parts"]["title"] for card in house.cards()]
