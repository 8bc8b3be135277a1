"""Words people wrote and cards, for every template."""

from __future__ import annotations

from typing import Any

from django import template
from django.template.loader import get_template
from django.utils.safestring import SafeString

from fireside.hearth.cards import Card
from fireside.hearth.messages import Message
from fireside.web.html import draw
from fireside.web.prose import markdown as drawn
from fireside.web.prose import plain
from fireside.web.reading import gist

register = template.Library()


@register.filter
def markdown(words: str | None, top: int = 2) -> SafeString:
    """`words|markdown`, or `words|markdown:3` where headings belong under an h2."""
    return drawn(words or "", top=top)


@register.filter
def plainly(words: str | None) -> str:
    """`words|plainly`: without their markdown, for a line that sums up."""
    return plain(words or "")


@register.filter
def in_short(message: Message) -> str:
    """`message|in_short`: its first sentence, or the title of its card."""
    return gist(message)


@register.filter
def sentence(words: str) -> str:
    """`words|sentence`: with a full stop, so that another sentence can follow."""
    words = words.strip()
    return words if not words or words[-1] in ".?!…" else f"{words}."


@register.simple_tag
def card(shown: Card, room: str = "", ident: str = "") -> SafeString:
    """A card; `room` is where its buttons act."""
    return draw(shown, room, ident)


@register.simple_tag(takes_context=True)
def piece(context: template.Context, found: tuple[str, dict[str, Any]]) -> SafeString:
    """What a domain put into a place of the page, drawn with its own words for things."""
    name, values = found
    with context.push(**values):
        drawn: SafeString = get_template(name).template.render(context)  # type: ignore[attr-defined]
    return drawn
