"""How cards and messages are drawn as HTML; the templates escape other people's words, in one place."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from time import time
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

from django.template import Context
from django.template.loader import get_template
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from fireside.hearth import cards
from fireside.hearth.cards import Button, Card, Code, Link, Mention, Moment, Part, Text, load
from fireside.hearth.messages import Message
from fireside.hearth.people import Person
from fireside.web.drawings import spark
from fireside.web.prose import markdown, prose
from fireside.web.reading import Claps, Whole, whole
from fireside.web.templatetags.fireside import clock, day, since

__all__ = ["article", "articles", "draw", "markdown", "said"]

FIRST = 3  # facts of an alert and steps of a runbook that are read at a glance; the others unfold
TONES = {"main": "btn-main", "hot": "btn-hot", "bare": "btn-bare"}
ICONS = {
    "alert": "activity", "incident": "siren", "decision": "scale", "thanks": "heart", "til": "sparkles",
    "postmortem": "book-heart", "runbook": "book-open", "call": "megaphone", "deploy": "rocket",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Press:
    """A button, carried by the one form of the page, so that it is the same for every reader."""

    words: str
    url: str
    shade: str
    icon: str
    ask: bool


class Face(NamedTuple):
    """Of a person, what stands beside their words."""

    pk: int
    name: str
    hue: int
    initials: str
    handle: str


@dataclass(frozen=True, slots=True)
class Look:
    """Everything that is drawn of a message, and nothing else."""

    pk: int
    at: datetime
    room: str
    story: bool
    speaker: str
    icon: str
    author: Face | None
    edited: bool
    pinned: bool
    deleted: bool
    starred: bool
    follows: bool
    said: str
    words: str
    card: SafeString
    files: tuple[tuple[str, str, int, bool], ...]
    claps: tuple[Claps, ...]
    traces: tuple[tuple[datetime, str], ...]
    count: int
    last: str


def article(message: Message) -> SafeString:
    """One message with its card, claps, files and thread; the same for every reader."""
    return articles(whole([message]))[0]


def articles(wholes: Iterable[Whole]) -> list[SafeString]:
    """Messages that were read together, each drawn in the reader's zone and language."""
    zone, language = timezone.get_current_timezone_name(), get_language() or ""
    return [_article(_look(each, zone, language), zone, language) for each in wholes]


def draw(card: Card, room: str = "", ident: str = "") -> SafeString:
    """A card as HTML; `room` is where its buttons act, `ident` makes the ids in it its own."""
    return _render("web/parts/card.html", _card(card, room, ident))


def said(words: Text | None) -> SafeString:
    """A text with its parts: everything in it is escaped, links go nowhere dangerous."""
    if words is None:
        return SafeString("")
    return format_html_join("", "{}", ((_part(part),) for part in words.pieces()))


def _part(part: Part) -> SafeString | str:
    match part:
        case Mention(handle=cards.GONE, name=name):
            return name
        case Mention(handle=handle, name=name):
            return format_html('<a class="mention" href="{}">{}</a>', _address("person", handle), name)
        case Link(words=words, url=url):
            return format_html('<a href="{}">{}</a>', url, words) if harmless(url) else words
        case Moment(at=at, style=style):
            return {"clock": clock, "since": since, "day": day}[style](datetime.fromisoformat(at))
        case Code(words=words):
            return format_html("<code>{}</code>", words)
        case int() | float():
            return format_html('<span class="num">{}</span>', part)
        case _:
            return part


def harmless(url: str) -> bool:
    """Whether an address is one of ours or on the web: a link never runs anything."""
    try:
        parts = urlsplit(url)
    except ValueError:  # "http://[" has no host that could be read
        return False
    here = not parts.scheme and not parts.netloc and url.startswith(("/", "#", "?"))
    return here or (parts.scheme in ("http", "https", "mailto") and url == url.strip())


