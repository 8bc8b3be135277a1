"""Tokens of sources: they open one thing, are changed without a gap, and their use is seen."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from fireside.alerts import intake
from fireside.alerts.models import Source
from fireside.hearth.commands import Outcome
from fireside.hearth.errors import Sorry
from fireside.hearth.keys import Key, Shut, digest
from fireside.hearth.models import Person

Do = Callable[..., Outcome]
Web = Callable[[Person], Client]


def holders(*secrets: str) -> list[int | None]:
    """Which source a running intake takes each for, after what it wrote about them is written."""

    async def ask() -> list[int | None]:
        sources = intake.Sources()
        found = [await sources.holder(secret) for secret in secrets]
        await asyncio.gather(*sources._writing)
        return found

    found = asyncio.run(ask())
    connection.close()
    return found


@pytest.mark.django_db(transaction=True)
def test_both_tokens_work_for_a_while_and_the_page_tells_which_is_used(do: Do, web: Web, ana: Person) -> None:
    first = do(ana, "/source Prometheus").whisper.words.split("`")[1]
    second = do(ana, "/source-renew Prometheus overlap: 3").whisper.words.split("`")[1]
    source = Source.objects.get()
    assert holders(first, "fi_wrong") == [source.pk, None]
    source.refresh_from_db()
    assert (source.used_at, source.old_used_at is not None) == (None, True)
    page = web(ana).get("/alerts/connect/").content.decode()
    assert "The machine still uses the old token" in page
    assert first not in page
    assert second not in page
    assert holders(second) == [source.pk]
    source.refresh_from_db()
    assert source.used_at is not None
    Source.objects.update(old_until=timezone.now())
    assert holders(first, second) == [None, source.pk]


@pytest.mark.django_db(transaction=True)
def test_a_token_with_an_end_ends_and_one_without_goes_on(web: Web, ana: Person) -> None:
    _, short = Source.make("A visit", by=ana, days=7)
    source, for_good = Source.make("Prometheus", by=ana)
    assert None not in holders(short, for_good)
    assert "The token of A visit ends" in web(ana).get("/").content.decode()
    Source.objects.exclude(expires_at=None).update(expires_at=timezone.now())
    assert holders(short, for_good) == [None, source.pk]


@pytest.mark.django_db
def test_a_token_of_a_source_opens_nothing_else(ana: Person) -> None:
    _, secret = Source.make("Prometheus", by=ana)
    program = Client(headers={"Authorization": f"Bearer {secret}"})
    for path in ("/api/rooms", "/api/entries", "/api/search?q=a", "/api/alerts"):
        assert program.get(path).status_code == 401
    assert program.post("/api/do/alerts", {}, content_type="application/json").status_code == 401
    for path in ("/", "/alerts/", "/alerts/connect/", "/settings/keys/"):
        assert program.get(path)["Location"].startswith("/account/login/")
    with pytest.raises(Shut):
        Key.let_in(secret)
    _, key = Key.make(ana, "x")
    assert not Source.objects.filter(hash=digest(key)).exists()


@pytest.mark.django_db
@pytest.mark.parametrize("days", ["soon", "0", "999", "-1", "٣"])
def test_a_time_that_cannot_be_meant_is_refused(do: Do, ana: Person, days: str) -> None:
    with pytest.raises(Sorry, match="number of days"):
        do(ana, f"/source Prometheus days: {days}")
    assert not Source.objects.exists()


@pytest.mark.django_db
def test_what_is_known_to_others_ends_at_once(do: Do, ana: Person, bo: Person) -> None:
    do(ana, "/source Prometheus")
    with pytest.raises(Sorry):
        do(bo, "/source-renew Prometheus")
    assert "works no more" in do(ana, "/source-renew Prometheus overlap: 0").whisper.words
    source = Source.objects.get()
    assert not source.old_works
    Source.objects.get().rotate(timedelta(days=5), by=ana)
    do(ana, "/source Prometheus")
    assert Source.objects.get().old_hash is None, "a second /source ends all that was before"


def test_intake_asks_the_database_no_more_often_than_before(monkeypatch: Any) -> None:
    asked, written = [], []
    monkeypatch.setattr(intake, "_living", lambda: asked.append(1) or {digest("fi_x"): 7})
    monkeypatch.setattr(intake, "_is_used", lambda *args: written.append(args))

    async def storm() -> None:
        sources = intake.Sources()
        assert {await sources.holder("fi_x") for _ in range(1000)} == {7}
        await asyncio.gather(*sources._writing)

    asyncio.run(storm())
    assert (len(asked), written) == (1, [(7, digest("fi_x"))])
