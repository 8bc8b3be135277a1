"""What happens behind a closed door is nowhere: every page and command is tried by those outside it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from fireside.hearth.commands import Ask, Command, book, perform
from fireside.hearth.models import Draft, Entry, Key, Message, Person, Room, Sending, Webhook
from fireside.keys.models import Holder
from fireside.postmortems.models import Mitigation, Postmortem
from fireside.systems.models import Runbook, System
from fireside.web.api.records import kinds
from fireside.web.happenings import after
from tests.cave import NAME, SECRET, Cave

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
    "settings-webhooks", "keys", "keys-connect", "keys-import",
    "settings-sign-in", "settings-end-others", "mfa_index", "mfa_list_webauthn", "mfa_activate_totp",
    "mfa_deactivate_totp", "mfa_view_recovery_codes", "mfa_generate_recovery_codes", "mfa_add_webauthn",
    "mfa_authenticate", "mfa_login_webauthn", "account_reauthenticate", "mfa_reauthenticate",
    "mfa_reauthenticate_webauthn", "oidc", "oidc-callback",
    "settings-mine", "settings-keeping", "settings-audit", "settings-audit-export",
}  # fmt: skip
# Addresses that name people, teams, links and verbs, which are open or are asked for below.
OTHERS = {
    "join", "account_reset_password_from_key", "settings-end-sign-in", "settings-rotate-key",
    "mfa_edit_webauthn", "mfa_remove_webauthn", "person", "team", "settings-end-key",
    "settings-end-invitation", "settings-new-password", "api-do", "do", "api-records", "come-back",
}  # fmt: skip


@pytest.fixture
def cave(room: Room, ana: Person, bo: Person) -> Cave:
    found = Cave(ana, bo)
    found.goes_on(ana)
    return found


@pytest.fixture(params=["member", "keeper"])
def outsider(request: pytest.FixtureRequest, cy: Person) -> Person:
    """Somebody from elsewhere in the house; also one who keeps it, but has no seat."""
    if request.param == "keeper":
        cy.keeper_since = timezone.now()
        cy.save()
    return cy


class Asker:
    """Asks as somebody, through the pages and with a key, and looks at all that comes back."""

    def __init__(self, person: Person) -> None:
        self.client = Client()
        self.client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
        self.program = Client(headers={"Authorization": f"Bearer {Key.make(person, 'probe')[1]}"})

    def ask(self, method: str, path: str, given: Any = None, **more: Any) -> Any:
        door = self.program if path.startswith("/api/") and path not in PAGES else self.client
        answer = getattr(door, method)(path, given, **more)
        if answer.status_code in (301, 302, 303) and method == "post":
            self._nothing_private(path, given, self.client.get(answer["Location"]))
        return self._nothing_private(path, given, answer)

    @staticmethod
    def _nothing_private(path: str, given: Any, answer: Any) -> Any:
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        came = f"{sorted(answer.headers.items())} {body.decode()}".lower()
        assert answer.status_code < 500, f"{path} {given}"
        assert SECRET not in came, f"{path} {given}"
        if NAME not in f"{path} {given}":
            assert NAME not in came, f"{path} {given}"
        return answer


PAGES = ("/api/", "/api/openapi.json")
ENDS = (
    "deactivate",
    "step-down",
    "delete-person",
)  # they end what the asker may do, and name nothing that could be private


@pytest.fixture
def asker(outsider: Person, cave: Cave) -> Asker:
    return Asker(outsider)


def patterns(found: Any = None, before: str = "") -> Iterator[str]:
    """Every address of the house: its name, or how it is written where it has none."""
    for one in (found or get_resolver()).url_patterns:
        if isinstance(one, URLResolver):
            yield from patterns(one, before + str(one.pattern))
        elif isinstance(one, URLPattern):
            yield one.name or before + str(one.pattern)


def test_every_address_of_the_house_is_tried_here(cave: Cave) -> None:
    assert set(patterns()) == OPEN | OTHERS | cave.addresses().keys()


def test_the_cave_is_full_for_those_who_live_in_it(cave: Cave, bo: Person) -> None:
    inside = Client()
    inside.force_login(bo, backend="django.contrib.auth.backends.ModelBackend")
    for name in ("room", "group", "system", "runbook", "incident", "postmortem", "postmortem_export",
                 "holder"):  # fmt: skip
        assert SECRET in inside.get(cave.addresses()[name][0]).content.decode().lower(), name
    assert len(cave.addresses()["api-record"]) > 10


def test_what_is_private_has_no_address_for_those_outside(asker: Asker, cave: Cave) -> None:
    for name, paths in cave.addresses().items():
        for path in paths:
            for method in ("get", "head", "post"):
                answer = asker.ask(method, path)
                assert answer.status_code in (404, 405), f"{name}: {method} {path}"


def questions(cave: Cave) -> Iterator[str]:
    """What could be asked of a list."""
    yield ""
    for words in ("came by", "itself", "call", "dig", "fires", "had", NAME):
        yield f"?q={words}&words={words}"
    for room in cave.rooms:
        yield f"?room={room.slug}&purpose=incident&who=private"
    yield "?system=heffalump&alert=heffalumpfires"
    yield "?person=bo-lund&state=open&author=bo-lund"
    yield "?show=unkept&state=connected"
    yield "?show=ended&state=ended"
    yield "?state=closed&severity=unsure&kind=message"
    for story in (cave.incident.ref, cave.postmortem.ref, cave.group.ref, cave.system.ref, cave.runbook.ref):
        yield f"?story={story}&limit=100"


@pytest.mark.parametrize("outsider", ["keeper"], indirect=True)  # who may see and do all that a member may
def test_no_list_and_no_search_tells_of_it(asker: Asker, cave: Cave) -> None:
    lists = ["/", "/search/", "/rooms/", "/people/", "/people/suggest/", "/teams/", "/teams/cave-people/",
             "/people/bo-lund/", "/people/ana-ngata/", "/settings/", "/settings/people/",
             "/settings/invitations/", "/settings/webhooks/", "/settings/keeping/", "/settings/audit/",
             "/settings/jobs/", "/settings/mine/", "/alerts/", "/alerts/connect/", "/systems/",
             "/incidents/", "/learn/", "/learn/changes/", "/settings/slack/", "/rooms/magic-sparkles/",
             "/rooms/magic-sparkles/files/", "/rooms/magic-sparkles/palette/", "/api/",
             "/api/openapi.json", "/api/entries", "/api/search", "/keys/", "/keys/connect/", "/keys/import/",
             "/settings/sign-in/",
             *(f"/api/{kind.kind}" for kind in kinds())]  # fmt: skip
    for path in lists:
        for question in questions(cave):
            asker.ask("get", f"{path}{question}")


PLAIN = {
    "person": "@cy",
    "team": "cave-people",
    "day": "friday",
    "when": "9:14",
    "minutes": "30m",
    "choice": "",
}


def tries(command: Command, cave: Cave) -> Iterator[dict[str, str]]:
    """The command with something private in each place that could name it, and plain words in the others."""
    plain = {
        p.name: (p.kind.choices[0][0] if p.kind.choices else PLAIN.get(p.kind.name, "hello"))
        for p in command.params
        if p.required
    }
    for param in command.params:
        refs = cave.refs(param.kind.name)
        if param.kind.name == "word":
            refs = [f"message:{cave.said.pk}", "factor-1", "affected-1", "mitigation-1", "1"]
        for ref in refs:
            yield plain | {param.name: ref}
    yield plain


def inside(cave: Cave) -> list[Any]:
    """All that is known of the cave, to see that nobody outside changed it."""
    rows = [
        Entry.objects.filter(room__private=True).values_list("pk", "withdrawn_at"),
        Message.objects.filter(room__private=True).values_list("pk", "text", "card", "pinned_at"),
        cave.room.seats.values_list("person", "read_to"),
        cave.incident.room.seats.values_list("person", "read_to"),
        Mitigation.objects.values_list("pk", "owner", "done_at", "let_go_at"),
        Runbook.objects.filter(slug="heffalump-trap").values_list("body", "reviewed_at"),
        System.objects.filter(slug="heffalump").values_list("what", "team", "room"),
        Postmortem.objects.values_list("title", "published_at", "applause"),
        Draft.objects.values_list("text"),
        Holder.objects.filter(room__private=True).values_list("name", "keeper", "ended_at", "review_by"),
        Webhook.objects.values_list("secret", "ended_at"),
        Sending.objects.values_list("hook", "due_at"),
    ]
    return [sorted(found, key=repr) for found in rows]  # a database promises no order by itself


@pytest.mark.parametrize("outsider", ["keeper"], indirect=True)
def test_no_command_reaches_into_it(asker: Asker, cave: Cave, subtests: pytest.Subtests) -> None:
    for command in book.all():
        if command.verb in ENDS:
            continue
        with subtests.test(command.verb):
            known = inside(cave)
            for given in tries(command, cave):
                _try(asker, command.verb, given)
            for method in ("get", "post"):  # and without a script
                asker.ask(method, f"/do/{command.verb}/", given)
            _try_inside(asker, command.verb, cave, given)
            assert inside(cave) == known


def _try(asker: Asker, verb: str, given: dict[str, str]) -> None:
    """By a program in no room, and by a script from an open room."""
    fresh = {**given, "name": "a new name"} if given.get("name") == "hello" else given
    asker.ask("post", f"/api/do/{verb}", json.dumps(fresh), content_type="application/json")
    asker.ask("post", f"/do/{verb}/", {"room": "magic-sparkles", **given}, headers={"HX-Request": "true"})


def _try_inside(asker: Asker, verb: str, cave: Cave, given: dict[str, str]) -> None:
    """As if the asker stood in the room."""
    for closed in cave.rooms:
        there = {"room": closed.slug, **given}
        for method in ("get", "post"):
            assert asker.ask(method, f"/do/{verb}/", there).status_code == 404
        answer = asker.ask("post", f"/api/do/{verb}", json.dumps(there), content_type="application/json")
        assert answer.status_code in (404, 422)


def test_live_pages_of_those_outside_hear_nothing(outsider: Person, cave: Cave) -> None:
    topics = frozenset(
        f"{kind}:{name}"
        for kind, names in (
            ("room", [room.slug for room in Room.objects.filter(private=True)]),
            ("story", [*Entry.objects.values_list("story", flat=True)]),
        )
        for name in names
    ) | {"home"}
    place = (outsider.zone, outsider.language)
    heard = [(one.chunk(kinds, place), one) for one in after(0, None, 10_000, lambda topic: [place])
             if (kinds := one.kinds(outsider.pk, topics))]  # fmt: skip
    for chunk, one in heard:
        words = chunk.decode().lower()
        assert SECRET not in words, one
        assert NAME not in words, one


def test_who_has_left_is_outside_at_once(bo: Person, cave: Cave) -> None:
    for room in cave.rooms:
        perform(Ask(bo, room), "leave", {})
    for name in ("room", "message", "file", "incident", "postmortem", "telling"):
        assert Asker(bo).client.get(cave.addresses()[name][0]).status_code == 404, name
