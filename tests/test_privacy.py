"""What happens behind a closed door is nowhere: every page and command is tried by those outside it.

Outside are a member and a keeper, a guest of another room, who left, whose access ended, and nobody at all.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from fireside.config import metrics
from fireside.hearth.commands import Ask, Sorry, book, perform
from fireside.hearth.models import Draft, Entry, Message, Person, Room, Sending, Webhook
from fireside.hearth.people import Role
from fireside.keys.models import Holder
from fireside.postmortems.models import Mitigation, Postmortem
from fireside.systems.models import Runbook, System
from fireside.web.api.records import kinds
from fireside.web.happenings import after
from tests.asker import Asker, counted, patterns, plainly, questions, tries, watched
from tests.cave import NAME, SECRET, Cave, House

pytestmark = pytest.mark.django_db

# Addresses without the name of a record in them: whatever stands on them, nothing private does.
OPEN = {
    "welcome", "account_login", "account_logout", "account_inactive", "account_signup",
    "account_change_password", "account_reset_password", "account_set_password",
    "account_reset_password_done",
    "account_reset_password_from_key_done", "people", "suggest", "teams", "settings", "settings-keys",
    "settings-invitations", "settings-organisation", "settings-people", "settings-jobs", "api", "openapi",
    "alerts", "sources",
    "systems", "incidents", "morgue", "why_postmortems", "changes", "gentle", "home", "search", "rooms",
    "api/entries", "api/search", "slack-install", "slack-oauth", "settings-slack", "settings-go",
    "settings-mine", "settings-keeping", "settings-audit", "settings-audit-export",
    "settings-webhooks", "keys", "keys-connect", "keys-import",
    "settings-sign-in", "settings-end-others", "mfa_index", "mfa_list_webauthn", "mfa_activate_totp",
    "mfa_deactivate_totp", "mfa_view_recovery_codes", "mfa_generate_recovery_codes", "mfa_add_webauthn",
    "mfa_authenticate", "mfa_login_webauthn", "account_reauthenticate", "mfa_reauthenticate",
    "mfa_reauthenticate_webauthn", "oidc", "oidc-callback",
}  # fmt: skip
# Addresses that name people, teams, links and verbs, which are open or are asked for below.
OTHERS = {
    "join": "/join/secret/", "account_reset_password_from_key": "/account/password/reset/a-b/",
    "person": "/people/bo-lund/", "team": "/teams/cave-people/",
    "settings-end-key": "/settings/keys/1/end/",
    "settings-end-invitation": "/settings/invitations/1/end/",
    "settings-new-password": "/settings/people/1/new-password/", "api-do": "/api/do/say", "do": "/do/say/",
    "settings-end-sign-in": "/settings/sign-in/1/end/", "settings-rotate-key": "/settings/keys/1/rotate/",
    "mfa_edit_webauthn": "/settings/sign-in/passkeys/1/",
    "mfa_remove_webauthn": "/settings/sign-in/passkeys/1/remove/",
    "api-records": "/api/rooms", "come-back": "/account/back/token/",
}  # fmt: skip
# What guests are shown, of what they may see. An address that is not here is not there for them.
FOR_GUESTS = {
    "welcome", "join", "account_login", "account_logout", "account_inactive", "account_signup",
    "account_change_password", "account_reset_password", "account_set_password",
    "account_reset_password_done", "account_reset_password_from_key",
    "account_reset_password_from_key_done", "come-back", "people", "person", "suggest", "settings",
    "settings-go", "settings-mine", "home", "search", "do", "rooms", "room", "room-pinned", "room-files",
    "room-people", "room-about", "room-read", "room-palette", "room-draft", "message", "file", "alerts",
    "group", "systems", "system", "runbook", "incidents", "incident", "decisions", "incident-timeline",
    "morgue", "why_postmortems", "changes", "gentle", "postmortem", "postmortem_export", "telling",
    "settings-end-sign-in", "mfa_edit_webauthn", "mfa_remove_webauthn",
    "settings-sign-in", "settings-end-others", "mfa_index", "mfa_list_webauthn", "mfa_activate_totp",
    "mfa_deactivate_totp", "mfa_view_recovery_codes", "mfa_generate_recovery_codes", "mfa_add_webauthn",
    "mfa_authenticate", "mfa_login_webauthn", "account_reauthenticate", "mfa_reauthenticate",
    "mfa_reauthenticate_webauthn", "oidc", "oidc-callback",
}  # fmt: skip
# What nobody has to sign in for.
FOR_ANYBODY = {
    "account_login", "account_inactive", "account_signup", "account_reset_password",
    "account_reset_password_done", "account_reset_password_from_key_done",
    "account_reset_password_from_key", "gentle", "openapi",
}  # fmt: skip
# They end what the asker may do, and name nothing that could be private.
ENDS = ("deactivate", "step-down", "delete-person", "leave")


@pytest.fixture(scope="module")
def house(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[House]:
    """Built once; what a test does in it is undone after the test, and the house after all of them."""
    whole = transaction.atomic()
    whole._from_testcase = True  # type: ignore[attr-defined] # as those around each test
    with django_db_blocker.unblock():
        whole.__enter__()
        made = House()
    yield made
    with django_db_blocker.unblock():
        transaction.set_rollback(True)
        whole.__exit__(None, None, None)


@pytest.fixture
def cave(house: House) -> Cave:
    return house.cave


OUTSIDE = {"member", "keeper", "guest", "left"}


@pytest.fixture(params=sorted(OUTSIDE))
def outsider(request: pytest.FixtureRequest, house: House, db: None) -> Person:
    """Somebody from elsewhere in the house, one who keeps it, a guest of another room, and one who left."""
    if request.param == "left":
        bo = Person.objects.get(pk=house.bo.pk)
        for room in Room.objects.filter(pk__in=house.cave.closed):
            perform(Ask(bo, room), "leave", {})
        return bo
    if request.param == "guest":
        return Person.objects.get(pk=house.gil.pk)
    cy = Person.objects.get(pk=house.cy.pk)
    if request.param == "keeper":
        cy.keeper_since = timezone.now()
        cy.save()
    return cy


@pytest.fixture
def closed(outsider: Person, house: House) -> list[Cave]:
    """What is closed to them: to a guest also what is open to everybody else."""
    return [house.cave, house.wood] if outsider.is_guest else [house.cave]


@pytest.fixture
def asker(outsider: Person, closed: list[Cave]) -> Asker:
    return Asker(outsider, *closed)


def only(*who: str) -> pytest.MarkDecorator:
    """Those who may see and do all that the others may."""
    return pytest.mark.parametrize("outsider", who, indirect=True)


def test_every_address_of_the_house_is_tried_here(cave: Cave) -> None:
    assert {name for name, _ in patterns()} == OPEN | OTHERS.keys() | cave.addresses().keys()


def test_every_address_says_whether_guests_are_shown_it() -> None:
    marked = {name for name, pattern in patterns() if getattr(pattern.callback, "guests", False)}
    assert marked == FOR_GUESTS


def test_the_cave_is_full_for_those_who_live_in_it(house: House, cave: Cave) -> None:
    inside = Client()
    inside.force_login(house.bo, backend="django.contrib.auth.backends.ModelBackend")
    for name in (
        "room",
        "group",
        "system",
        "runbook",
        "incident",
        "postmortem",
        "postmortem_export",
        "holder",
    ):
        assert SECRET in inside.get(cave.addresses()[name][0]).content.decode().lower(), name
        seen = inside.get(house.wood.addresses()[name][0]).content.decode().lower()
        assert house.wood.secret in seen, f"{name}: and the wood for every member"
    assert len(cave.addresses()["api-record"]) > 10


@only("keeper", "guest", "left")
def test_what_is_closed_has_no_address_for_those_outside(asker: Asker, closed: list[Cave]) -> None:
    for cave in closed:
        for name, paths in cave.addresses().items():
            for turn, path in enumerate(paths):
                for method in ("get", "head", "post") if turn == 0 else ("get",):
                    answer = asker.ask(method, path)
                    wanted = (401, 404, 405) if path.startswith("/api/") else (404, 405)
                    assert answer.status_code in wanted, f"{name}: {method} {path}"


@only("member", "guest")
def test_what_is_closed_and_what_is_not_there_look_the_same(
    asker: Asker, outsider: Person, house: House, subtests: pytest.Subtests
) -> None:
    """The same status, the same bytes but for the name asked, and as many questions to the database."""
    cave = house.cave
    for known in ("/api/rooms", "/"):  # a key notes when it was used, and a browser too, now and then
        asker.ask("get", known)
    for name, paths in cave.addresses().items():
        with subtests.test(name):
            assert asker.looks(paths[0]) == asker.looks(_absent(paths[0], cave))
    for command in book.all():
        for param in command.params if command.role <= outsider.role else ():
            for ref in cave.refs(param.kind.name)[-1:] if param.kind.name in NAMED else ():
                with subtests.test(f"{command.verb} {param.name}"):
                    answers = [
                        _answer(outsider, house.room, command.verb, plainly(command) | {param.name: one}, one)
                        for one in (ref, _absent(ref, cave))
                    ]
                    assert answers[0] == answers[1]


NAMED = {"room", "rooms", "message", "incident", "postmortem", "system", "runbook", "alert", "mitigation"}


def _absent(named: str, cave: Cave) -> str:
    """The same with the name of something that is not there."""
    for slug in (*cave.refs("room")[::-1], cave.system.slug, cave.runbook.slug):
        named = named.replace(slug, "no-such-thing")
    return re.sub(r"\d+", "987654", named)


def _answer(person: Person, room: Room, verb: str, given: dict[str, str], named: str) -> tuple[str, int]:
    """What an asker is told but for the name, and how many questions it took."""
    with counted() as count, pytest.raises(Sorry) as sorry:
        perform(Ask(person, room), verb, given)
    return re.sub(rf"\b{named.lstrip('#')}\b", "NAMED", sorry.value.words), count()


LISTS = ["/", "/search/", "/rooms/", "/people/", "/people/suggest/", "/teams/", "/teams/cave-people/",
         "/people/bo-lund/", "/people/ana-ngata/", "/settings/", "/settings/people/",
         "/settings/invitations/", "/settings/keeping/", "/settings/audit/", "/settings/jobs/",
         "/settings/mine/", "/settings/webhooks/", "/settings/sign-in/", "/keys/", "/keys/connect/",
         "/keys/import/", "/alerts/", "/alerts/connect/", "/systems/", "/incidents/", "/learn/",
         "/learn/changes/", "/settings/slack/", "/rooms/magic-sparkles/", "/rooms/magic-sparkles/files/",
         "/rooms/magic-sparkles/people/", "/rooms/magic-sparkles/about/", "/rooms/magic-sparkles/palette/",
         "/api/", "/api/openapi.json", "/api/entries", "/api/search",
         *(f"/api/{kind.kind}" for kind in kinds())]  # fmt: skip


@only("keeper", "guest", "left")
def test_no_list_and_no_search_tells_of_it(
    asker: Asker, closed: list[Cave], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each list is asked whatever it reads out of its address."""
    for path in LISTS:
        with watched(monkeypatch) as read:
            asker.ask("get", path)
            for cave in closed:
                for question in questions(cave):
                    if known := {name: words for name, words in question.items() if name in read}:
                        asker.ask("get", path, known)


