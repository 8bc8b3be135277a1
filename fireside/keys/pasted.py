"""What people paste when they ask what something may do: scopes, a manifest, permissions, an install link."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs

from fireside.hearth.errors import Sorry

MOST, LONGEST = 300, 160  # scopes, and characters of one
TOKEN = re.compile(r"\b(xox[a-z]-|xapp-|xoxe\.|gh[pousr]_|github_pat_|ya29\.|glpat-|sk_live_)\S{6,}")
LEVEL = re.compile(r"[\"']?([a-z_]{3,60})[\"']?\s*[:=]\s*[\"']?(read|write|admin)[\"']?,?", re.IGNORECASE)
MODE = re.compile(r"(\S+?)[\s,;|]+\(?(application|delegated)\)?.*", re.IGNORECASE)
SCOPE = re.compile(r"[A-Za-z0-9][\w.:/\-]*(?: \((?:user|application|delegated)\))?")
LISTED = re.compile(r"\s*-\s*[\"']?([\w.:\-/]+)[\"']?\s*(?:#.*)?")


def holds_secret(words: str) -> bool:
    """Does a token seem to stand in this?"""
    return bool(TOKEN.search(words))


def no_secrets(words: str) -> None:
    """Sorry when a token stands in what was pasted: it does not belong where others read."""
    if holds_secret(words):
        raise Sorry(
            "A token seems to stand in this, and others could read it here. Nothing was kept. "
            "Take it out; if others may have seen it, it is better ended and made anew."
        )


def read_scopes(words: str) -> list[str]:
    """The scopes in what somebody pasted, as they came; Sorry when there are none."""
    no_secrets(words)
    found = [scope for scope in dict.fromkeys(_found(words.strip())) if scope]
    if not found:
        raise Sorry(
            "There are no scopes in this. You could paste them divided by commas or lines, or a Slack "
            "manifest, or the permissions of a GitHub app."
        )
    if len(found) > MOST or any(len(one) > LONGEST for one in found):
        raise Sorry(f"That is more than anything is given: {MOST} scopes of {LONGEST} characters at most.")
    return found


def _found(words: str) -> Iterator[str]:
    if words.startswith("{"):
        try:
            yield from _of_manifest(json.loads(words))
        except (ValueError, RecursionError):
            raise Sorry("This begins like JSON and cannot be read as such. Is all of it there?") from None
    elif words.startswith("https://") and "scope=" in words:
        asked = parse_qs(words.split()[0].partition("?")[2].partition("#")[0])
        yield from _divided(" ".join(asked.get("scope", [])))
        yield from (f"{one} (user)" for one in _divided(" ".join(asked.get("user_scope", []))))
    elif re.search(r"^\s*[\"']?(oauth_config|display_information)[\"']?:", words, re.MULTILINE):
        yield from _of_yaml(words)
    else:
        for line in words.splitlines():
            yield from _of_line(line.strip())


def _of_manifest(data: Any) -> Iterator[str]:
    """A Slack manifest (oauth_config.scopes), a GitHub app's (default_permissions), or just permissions."""
    if not isinstance(data, dict):
        return
    scopes = _within(_within(data, "oauth_config"), "scopes")
    yield from _listed(scopes.get("bot"))
    yield from _listed(scopes.get("bot_optional"))
    yield from (f"{one} (user)" for one in _listed(scopes.get("user")))
    flat = data if data and all(isinstance(one, str) for one in data.values()) else {}
    given = _within(data, "default_permissions") or _within(data, "permissions") or flat
    yield from (f"{name}:{level}" for name, level in given.items() if level in ("read", "write", "admin"))


def _within(data: dict[str, Any], name: str) -> dict[str, Any]:
    inner = data.get(name)
    return inner if isinstance(inner, dict) else {}


def _listed(given: Any) -> Iterator[str]:
    if isinstance(given, list):
        yield from (one.strip() for one in given if isinstance(one, str))


def _of_yaml(words: str) -> Iterator[str]:
    """The lists under `scopes:` of a Slack manifest, of which no more has to be understood."""
    whose = ""
    for line in words.splitlines():
        if found := re.fullmatch(r"\s*[\"']?(\w+)[\"']?:\s*(.*)", line):
            name, rest = found[1], found[2]
            whose = name if name in ("bot", "bot_optional", "user") else ""
            inline = re.findall(r"[\w.:\-]+", rest) if whose and rest.startswith("[") else []
            yield from (_acting(one, whose) for one in inline)
        elif whose and (one := LISTED.fullmatch(line)):
            yield _acting(one[1], whose)


def _acting(scope: str, whose: str) -> str:
    return f"{scope} (user)" if whose == "user" else scope


def _of_line(line: str) -> Iterator[str]:
    if found := LEVEL.fullmatch(line):
        yield f"{found[1].lower()}:{found[2].lower()}"
    elif found := MODE.fullmatch(line):
        yield f"{found[1]} ({found[2].lower()})"
    else:
        yield from _divided(line)


def _divided(words: str) -> Iterator[str]:
    """Divided by spaces, commas or lines; "(user)" and the like belong to the scope before."""
    for one in re.split(r"[,;\s]+(?!\((?:user|application|delegated)\))", words):
        bare = one.strip("\"'`[]-•*").replace("\t", " ")
        if SCOPE.fullmatch(bare):
            yield bare
