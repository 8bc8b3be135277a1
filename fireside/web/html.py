"""How cards and messages are drawn as HTML; the templates escape other people's words, in one place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.template.loader import get_template
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from fireside.hearth.cards import Button, Card, Code, Link, Mention, Moment, Part, Text
from fireside.hearth.messages import Message
from fireside.web.drawings import spark
from fireside.web.prose import markdown, prose
from fireside.web.reading import Whole, whole
from fireside.web.templatetags.fireside import clock, day, since

__all__ = ["article", "articles", "draw", "markdown", "said"]

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


def article(message: Message) -> SafeString:
    """One message with its card, claps, files and thread; the same for every reader."""
    return articles(whole([message]))[0]


def articles(wholes: Iterable[Whole]) -> list[SafeString]:
    """Messages that were read together, each drawn."""
    template = get_template("web/parts/message.html").template  # type: ignore[attr-defined]
    return [_render(template, _message(each)) for each in wholes]


def draw(card: Card, room: str = "", ident: str = "") -> SafeString:
    """A card as HTML; `room` is where its buttons act, `ident` makes the ids in it its own."""
    template = get_template("web/parts/card.html").template  # type: ignore[attr-defined]
    return _render(template, _card(card, room, ident))


def said(words: Text | None) -> SafeString:
    """A text with its parts: everything in it is escaped, links go nowhere dangerous."""
    if words is None:
        return SafeString("")
    return format_html_join("", "{}", ((_part(part),) for part in words.pieces()))


def _part(part: Part) -> SafeString | str:
    match part:
        case Mention(handle=handle, name=name):
            return format_html('<a class="mention" href="{}">{}</a>', reverse("person", args=[handle]), name)
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
    tone = card.tone or ("thanks" if card.kind == "thanks" else "")
    return {
        "card": card,
        "icon_name": card.icon or ICONS.get(card.kind, "flame"),
        "shade": "til" if card.kind == "til" else tone,
        "title": said(card.title),
        "link": card.link if harmless(card.link) else "",
        "above": said(card.above),
        "body": [said(words) for words in card.body],
        "facts": [(name, said(words)) for name, words in card.facts.items()],
        "steps": steps,
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
    return Press(button.words, reverse("do", args=[button.verb]) + query, shade, button.icon, button.ask)


def _message(each: Whole) -> dict[str, Any]:
    message = each.message
    card = each.card
    return {
        "m": message,
        "whole": each,
        "room": message.room,
        "url": message.get_absolute_url(),
        "words": prose(message.text, each.names) if message.text else "",
        "card": draw(card, message.room.slug, f"m{message.pk}") if card else "",
        "face": (card.icon or ICONS.get(card.kind, "flame")) if card else "flame",
        "act": f"?{urlencode({'message': message.pk, 'room': message.room.slug})}",
    }


def _render(template: Any, context: dict[str, Any]) -> SafeString:
    from django.template import Context

    return SafeString(template.render(Context(context)).strip())