def test_a_guest_hears_of_nobody_outside_their_rooms(house: House, db: None) -> None:
    guest = Asker(house.gil)
    for path in LISTS:
        came = guest.ask("get", path).body
        for word in ("Dee Rua", "dee-rua", "Cave people", "Wood people"):
            assert word not in came, path
    assert guest.ask("get", "/people/dee-rua/").status_code == 404
    assert guest.ask("get", "/people/suggest/", {"q": "d"}).body == "[]"
    assert "Bo Lund" in guest.ask("get", "/people/").body


def test_a_guest_is_shown_no_way_that_is_not_theirs(
    house: House, db: None, subtests: pytest.Subtests
) -> None:
    """Inside their rooms every page is there for them, with what they could do on it and nothing else.

    The cards that were said are drawn once for everybody; who presses there what is not theirs is told so.
    """
    gil, wood = Person.objects.get(pk=house.gil.pk), house.wood
    for room in Room.objects.filter(pk__in=wood.closed):
        room.seat(gil)
    guest, theirs = Asker(gil, house.cave), {one.verb for one in book.all() if one.role == Role.GUEST}
    for name, paths in wood.addresses().items():
        for path in paths[:2] if name in FOR_GUESTS and name not in ("room-read", "room-draft") else ():
            answer = guest.ask("get", path, follow=True)
            assert answer.status_code == 200, path
            if answer["Content-Type"].startswith("text/html"):
                with subtests.test(path):
                    body = re.sub(r'<article class="msg.*?</article>', "", answer.body, flags=re.DOTALL)
                    assert set(re.findall(r'(?:href|action)="/do/([a-z-]+)/', body)) <= theirs
                    assert re.findall(rf'href="({NOT_FOR_GUESTS})', body) == []
    for path in (
        "/alerts/",
        "/systems/",
        "/incidents/",
        "/learn/",
        "/learn/changes/",
        "/people/",
        "/rooms/",
        "/",
    ):
        with subtests.test(path):
            body = guest.ask("get", path).body
            assert set(re.findall(r'(?:href|action)="/do/([a-z-]+)/', body)) <= theirs
            assert re.findall(rf'href="({NOT_FOR_GUESTS})', body) == []


