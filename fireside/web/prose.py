"""Words people wrote, from markdown to HTML that holds nothing but words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from html import unescape
from typing import Any

import nh3
from django.urls import reverse
from django.utils.html import escape, strip_tags
from django.utils.safestring import SafeString
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from mdit_py_plugins.tasklists import tasklists_plugin

from fireside.hearth.people import Person
from fireside.hearth.rooms import Room

TAGS = {
    "a", "blockquote", "br", "code", "del", "em", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre",
    "s", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}
CLASSES = {"ul": {"contains-task-list"}}
SCHEMES = {"http", "https", "mailto"}
MENTION = re.compile(r"(?<![\w@/.#&-])([@#])([a-z0-9][a-z0-9._-]{0,59})", re.IGNORECASE)
ADDRESS = re.compile(r"\bhttps?://[^\s<>\"]+")
TAG = re.compile(r'(<(?:[^<>"]|"[^"]*")*>)')
KEPT = ("a", "code", "pre")  # inside these nothing becomes a link


def markdown(words: str, *, top: int = 2) -> SafeString:
    """`words` as safe HTML; their headings begin at level `top`, and names of people and rooms are links."""
    return prose(words, known([words]), top=top)


def prose(words: str, names: frozenset[str], *, top: int = 2) -> SafeString:
    """The same with the `names` ("@bo", "#til") already looked up, so that many texts cost two questions."""
    html = _safe(words, top)
    if names or "://" in html:
        html = "".join(_linked(html, names))
    return SafeString(html)


def plain(words: str) -> str:
    """`words` without their markdown, on one line, as they would be read aloud; not HTML, to be escaped."""
    return " ".join(unescape(strip_tags(_safe(words, 2))).split())


def known(texts: Iterable[str], by: Person | None = None) -> frozenset[str]:
    """Which "@handle" and "#room" in these texts are people, and rooms that are open to everybody.

    In what a guest wrote only those that the guest may know of: a link would say that there is such a name.
    """
    wished = {(sign, _name(name)) for text in texts for sign, name in MENTION.findall(text)}
    people = [name for sign, name in wished if sign == "@"]
    rooms = [name for sign, name in wished if sign == "#"]
    everybody = Person.known_to(by) if by else Person.objects.all()
    seen = Room.enterable_by(by) if by else Room.objects.all()
    found: set[str] = set()
    if people:
        found |= {f"@{name}" for name in everybody.filter(handle__in=people).values_list("handle", flat=True)}
    if rooms:
        open_rooms = seen.filter(slug__in=rooms, private=False)
        found |= {f"#{name}" for name in open_rooms.values_list("slug", flat=True)}
    return frozenset(found)


def _name(name: str) -> str:
    return name.rstrip(".-").lower()


@lru_cache(maxsize=4096)
def _safe(words: str, top: int) -> str:
    return nh3.clean(
        _markdown.render(words, {"top": top}), tags=TAGS, attributes=ATTRIBUTES, allowed_classes=CLASSES,
        set_tag_attribute_values={"pre": {"tabindex": "0"}}, url_schemes=SCHEMES, clean_content_tags=set(),
        link_rel="noopener noreferrer nofollow",
    )  # fmt: skip


def _linked(html: str, names: frozenset[str]) -> Iterable[str]:
    """Names and bare addresses in the text between tags become links."""
    kept = 0
    for at, piece in enumerate(TAG.split(html)):
        if at % 2:
            name = piece.strip("</>").split(" ")[0]
            kept += (name in KEPT) * (-1 if piece.startswith("</") else 1)
            yield piece
        elif kept or not piece:
            yield piece
        else:
            yield "".join(_link_words(piece, names))


def _link_words(piece: str, names: frozenset[str]) -> Iterable[str]:
    end = 0
    for address in ADDRESS.finditer(piece):
        yield MENTION.sub(lambda found: _mention(found, names), piece[end : address.start()])
        url = re.sub(r"(?:&[a-z]+;|[.,;:!?')\]])+$", "", address[0])
        yield f'<a href="{url}" rel="noopener noreferrer nofollow">{url}</a>'
        end = address.start() + len(url)
    yield MENTION.sub(lambda found: _mention(found, names), piece[end:])


def _mention(found: re.Match[str], names: frozenset[str]) -> str:
    sign, name = found[1], _name(found[2])
    if sign + name not in names:
        return found[0]
    rest = found[2][len(name) :]
    url = reverse("person" if sign == "@" else "room", args=[name])
    shown = found[0][: len(name) + 1]
    return f'<a class="mention" href="{escape(url)}" data-name="{escape(sign + name)}">{shown}</a>{rest}'


def _picture(self: Any, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
    """A picture from elsewhere is a link: looking at a page tells nobody else."""
    url = str(tokens[at].attrs.get("src", ""))
    return f'<a href="{escape(url)}">{escape(tokens[at].content or url)}</a>'


def _tick(self: Any, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
    """The only raw piece there can be is the box of a task list."""
    return "☑" if "checked=" in tokens[at].content else "☐"


def _levels(state: StateCore) -> None:
    """Headings begin at the asked level and never skip one, for those who listen to a page."""
    last = state.env.get("top", 2) - 1
    base, level = last, last
    for token in state.tokens:
        if token.type == "heading_open":
            level = min(base + int(token.tag[1]), last + 1, 6)
            last = level
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{level}"


_markdown = MarkdownIt("js-default", {"html": False, "breaks": True, "linkify": False, "maxNesting": 20})
_markdown.use(tasklists_plugin)
_markdown.core.ruler.push("levels", _levels)
_markdown.add_render_rule("image", _picture)
_markdown.add_render_rule("html_inline", _tick)
