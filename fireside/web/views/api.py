"""The page that tells a person what their programs can do here."""

from __future__ import annotations

import json
from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse

from fireside.hearth.commands import Command, book
from fireside.hearth.keys import SCOPES
from fireside.web.api.records import kinds
from fireside.web.page import page


@dataclass(frozen=True, slots=True)
class Shown:
    """A command and how a program asks for it."""

    command: Command
    curl: str


@login_required
def guide(request: HttpRequest) -> HttpResponse:
    commands = [Shown(command, _curl(command)) for command in book.all()]
    return page(
        request,
        "web/settings/api.html",
        at="me",
        part="keys",
        commands=commands,
        kinds=kinds(),
        scopes=SCOPES.items(),
        base=settings.PUBLIC_URL,
    )


def _curl(command: Command) -> str:
    given = command.parse(command.example.partition(" ")[2])
    room = {} if "room" in {param.name for param in command.params} else {"room": "incidents"}
    words = json.dumps(room | given, ensure_ascii=False).replace("'", "'\\''")
    return (
        f"curl {settings.PUBLIC_URL}/api/do/{command.verb} \\\n"
        '  -H "Authorization: Bearer $FIRESIDE_KEY" -H "Content-Type: application/json" \\\n'
        f"  -d '{words}'"
    )