NOT_FOR_GUESTS = r"/teams/|/settings/(?!mine)[a-z]|/alerts/connect|/learn/\d+/(?:write|history)|/api/"


def inside(caves: list[Cave]) -> list[Any]:
    """All that is known of the caves, to see that nobody outside changed it."""
    rooms = [number for cave in caves for number in cave.closed]
    systems = [cave.system.pk for cave in caves]
    rows = [
        Entry.objects.filter(room__in=rooms).values_list("pk", "withdrawn_at"),
        Message.objects.filter(room__in=rooms).values_list("pk", "text", "card", "pinned_at"),
        Room.objects.filter(pk__in=rooms).values_list("seats__person", "seats__read_to"),
        Mitigation.objects.values_list("pk", "owner", "done_at", "let_go_at"),
        Runbook.objects.filter(system__in=systems).values_list("body", "reviewed_at"),
        System.objects.filter(pk__in=systems).values_list("what", "team", "room"),
        Postmortem.objects.values_list("title", "published_at", "applause"),
        Holder.objects.filter(room__in=rooms).values_list("name", "keeper", "ended_at", "review_by"),
        Webhook.objects.values_list("secret", "ended_at"),
        Sending.objects.values_list("hook", "due_at"),
        Draft.objects.values_list("text"),
    ]
    return [sorted(found, key=repr) for found in rows]  # a database promises no order by itself


