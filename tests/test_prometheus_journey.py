"""A real shop breaks; a real Prometheus and Alertmanager tell the house; one card follows to the end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.machines import House, Shop, alertmanager, installed, prometheus, wait_for

pytestmark = pytest.mark.prometheus


@pytest.fixture(autouse=True)
def _machines_are_here() -> None:
    assert installed(), "this needs the Debian packages prometheus and prometheus-alertmanager"


def breaks_and_mends(house: House, shop: Shop) -> dict[str, Any]:
    """The shop breaks and is mended; gives the one card as it was while the shop was broken."""
    assert house.cards() == []
    shop.broken = True
    assert httpx.get(f"http://{shop.address}/pay").status_code == 503
    [hot] = wait_for(house.cards, "the card")
    assert hot["tone"] == "hot"
    shop.broken = False
    wait_for(lambda: house.cards()[0]["tone"] == "ok", "the card to turn green")
    assert len(house.cards()) == 1
    assert house.traces()[-1].startswith("Back to normal after")
    return hot


def says(card: dict[str, Any], name: str) -> str:
    return str(dict(card["facts"])[name]["parts"])


def test_through_alertmanager_one_card_fires_and_is_resolved_in_place(tmp_path: Path) -> None:
    with House(tmp_path).up() as house, Shop().open() as shop, alertmanager(tmp_path, house) as address:
        with prometheus(tmp_path, shop, tells=address):
            hot = breaks_and_mends(house, shop)
        assert hot["title"]["parts"]["title"] == "Payments are refused"
        assert "could not take their payment" in says(hot, "What customers see")
        assert shop.address in says(hot, "Where")
        assert [step["words"] for step in hot["steps"]] == ["Look at the queue", "Double the workers"]
        resolved = house.cards()[0]
        assert resolved["steps"] == hot["steps"]
        [keys] = house.rows("SELECT group_keys FROM alerts_group")
        assert "PaymentsRefused" in keys


def test_prometheus_alone_may_post_as_it_would_to_an_alertmanager(tmp_path: Path) -> None:
    with House(tmp_path).up() as house, Shop().open() as shop:
        with prometheus(tmp_path, shop, tells=f"127.0.0.1:{house.port}", token=house.token):
            hot = breaks_and_mends(house, shop)
        assert "could not take their payment" in says(hot, "What customers see")
        assert house.rows("SELECT DISTINCT form FROM alerts_delivery") == ["alerts"]


def test_a_second_fire_brings_what_happened_the_last_time(tmp_path: Path) -> None:
    with House(tmp_path).up() as house, Shop().open() as shop, alertmanager(tmp_path, house) as address:
        with prometheus(tmp_path, shop, tells=address):
            breaks_and_mends(house, shop)
            house.rows(
                "UPDATE alerts_group SET resolved_at = ?, opened_at = ?",
                "2026-01-01 00:00",
                "2025-12-31 23:13",
            )
            shop.broken = True
            wait_for(lambda: len(house.cards()) == 2, "a second card")
        assert "47 minutes" in says(house.cards()[1], "Last time")
        assert house.cards()[0]["tone"] == "ok"
