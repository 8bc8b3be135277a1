"""What we run and how to mend it, told by the people who look after it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from fireside.hearth.commands import Missing, Outcome
from fireside.hearth.errors import Sorry
from fireside.hearth.models import Person, Room, Team
from fireside.hearth.search import find
from fireside.systems.models import Owners, Runbook, System

pytestmark = pytest.mark.django_db
Do = Callable[..., Outcome]
Web = Callable[[Person], Client]


@pytest.fixture
def storefront(do: Do, ana: Person, room: Room) -> System:
    do(
        ana,
        "/system Storefront what: The shop people see. labels: job=storefront, service=shop env=live",
        room,
    )
    return System.objects.get()


def test_a_system_is_added_where_its_team_works_and_its_alerts_go_there(
    storefront: System, room: Room, sparkles: Team
) -> None:
    assert (storefront.team, storefront.room) == (sparkles, room)
    said = room.messages.get()
    assert str(said.drawn.title) == "Storefront"
    assert "job=storefront, or env=live service=shop" in str(said.drawn)


def test_saying_it_again_describes_it_better_and_keeps_the_rest(
    do: Do, storefront: System, bo: Person, room: Room
) -> None:
    do(bo, "/system storefront what: Where unicorns are rented.", room)
    storefront.refresh_from_db()
    assert storefront.what == "Where unicorns are rented."
    assert storefront.matchers == [{"job": "storefront"}, {"service": "shop", "env": "live"}]


def test_labels_that_cannot_be_read_are_told_beside_their_field(do: Do, ana: Person, room: Room) -> None:
    with pytest.raises(Sorry) as sorry:
        do(ana, "/system Storefront labels: the shop", room)
    assert sorry.value.field == "labels"
    assert "name=value" in sorry.value.words
    assert not System.objects.exists()


def test_labels_find_their_system_by_matcher_first_and_then_by_its_name(ana: Person, org: object) -> None:
    shop = System.add(
        "Storefront", by=ana, matchers=[{"service": "shop"}, {"service": "shop", "env": "live"}]
    )
    test = System.add("Shop in test", by=ana, matchers=[{"service": "shop", "env": "test"}])
    bank = System.add("Bank door", by=ana)
    owners = Owners(System.objects.all())
    assert owners.of({"service": "shop", "env": "live"}) == shop
    assert owners.of({"service": "shop", "env": "test"}) == test
    assert owners.of({"service": "shop"}) == shop
    assert owners.of({"job": "Bank_Door".replace("_", " ")}) == bank
    assert owners.of({"service": "unicorn"}) is None
    assert owners.of({}) is None


def test_a_runbook_is_written_in_the_room_and_found_by_its_words(
    do: Do, storefront: System, bo: Person, cy: Person, room: Room
) -> None:
    do(
        bo,
        "/runbook Payments are refused system: storefront alert: RefusalsHigh steps: See the queue.\nDouble.",
        room,
    )
    book = Runbook.objects.get()
    assert book.steps == ["See the queue.", "Double."]
    assert not book.is_draft
    assert [step.words for step in room.messages.order_by("-pk")[0].drawn.steps] == book.steps
    assert [hit.doc.title for hit in find("double queue", person=cy, kinds=("runbook",))] == [
        "Payments are refused"
    ]
    assert [hit.doc.title for hit in find("", person=cy, kinds=("runbook",), system="storefront")] == [
        book.title
    ]


def test_without_steps_the_form_is_shown_with_the_words_kept(do: Do, bo: Person, room: Room) -> None:
    with pytest.raises(Missing) as missing:
        do(bo, "/runbook Payments are refused", room)
    assert missing.value.given == {"title": "Payments are refused"}
    assert missing.value.names == ["steps"]


def test_list_items_are_the_steps_and_other_words_stay() -> None:
    book = Runbook(
        body="First breathe.\n\n1. Look at `queue`\n   - and in it\n2) Double it\n- [ ] Tell the room"
    )
    assert book.steps == ["Look at `queue`", "and in it", "Double it", "Tell the room"]


def test_better_words_keep_the_earlier_ones(do: Do, web: Web, bo: Person, ana: Person, room: Room) -> None:
    book = Runbook.write("Slow search", ["Restart it"], by=bo)
    do(ana, "/runbook-change slow-search steps: Look at the index first", room)
    book.refresh_from_db()
    assert book.steps == ["Look at the index first"]
    page = web(bo).get(book.get_absolute_url()).content.decode()
    assert "Look at the index first" in page
    assert "1. Restart it" in page
    assert "Ana Ngata" in page


def test_a_draft_waits_until_somebody_has_read_it_through(do: Do, web: Web, bo: Person, org: object) -> None:
    book = Runbook.write("From the fire", ["What we did"], by=bo, written_from="incident:3", draft=True)
    assert "This is a draft" in web(bo).get(book.get_absolute_url()).content.decode()
    do(bo, "/runbook-reviewed from-the-fire")
    assert "This is a draft" not in web(bo).get(book.get_absolute_url()).content.decode()


def test_a_runbook_nobody_read_for_half_a_year_says_so_gently(web: Web, bo: Person, org: object) -> None:
    book = Runbook.write("Old ways", ["Turn the handle"], by=bo)
    assert "half a year" not in web(bo).get(book.get_absolute_url()).content.decode()
    Runbook.objects.update(reviewed_at=timezone.now() - timedelta(days=181))
    assert "half a year" in web(bo).get(book.get_absolute_url()).content.decode()


def test_people_say_whether_it_helped(do: Do, web: Web, bo: Person, ana: Person, org: object) -> None:
    book = Runbook.write("Slow search", ["Restart it"], by=bo)
    assert "Good to hear" in do(bo, "/runbook-helped slow-search").whisper.words
    assert "better words" in do(ana, "/runbook-helped slow-search helped: no").whisper.words
    page = web(bo).get(book.get_absolute_url()).content.decode()
    assert "It helped once." in page
    assert "Once it did not." in page


def test_a_system_page_says_who_and_where_and_offers_to_write_the_first_runbook(
    web: Web, storefront: System, bo: Person
) -> None:
    page = web(bo).get("/systems/storefront/").content.decode()
    for words in (
        "The shop people see.",
        "Magic Sparkles",
        "#magic-sparkles",
        "job=storefront",
        "No runbook yet",
    ):
        assert words in page
    assert "/do/runbook/?system=storefront" in page
    assert "Storefront" in web(bo).get("/systems/").content.decode()


def test_what_belongs_to_a_private_room_is_not_there_for_others(
    do: Do, web: Web, ana: Person, cy: Person, org: object
) -> None:
    hidden = Room.make("vault", by=ana, private=True)
    vault = System.add("Vault", by=ana, room=hidden)
    book = Runbook.write("Open the vault", ["Turn left"], by=ana, system=vault)
    for path in ("/systems/vault/", book.get_absolute_url()):
        assert web(cy).get(path).status_code == 404
        assert web(ana).get(path).status_code == 200
    assert "Vault" not in web(cy).get("/systems/").content.decode()
    assert find("vault", person=cy) == []
    with pytest.raises(Sorry, match="no runbook called"):
        do(cy, "/runbook-helped open-the-vault")


def test_runbooks_of_one_title_have_addresses_of_their_own(bo: Person) -> None:
    slugs = [Runbook.write("Slow search", ["Look"], by=bo).slug for _ in range(3)]
    assert slugs == ["slow-search", "slow-search-2", "slow-search-3"]
    assert Runbook.write("🦄", ["Look"], by=bo).slug == "runbook"
