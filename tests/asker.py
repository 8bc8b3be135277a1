"""Somebody who asks for everything there is, and looks at all that comes back."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from fireside.hearth.commands import Command
from fireside.hearth.keys import Key
from fireside.hearth.people import Person
from tests.cave import Cave

PAGES = ("/api/", "/api/openapi.json")
TOKENS = re.compile(r'(?<=csrfmiddlewaretoken" value=")\w+|(?<="X-CSRFToken": ")\w+|(?<="key" value=")[\w-]+')
PLAIN = {
    "person": "@cy", "team": "cave-people", "day": "friday", "when": "9:14", "minutes": "30m",
    "choice": "", "rooms": "#magic-sparkles",
}  # fmt: skip


class Asker:
    """Asks through the pages and with a key; nothing of these caves may come back."""

    def __init__(self, person: Person | None, *caves: Cave) -> None:
        self.caves = caves
        self.client, self.program = Client(), Client()
        if person is not None:
            self.client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
            if not person.is_guest:
                secret = Key.make(person, "probe")[1]
                self.program = Client(headers={"Authorization": f"Bearer {secret}"})

    def ask(self, method: str, path: str, given: Any = None, **more: Any) -> Any:
        door = self.program if path.startswith("/api/") and path not in PAGES else self.client
        answer = getattr(door, method)(path, given, **more)
        if answer.status_code in (301, 302, 303) and method == "post" and door is self.client:
            self._nothing_of_them(path, given, self.client.get(answer["Location"]))
        return self._nothing_of_them(path, given, answer)

    def _nothing_of_them(self, path: str, given: Any, answer: Any) -> Any:
        answer.body = (b"".join(answer.streaming_content) if answer.streaming else answer.content).decode()
        came, asked = f"{sorted(answer.headers.items())} {answer.body}".lower(), f"{path} {given}"
        assert answer.status_code < 500, asked
        for cave in self.caves:
            assert cave.secret not in came, asked
            assert cave.name in asked or cave.name not in came, asked
        return answer

    def looks(self, path: str) -> tuple[int, str, int]:
        """What an answer looks like but for the address that was asked, and how many questions it took."""
        with counted() as count:
            answer = self.ask("get", path)
        return answer.status_code, TOKENS.sub("TOKEN", answer.body.replace(path, "PATH")), count()


@contextmanager
def counted() -> Iterator[Callable[[], int]]:
    """How many questions the database is asked."""
    asked: list[str] = []

    def count(execute: Callable[..., Any], sql: str, *more: Any) -> Any:
        asked.append(sql)
        return execute(sql, *more)

    with connection.execute_wrapper(count):
        yield lambda: len(asked)


@contextmanager
def watched(patch: pytest.MonkeyPatch) -> Iterator[set[str]]:
    """The names of everything that a page reads out of its address."""
    read: set[str] = set()
    usual = QueryDict.__getitem__

    def get(self: QueryDict, name: str) -> Any:
        read.add(name)
        return usual(self, name)

    with patch.context() as now:
        now.setattr(QueryDict, "__getitem__", get)
        yield read


def patterns(found: Any = None, before: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Every address of the house by its name, or by how it is written where it has none."""
    for one in (found or get_resolver()).url_patterns:
        if isinstance(one, URLResolver):
            yield from patterns(one, before + str(one.pattern))
        elif isinstance(one, URLPattern):
            yield one.name or before + str(one.pattern), one


def questions(cave: Cave) -> Iterator[dict[str, str]]:
    """What could be asked of a list."""
    for words in ("came by", "itself", "call", "dig", "fires", "had", cave.name):
        yield {"q": words, "words": words}
    for room in cave.rooms:
        yield {"room": room.slug, "purpose": "incident", "who": "private"}
    yield {"system": cave.system.slug, "alert": f"{cave.name}fires"}
    yield {"person": "bo-lund", "state": "open", "author": "bo-lund"}
    yield {"state": "closed", "severity": "unsure", "kind": "message"}
    yield {"show": "unkept", "state": "connected"}
    yield {"show": "ended", "state": "ended"}
    for one in (cave.incident, cave.postmortem, cave.group, cave.system, cave.runbook):
        yield {"story": one.ref, "limit": "100"}


def tries(command: Command, *caves: Cave) -> Iterator[dict[str, str]]:
    """The command with something closed in each place that could name it, and plain words in the others."""
    plain = plainly(command)
    for cave in caves:
        for param in command.params:
            refs = cave.refs(param.kind.name)
            if param.kind.name == "word":
                refs = [f"message:{cave.said.pk}", "factor-1", "affected-1", "mitigation-1", "1"]
            for ref in refs:
                yield plain | {param.name: ref}
    yield plain


def plainly(command: Command) -> dict[str, str]:
    return {
        p.name: (p.kind.choices[0][0] if p.kind.choices else PLAIN.get(p.kind.name, "hello"))
        for p in command.params
        if p.required
    }
