"""What people do about alerts, and what they see of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from fireside.alerts import handle
from fireside.alerts.models import Alert, Group, Source
from fireside.alerts.tests.machines import hear, told
from fireside.hearth.commands import Outcome
from fireside.hearth.errors import NotYours, Sorry
from fireside.hearth.keys import digest
from fireside.hearth.models import Entry, Message, Person, Room
from fireside.systems.models import System
from fireside.web.places import day_marks

pytestmark = pytest.mark.django_db
Do = Callable[..., Outcome]
Web = Callable[[Person], Client]


def test_pressing_i_am_on_it_names_the_person_on_the_card_and_leaves_a_trace(
    do: Do, prometheus: Source, storefront: System, bo: Person, room: Room
) -> None:
    hear(prometheus, told())
    group = Group.objects.get()
    outcome = do(bo, f"/on-it {group.ref}", room)
    assert outcome.whisper is not None
    assert "you are on it" in outcome.whisper.words
    card = Message.objects.get(room=room, thread=None).drawn
    assert str(card.facts["On it"]) == "Bo Lund"
    assert Message.objects.get(thread__isnull=False).text == "Bo Lund is on it"
    assert "says so already" in do(bo, "/on-it", room).whisper.words
    assert Message.objects.filter(thread__isnull=False).count() == 1
    verbs = Entry.objects.filter(story=group.ref).order_by("pk").values_list("verb", flat=True)
    assert list(verbs) == ["group.fired", "group.taken"]


def test_nothing_fires_here_is_told_to_the_asker_alone(do: Do, bo: Person, room: Room) -> None:
    with pytest.raises(Sorry, match="Nothing fires in this room"):
        do(bo, "/on-it", room)
    assert not room.messages.exists()


def test_alerts_tells_what_fires_now_to_the_asker(
    do: Do, prometheus: Source, storefront: System, bo: Person, room: Room
) -> None:
    assert do(bo, "/alerts").whisper.words == "Nothing fires. It is calm."
    hear(prometheus, told(), told("Slow", annotations={}))
    words = do(bo, "/alerts", room).whisper.words
    assert "- Payments are refused, for 1 hour, in #magic-sparkles" in words
    assert "- Slow, for" in words


def test_what_fires_in_a_private_room_is_not_there_for_others(
    do: Do, web: Web, prometheus: Source, ana: Person, cy: Person, org: object
) -> None:
    vault = Room.make("vault", by=ana, private=True)
    System.add("Storefront", by=ana, room=vault)
    hear(prometheus, told())
    group = Group.objects.get()
    assert web(ana).get(group.get_absolute_url()).status_code == 200
    assert web(cy).get(group.get_absolute_url()).status_code == 404
    assert "Payments" in web(ana).get("/alerts/").content.decode()
    assert "Payments" not in web(cy).get("/alerts/").content.decode()
    assert "Payments" not in do(cy, "/alerts").whisper.words
    with pytest.raises(Sorry, match="There is no alert"):
        do(cy, f"/on-it {group.ref}")
    since, until = timezone.now() - timedelta(days=1), timezone.now()
    assert [mark.words for add in day_marks for mark in add(ana, since, until) if mark.kind == "alert"]
    assert not [mark.words for add in day_marks for mark in add(cy, since, until) if mark.kind == "alert"]


def test_only_a_keeper_makes_a_token_and_it_is_shown_once(
    do: Do, web: Web, ana: Person, bo: Person, org: object
) -> None:
    with pytest.raises(NotYours):
        do(bo, "/source Prometheus")
    words = do(ana, "/source Prometheus").whisper.words
    secret = words.split("`")[1]
    assert Source.objects.get().hash == digest(secret)
    page = web(ana).get("/alerts/connect/").content.decode()
    assert "Prometheus" in page
    assert secret not in page
    assert "/hooks/alertmanager" in page


def test_asking_again_ends_the_earlier_token(do: Do, ana: Person, org: object) -> None:
    first = do(ana, "/source Prometheus").whisper.words.split("`")[1]
    do(ana, "/source Prometheus")
    assert Source.objects.count() == 1
    assert not Source.objects.filter(hash=digest(first)).exists()


def test_a_source_that_is_ended_leaves_nothing_firing(
    do: Do, prometheus: Source, storefront: System, ana: Person, room: Room
) -> None:
    hear(prometheus, told())
    do(ana, "/source-end prometheus")
    assert Message.objects.get(room=room, thread=None).drawn.tone == "ok"
    assert not Alert.objects.filter(resolved_at=None).exists()
    with pytest.raises(Sorry, match="no source called"):
        do(ana, "/source-end prometheus")


def test_the_page_of_a_card_shows_every_alert_and_pages_by_key(
    web: Web, prometheus: Source, storefront: System, bo: Person
) -> None:
    hear(prometheus, *(told(labels={"instance": f"shop-{n:02}"}) for n in range(45)))
    group = Group.objects.get()
    first = web(bo).get(group.get_absolute_url()).content.decode()
    assert "instance=shop-44" in first
    assert "instance=shop-01" not in first
    assert "is firing" in first
    last = Alert.objects.order_by("-pk")[29].pk
    assert f"?before={last}" in first
    second = web(bo).get(f"{group.get_absolute_url()}?before={last}").content.decode()
    assert "instance=shop-01" in second
    assert web(bo).get(f"{group.get_absolute_url()}?before=nonsense").status_code == 200


def test_the_list_shows_what_fires_first_and_can_be_narrowed(
    web: Web, prometheus: Source, storefront: System, bo: Person
) -> None:
    hear(prometheus, told(), told("Slow", annotations={"summary": "Search is slow"}))
    hear(prometheus, told("Slow", status="resolved"))
    page = web(bo).get("/alerts/").content.decode()
    assert page.index("Payments are refused") < page.index("Search is slow")
    assert "1 firing" in page
    narrowed = web(bo).get("/alerts/?words=search&system=storefront").content.decode()
    assert "Search is slow" in narrowed
    assert "Payments are refused" not in narrowed
    assert "Search is slow" in web(bo).get("/systems/storefront/").content.decode()


def test_the_list_costs_the_same_however_long_the_past_is(
    web: Web,
    prometheus: Source,
    storefront: System,
    bo: Person,
    django_assert_max_num_queries: Callable[..., object],
) -> None:
    client = web(bo)
    for n in range(40):
        hear(prometheus, told(f"Rule{n}"))
        hear(prometheus, told(f"Rule{n}", status="resolved"))
    client.get("/alerts/")
    with django_assert_max_num_queries(25):  # type: ignore[operator]
        page = client.get("/alerts/").content.decode()
    assert 'rel="next"' in page


def test_a_card_may_carry_what_a_later_stage_knows(
    prometheus: Source, storefront: System, room: Room
) -> None:
    from fireside.alerts import cards
    from fireside.hearth.cards import text

    def told_before(group: Group) -> dict[str, object]:
        return {"Last post-mortem": text("{title}", title="The full queue")}

    cards.more.append(told_before)
    try:
        hear(prometheus, told())
        handle.catch_up()
        assert (
            str(Message.objects.get(room=room, thread=None).drawn.facts["Last post-mortem"])
            == "The full queue"
        )
    finally:
        cards.more.remove(told_before)