def _card(card: Card, room: str, ident: str) -> dict[str, Any]:
    steps = [(step, _inline(step.words)) for step in card.steps]
    facts = [(name, said(words)) for name, words in card.facts.items()]
    link = card.link if harmless(card.link) else ""
    first = FIRST if card.kind == "alert" else len(facts)
    tone = card.tone or ("thanks" if card.kind == "thanks" else "")
    return {
        "card": card,
        "icon_name": card.icon or ICONS.get(card.kind, "flame"),
        "shade": "til" if card.kind == "til" else tone,
        "title": str(card.title) if link else said(card.title),  # no link within a link
        "link": link,
        "above": said(card.above),
        "body": [said(words) for words in card.body],
        "facts": facts[:first],
        "more_facts": facts[first:],
        "more_names": ", ".join(name.lower() for name, _ in facts[first:]),
        "steps": steps[:FIRST],
        "more_steps": steps[FIRST:],
        "steps_title": said(card.steps_title),
        "steps_note": said(card.steps_note),
        "spark": spark(card.chart.values, card.chart.words) if card.chart else "",
        "buttons": [_press(button, room) for button in card.buttons],
        "foot": said(card.foot),
        "ident": ident,
    }


def _inline(words: str) -> SafeString:
    """One line of markdown without its paragraph."""
    html = prose(words, frozenset()).strip()
    if html.startswith("<p>") and html.count("<p>") == 1 and html.endswith("</p>"):
        return SafeString(html[3:-4])
    return SafeString(html)


def _press(button: Button, room: str) -> Press:
    values = {**button.values, **({"room": room} if room and "room" not in button.values else {})}
    query = f"?{urlencode(values)}" if values else ""
    shade = TONES.get(button.tone, "")
    return Press(button.words, _address("do", button.verb) + query, shade, button.icon, button.ask)


def _look(each: Whole, zone: str, language: str) -> Look:
    message, author = each.message, each.message.author
    room = message.room.slug
    card, face = SafeString(""), ""
    if message.card:
        told = json.dumps(message.card)
        minute = int(time() // 60) if '"since"' in told else 0
        card, face = _drawn(told, room, f"m{message.pk}", zone, language, minute)
    return Look(
        pk=message.pk, at=message.at, room=room, story=bool(message.room.story), icon=face,
        speaker=message.speaker,
        author=_face(author) if author else None,
        edited=message.edited_at is not None, pinned=message.pinned_at is not None,
        deleted=message.deleted_at is not None, starred=each.starred, follows=each.follows, said=message.said,
        words=prose(message.text, each.names) if message.text else "", card=card,
        files=tuple((f.get_absolute_url(), f.name, f.size, f.is_picture) for f in message.files.all()),
        claps=each.claps, traces=tuple((trace.at, trace.text) for trace in each.traces), count=each.count,
        last=each.replies[-1].speaker if each.replies else "",
    )  # fmt: skip


def _face(author: Person) -> Face:
    """Somebody who was deleted has no page to lead to."""
    handle = "" if author.gone_at else author.handle
    return Face(author.pk, author.name, author.hue, author.initials, handle)


@lru_cache(maxsize=2048)
def _article(look: Look, zone: str, language: str) -> SafeString:
    """Equal looks are drawn once for all readers of a zone and language."""
    author, act = look.author, f"?{urlencode({'message': look.pk, 'room': look.room})}"
    return _render(
        "web/parts/message.html",
        {
            "m": look, "url": _address("message", look.room, look.pk), "act": act,
            "author_url": _address("person", author.handle) if author and author.handle else "",
            "clap_url": _address("do", "clap") + act,
            "star_url": _address("do", "unstar" if look.starred else "star") + act,
        },
    )  # fmt: skip


@lru_cache(maxsize=1024)
def _drawn(told: str, room: str, ident: str, zone: str, language: str, minute: int) -> tuple[SafeString, str]:
    """A kept card and its symbol; `minute` draws it anew when it says how long something lasts."""
    card = load(json.loads(told))
    return draw(card, room, ident), card.icon or ICONS.get(card.kind, "")


@lru_cache(maxsize=4096)
def _address(name: str, *where: str | int) -> str:
    return reverse(name, args=where)


def _render(name: str, context: dict[str, Any]) -> SafeString:
    drawn: SafeString = get_template(name).template.render(Context(context))  # type: ignore[attr-defined]
    return SafeString(drawn.strip())
