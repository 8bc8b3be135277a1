"""The API described as OpenAPI 3.1, made from the book of commands and the register of records."""

from __future__ import annotations

from typing import Any, TypeAlias

import msgspec
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

import fireside
from fireside.hearth.commands import Command, Param, book
from fireside.hearth.keys import READ, SCOPES
from fireside.web.api.answers import MessageShape, OutcomeShape, Trouble, answer
from fireside.web.api.do import LONGEST_KEY, around, scope
from fireside.web.api.door import LARGEST
from fireside.web.api.hearth import EntryShape, HitShape
from fireside.web.api.records import MOST, Readable, kinds

Json: TypeAlias = dict[str, Any]
REF = "#/components/schemas/{name}"
WHOLE = {"type": "integer", "minimum": 0, "maximum": 2**63 - 1}
TROUBLES = {
    "400": "This is not JSON.",
    "401": "No living key came with the request.",
    "403": "The key has not the scope that `needs` names, or is for some rooms only.",
    "404": "It does not exist, or not for the holder of this key.",
    "413": f"The request is larger than {LARGEST // 1024} KB.",
    "415": "The words did not come as application/json.",
    "429": "More was written at once than one program may; `Retry-After` says how many seconds to wait.",
    "422": "A person can put this right: `error` says what, `field` where, `needs` which words are missing.",
}
AROUND = {
    "room": "The name of the room in which this is asked, and in which the answer is said.",
    "key": "Makes a repeated request harmless; the header `Idempotency-Key` does the same.",
    "slip": "What to do with words that look like a key, and are refused otherwise: `out` or `anyway`.",
    "text": "The words as typed after the verb in a room, instead of the single ones: `what because: ...`.",
}


@require_safe
def document(request: HttpRequest) -> HttpResponse:
    return answer(described())


def described() -> Json:
    """The whole document; everything in it comes from the definitions the doors work with."""
    paths: Json = {f"/api/do/{command.verb}": {"post": _command(command)} for command in book.all()}
    paths["/api/rooms/{slug}/messages"] = {"get": _messages()}
    paths["/api/entries"] = {"get": _entries()}
    paths["/api/search"] = {"get": _search()}
    for kind in kinds():
        paths[f"/api/{kind.kind}"] = {"get": _listed(kind)}
        paths[f"/api/{kind.kind}/{{id}}"] = {"get": _one(kind)}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Fireside",
            "version": fireside.__version__,
            "description": "What people do and may see in Fireside, for programs that act for one of them.",
        },
        "servers": [{"url": settings.PUBLIC_URL}],
        "security": [{"key": []}],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": _schemas(),
            "responses": {status: _trouble(words) for status, words in TROUBLES.items()},
            "securitySchemes": {
                "key": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A key from Settings, My keys: `fs_...`. "
                    "Its scopes: " + "; ".join(f"`{name}`, to {words}" for name, words in SCOPES.items()),
                }
            },
        },
    }


def _schemas() -> Json:
    shapes = [MessageShape, OutcomeShape, Trouble, EntryShape, HitShape, *(kind.type for kind in kinds())]
    _, components = msgspec.json.schema_components(shapes, ref_template=REF)
    return dict(sorted(components.items()))


def _command(command: Command) -> Json:
    properties = {param.name: _param(param) for param in command.params}
    properties |= {name: {"type": "string", "description": AROUND[name]} for name in around(command)}
    if "key" in around(command):
        properties["key"] |= {"maxLength": LONGEST_KEY}
    schema: Json = {"type": "object", "properties": properties, "additionalProperties": False}
    required = [param.name for param in command.params if param.required]
    if required and "text" in around(command):
        schema["anyOf"] = [{"required": required}, {"required": ["text"]}]
    elif required:
        schema["required"] = required
    given = command.parse(command.example.partition(" ")[2])
    return {
        "operationId": f"do_{command.verb.replace('-', '_')}",
        "security": [{"key": [scope(command.verb)]}],
        "summary": command.title,
        "description": command.help,
        "tags": ["commands"],
        "parameters": [
            _query_like("Idempotency-Key", {"type": "string", "maxLength": LONGEST_KEY}, "header")
        ],
        "requestBody": {
            "required": bool(required),
            "content": {"application/json": {"schema": schema, "example": given}},
        },
        "responses": _responses("OutcomeShape", "What came of it.", *TROUBLES),
    }


def _param(param: Param) -> Json:
    said: Json = {"type": "string"}
    hint = param.kind.hint or param.kind.name
    if param.kind.choices:
        hint = "One of " + ", ".join(value for value, _ in param.kind.choices)
    return said | {"description": hint}


def _listed(kind: Readable) -> Json:
    narrow = [_query_like(name, {"type": "string"}) for name in kind.filters]
    return _reading(f"list_{kind.kind}", kind.help, [*narrow, *_window("before")], _page(kind.type.__name__))


def _one(kind: Readable) -> Json:
    schema = {"$ref": REF.format(name=kind.type.__name__)}
    return _reading(f"read_{kind.kind}", f"One of {kind.kind}.", [_query_like("id", WHOLE, "path")], schema)


def _messages() -> Json:
    where = _query_like("slug", {"type": "string", "pattern": "^[-a-zA-Z0-9_]+$"}, "path")
    return _reading(
        "list_messages",
        "The words of one room, newest first.",
        [where, *_window("before")],
        _page("MessageShape"),
    )


def _entries() -> Json:
    story = _query_like("story", {"type": "string"})
    words = "The timeline, oldest first; `after` is the last id you know."
    return _reading("list_entries", words, [story, *_window("after")], _page("EntryShape"))


def _search() -> Json:
    query = _query_like("q", {"type": "string"})
    return _reading(
        "search", "What holds all these words.", [query, _query_like("before", WHOLE)], _page("HitShape")
    )


def _reading(name: str, words: str, parameters: list[Json], schema: Json) -> Json:
    return {
        "operationId": name.replace("-", "_"),
        "security": [{"key": [READ]}],
        "summary": words,
        "tags": ["records"],
        "parameters": parameters,
        "responses": _answers(schema, words, "401", "403", "404", "422"),
    }


def _window(cursor: str) -> list[Json]:
    return [
        _query_like(cursor, WHOLE),
        _query_like("limit", {"type": "integer", "minimum": 1, "maximum": MOST}),
    ]


def _query_like(name: str, schema: Json, where: str = "query") -> Json:
    return {"name": name, "in": where, "required": where == "path", "schema": schema}


def _page(shape: str) -> Json:
    items = {"type": "array", "items": {"$ref": REF.format(name=shape)}}
    more = {"type": ["string", "null"], "description": "Where the next page is."}
    return {"type": "object", "properties": {"items": items, "next": more}, "required": ["items", "next"]}


def _responses(shape: str, words: str, *troubles: str) -> Json:
    return _answers({"$ref": REF.format(name=shape)}, words, *troubles)


def _answers(schema: Json, words: str, *troubles: str) -> Json:
    found = {"200": {"description": words, "content": {"application/json": {"schema": schema}}}}
    return found | {status: {"$ref": f"#/components/responses/{status}"} for status in troubles}


def _trouble(words: str) -> Json:
    return {
        "description": words,
        "content": {"application/json": {"schema": {"$ref": REF.format(name="Trouble")}}},
    }