@only("keeper", "guest")
def test_no_command_reaches_into_it(
    asker: Asker, outsider: Person, closed: list[Cave], subtests: pytest.Subtests
) -> None:
    known = inside(closed)
    for turn, command in enumerate(book.all()):
        if command.verb in ENDS:
            continue
        with subtests.test(command.verb):
            if command.role > outsider.role:  # refused before a word of it is read
                given = plainly(command)
                assert asker.ask("post", f"/do/{command.verb}/", given).status_code == 422
            else:
                for given in tries(command, closed[-1]):
                    _try(asker, command.verb, given, by_program=not outsider.is_guest)
                if asker.ask("post", f"/do/{command.verb}/", given).status_code != 422:  # without a script
                    asker.ask("get", f"/do/{command.verb}/", given)  # which 422 has drawn
            _try_inside(asker, command.verb, closed[turn % len(closed)].rooms[turn % 2], given)
            assert inside(closed) == known


def _try(asker: Asker, verb: str, given: dict[str, str], *, by_program: bool) -> None:
    """By a program in no room, and by a script from an open room."""
    fresh = {**given, "name": "a new name"} if given.get("name") == "hello" else given
    if by_program:
        asker.ask("post", f"/api/do/{verb}", json.dumps(fresh), content_type="application/json")
    asker.ask("post", f"/do/{verb}/", {"room": "magic-sparkles", **given}, headers={"HX-Request": "true"})


def _try_inside(asker: Asker, verb: str, room: Room, given: dict[str, str]) -> None:
    """As if the asker stood in the room."""
    there = {"room": room.slug, **given}
    assert asker.ask("post", f"/do/{verb}/", there).status_code == 404
    answer = asker.ask("post", f"/api/do/{verb}", json.dumps(there), content_type="application/json")
    assert answer.status_code in (401, 404, 422)


