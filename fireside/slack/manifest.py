"""The app's manifest: what Slack has to know, made from the commands, shortcuts, scopes and events."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from django.conf import settings

from fireside.hearth.commands import Command, book
from fireside.slack import shortcuts
from fireside.slack.scopes import events, wanted

MOST = 50  # commands of one app, /fireside among them
NAME = 32  # characters of a command
DESCRIPTION, HINT = 120, 80  # characters; Slack takes longer ones and shows a line
RED = "#7A1F3D"
# What Slack's own commands are called; an app that names one of them is refused. There is no complete list of
# them (slack.com/help/articles/201259356 names most), so whatever is or was one is left out.
TAKEN = frozenset(
    {
        "active", "apps", "archive", "away", "call", "collapse", "dm", "dnd", "expand", "feed", "feedback",
        "help", "huddle", "invite", "join", "kick", "leave", "me", "msg", "mute", "open", "part", "prefs",
        "pro", "remind", "remove", "rename", "search", "shortcuts", "shrug", "star", "status", "topic",
        "unarchive", "who",
    }
)  # fmt: skip


def made(*, socket: bool | None = None, oauth: bool | None = None) -> dict[str, Any]:
    """The manifest as Slack's "From a manifest" takes it; what is not said follows from the settings."""
    socket = by_socket() if socket is None else socket
    oauth = bool(settings.SLACK["CLIENT_ID"]) if oauth is None else oauth
    url = "" if socket else f"{settings.PUBLIC_URL}/slack/events"
    back = {"redirect_urls": [f"{settings.PUBLIC_URL}/slack/oauth_redirect"]} if oauth else {}
    return {
        "_metadata": {"major_version": 2, "minor_version": 1},
        "display_information": {
            "name": "Fireside",
            "description": "Put fires out together, then gather by the fireside and learn.",
            "background_color": RED,
        },
        "features": _features(url),
        "oauth_config": {**back, "scopes": {"bot": wanted()}},
        "settings": {
            **_heard(url),
            "org_deploy_enabled": oauth,
            "socket_mode_enabled": socket,
            "token_rotation_enabled": oauth,
        },
    }


def standalone() -> list[Command]:
    """The commands Slack also knows by themselves: those that belong into a room, the short ones first.

    Who types a word often finds a short one for it; the rest are there as `/fireside word`.
    """
    fit = [one for one in book.all() if one.where and len(one.verb) < NAME and one.verb not in TAKEN]
    some = sorted(fit, key=lambda one: (len(one.verb), one.verb))[: MOST - 1]
    return sorted(some, key=lambda one: one.verb)


def by_socket() -> bool:
    """Does Slack reach us by Socket Mode, as far as the settings say?"""
    return bool(settings.SLACK["APP_TOKEN"]) or not settings.SLACK["SIGNING_SECRET"]


def as_json(manifest: dict[str, Any]) -> str:
    return json.dumps(manifest, indent=2, ensure_ascii=False)


def as_yaml(manifest: dict[str, Any]) -> str:
    """The same as YAML 1.2: keys and lists as lines, every other word quoted as in JSON."""
    return "\n".join(_lines(manifest, ""))


def _features(url: str) -> dict[str, Any]:
    home = ("home_tab_enabled", "messages_tab_enabled", "messages_tab_read_only_enabled")
    return {
        "app_home": dict.fromkeys(home, True),
        "bot_user": {"display_name": "Fireside", "always_online": True},
        "slash_commands": [_listed(name, words, hint, url) for name, words, hint in _commands()],
        "shortcuts": [_offered(one) for one in shortcuts.listed()],
    }


def _offered(one: shortcuts.Shortcut) -> dict[str, str]:
    return {
        "name": one.name,
        "type": one.type,
        "callback_id": one.callback_id,
        "description": one.description,
    }


def _heard(url: str) -> dict[str, Any]:
    """The events and the presses on buttons that Slack tells us of, and by HTTP also where."""
    there = {"request_url": url} if url else {}
    options = {"message_menu_options_url": url} if url else {}
    return {
        "event_subscriptions": {**there, "bot_events": events()},
        "interactivity": {"is_enabled": True, **there, **options},
    }


def _commands() -> Iterator[tuple[str, str, str]]:
    yield "fireside", "Everything you could say: /fireside help lists it.", "verb words"
    for command in standalone():
        yield command.verb, command.help, command.hint


def _listed(name: str, words: str, hint: str, url: str) -> dict[str, Any]:
    shown: dict[str, Any] = {"command": f"/{name}", "description": _short(words.splitlines()[0], DESCRIPTION)}
    if hint:
        shown["usage_hint"] = _short(hint, HINT)
    return shown | ({"url": url} if url else {}) | {"should_escape": True}


def _short(words: str, most: int) -> str:
    """As many whole words as fit."""
    if len(words) <= most:
        return words
    return words[: most - 1].rpartition(" ")[0].rstrip(" ,;:") + "…"


def _lines(value: Any, indent: str) -> Iterator[str]:
    pairs = value.items() if isinstance(value, dict) else ((None, one) for one in value)
    for key, inner in pairs:
        before = f"{indent}- " if key is None else f"{indent}{key}:"
        if not isinstance(inner, dict | list):
            yield f"{before}{'' if key is None else ' '}{json.dumps(inner, ensure_ascii=False)}"
        elif key is None:  # the first line of what is listed stands behind its dash
            first, *more = _lines(inner, f"{indent}  ")
            yield before + first.lstrip(" ")
            yield from more
        else:
            yield before if inner else f"{before} {json.dumps(inner)}"
            yield from _lines(inner, f"{indent}  ")