def test_live_pages_of_those_outside_hear_nothing(outsider: Person, closed: list[Cave]) -> None:
    numbers = [number for cave in closed for number in cave.closed]
    topics = {f"room:{room.slug}" for room in Room.objects.filter(pk__in=numbers)} | {"home"}
    topics |= {f"story:{story}" for story in Entry.objects.values_list("story", flat=True)}
    place = (outsider.zone, outsider.language)
    for one in after(0, None, 10_000, lambda topic: [place]):
        if told := one.kinds(outsider.pk, frozenset(topics), guest=outsider.is_guest):
            words = one.chunk(told, place).decode().lower()
            for cave in closed:
                assert cave.secret not in words, one
                assert cave.name not in words, one


def test_no_number_for_machines_is_about_one_of_them(house: House, db: None) -> None:
    metrics.database.forget()
    told = metrics.text().lower()
    assert "fireside_" in told
    for word in (NAME, SECRET, house.wood.name, house.wood.secret, "bo-lund", "magic-sparkles"):
        assert word not in told


# -- without access ------------------------------------------------------------------------------------------


def all_addresses(house: House) -> dict[str, list[str]]:
    """Every address of the house, the closed ones and the open ones, filled in."""
    found = dict.fromkeys(sorted(OPEN), "")
    for name in found:
        try:
            found[name] = reverse(name)
        except NoReverseMatch:  # it has no name
            found[name] = f"/{name}"
    return {**house.cave.addresses(), **{name: [path] for name, path in {**found, **OTHERS}.items()}}


def test_nobody_who_is_not_signed_in_reads_a_word(house: House) -> None:
    nobody = Asker(None, house.cave, house.wood)
    shown = set()
    for name, paths in all_addresses(house).items():
        for path in paths[:3]:
            answer = nobody.ask("get", path)
            assert answer.status_code in (200, 302, 401, 404, 405), path
            if answer.status_code == 200:
                shown.add(name)
            for word in ("Ana Ngata", "Bo Lund", "bo-lund", "magic-sparkles"):
                assert word in path or word not in answer.body, path
    assert shown == FOR_ANYBODY
    for command in book.all():
        assert nobody.ask("post", f"/do/{command.verb}/", plainly(command)).status_code == 302
        sent = nobody.ask("post", f"/api/do/{command.verb}", "{}", content_type="application/json")
        assert sent.status_code == 401


def test_whose_access_ended_is_nobody_with_the_cookie_and_the_key_they_had(house: House, db: None) -> None:
    bo = Person.objects.get(pk=house.bo.pk)
    before, nobody = Asker(bo), Asker(None)
    assert SECRET in before.ask("get", f"/rooms/{house.cave.room.slug}/").body
    bo.deactivate(by=house.ana)
    before.caves = (house.cave, house.wood)
    for paths in all_addresses(house).values():
        for path in paths[:3]:
            assert before.ask("get", path).status_code == nobody.ask("get", path).status_code, path
    for command in book.all():
        given = plainly(command)
        assert before.ask("post", f"/do/{command.verb}/", given).status_code == 302, command.verb
        sent = before.ask(
            "post", f"/api/do/{command.verb}", json.dumps(given), content_type="application/json"
        )
        assert sent.status_code == 401, command.verb


def test_there_is_no_role_between_member_and_keeper(house: House, db: None) -> None:
    """Nobody leads by looking: who made a team, and whoever is in one, enters no room because of it."""
    assert [role.name for role in Role] == ["GUEST", "MEMBER", "KEEPER"]
    member, maker = Person.objects.get(pk=house.cy.pk), Person.objects.get(pk=house.dee.pk)
    perform(Ask(maker), "team", {"name": "Sparklers"})
    perform(Ask(maker), "join-team", {"team": "sparklers", "person": "@bo-lund"})
    perform(Ask(maker), "join-team", {"team": "cave-people"})
    assert set(Room.enterable_by(maker)) == set(Room.enterable_by(member))
    for path in ("/", "/teams/cave-people/", "/people/bo-lund/", "/incidents/", "/learn/changes/"):
        assert Asker(maker, house.cave).ask("get", path).status_code == 200
