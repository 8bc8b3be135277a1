"""Words between Fireside's Markdown and Slack's mrkdwn, there and back."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from unicodedata import east_asian_width

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode
from mdit_py_plugins.tasklists import tasklists_plugin

from fireside.slack.heard import from_slack
from fireside.slack.marks import GAP, Names, absolute, clean, code, escape, fence, link, unescape, wrap

__all__ = ["Names", "escape", "from_slack", "spoken", "to_slack", "unescape"]

BULLETS = ("•", "◦", "▪")
INDENT = "    "
RULE = "———"
NAME = re.compile(r"(?<![\w@/.#&-])([@#])([a-z0-9][a-z0-9._-]{0,59})", re.IGNORECASE)
ADDRESS = re.compile(r"\bhttps?://[^\s<>\"]+")
TRAILING = re.compile(r"[.,;:!?')\]]+$")
LETTER = re.compile(r"[^\W_]")


def to_slack(markdown: str, names: Names, base: str = "") -> str:
    """Fireside's Markdown as mrkdwn; `base` ("https://fireside.example.org") completes our own addresses."""
    return _Writer(names, base).blocks(_tree(markdown).children).strip("\n")


def spoken(markdown: str) -> str:
    """The bare words of Markdown on one line, as they are read aloud; not escaped."""
    return " ".join(_bare(_tree(markdown)).split())


def _tree(markdown: str) -> SyntaxTreeNode:
    return SyntaxTreeNode(_markdown.parse(clean(markdown)))


def _bare(node: SyntaxTreeNode) -> str:
    if node.type in ("softbreak", "hardbreak"):
        return " "
    if node.type == "html_inline":  # only a task's box can be one
        return "☑ " if "checked=" in node.content else "☐ "
    if node.children:
        return ("" if node.type in ("inline", "strong", "em", "s", "link") else " ").join(
            map(_bare, node.children)
        )
    return "" if node.is_root else node.content or str(node.attrs.get("src", ""))


@dataclass(frozen=True, slots=True)
class _Writer:
    names: Names
    base: str

    def blocks(self, nodes: list[SyntaxTreeNode], depth: int = 0) -> str:
        """Blocks under one another; a blank line stands only between two paragraphs."""
        out, before = "", ""
        for node in nodes:
            if drawn := self._block(node, depth):
                loose = before == node.type == "paragraph" or (before and node.type == "heading")
                out += ("\n\n" if loose else "\n") * bool(out) + drawn
                before = node.type
        return out

    def _block(self, node: SyntaxTreeNode, depth: int) -> str:
        match node.type:
            case "heading":
                return wrap("*", self._inline(node))
            case "fence" | "code_block":
                return fence(escape(node.content.rstrip("\n"))) if node.content.strip() else ""
            case "blockquote":
                return self._quote(node, depth)
            case "bullet_list" | "ordered_list":
                return self._list(node, depth)
            case "table":
                return _table(node)
            case "hr":
                return RULE
            case _:
                return self._inline(node)

    def _quote(self, node: SyntaxTreeNode, depth: int) -> str:
        """Slack knows quotes of one level, at the start of a line, and no code block within."""
        if depth:
            return self.blocks(node.children, depth)
        out = []
        for child in node.children:
            drawn = self._block(child, depth)
            framed = child.type in ("fence", "code_block", "table", "blockquote") or "```" in drawn
            out.append(drawn if framed else re.sub("^", "> ", drawn, flags=re.MULTILINE))
        return "\n".join(out)

    def _list(self, node: SyntaxTreeNode, depth: int) -> str:
        first = int(node.attrs.get("start", 1))
        rows = []
        for number, item in enumerate(node.children, first):
            sign = f"{number}." if node.type == "ordered_list" else BULLETS[min(depth, len(BULLETS) - 1)]
            rows.append(f"{INDENT * depth}{sign} {self._item(item, depth)}")
        return "\n".join(rows)

    def _item(self, item: SyntaxTreeNode, depth: int) -> str:
        drawn = "\n".join(filter(None, (self._block(child, depth + 1) for child in item.children)))
        return (
            drawn
            if "```" in drawn
            else re.sub(rf"\n(?! *[{''.join(BULLETS)}\d])", f"\n{INDENT * depth}  ", drawn)
        )

    def _inline(self, node: SyntaxTreeNode, within: str = "") -> str:
        """The pieces of a line; `within` holds the marks that are open already."""
        out = ""
        for child in node.children:
            drawn = self._piece(child, within)
            marked = child.type in ("strong", "em", "s", "code_inline")
            out += _edge(out, drawn, marked) + drawn
        return out

    def _piece(self, node: SyntaxTreeNode, within: str) -> str:
        match node.type:
            case "text":
                return self._words(node.content)
            case "strong" | "em" | "s":
                mark = {"strong": "*", "em": "_", "s": "~"}[node.type]
                inside = self._inline(node, within + mark)
                return inside if mark in within else wrap(mark, inside)
            case "code_inline":
                return code(node.content)
            case "link":
                return link(str(node.attrs.get("href", "")), _bare(node), self.base)
            case "image":
                url = str(node.attrs.get("src", ""))
                return link(url, node.content or "picture", self.base)
            case "html_inline":
                return _bare(node).rstrip()
            case "softbreak" | "hardbreak":
                return "\n"
            case _:
                return self._inline(node, within)

    def _words(self, words: str) -> str:
        """Plain words, in which addresses and names become links."""
        out, end = "", 0
        for found in ADDRESS.finditer(words):
            url = TRAILING.sub("", found[0])
            if there := absolute(url, ""):
                out += self._named(words[end : found.start()]) + f"<{there}>"
                end = found.start() + len(url)
        return out + self._named(words[end:])

    def _named(self, words: str) -> str:
        out, end = "", 0
        for found in NAME.finditer(words):
            name = found[2].rstrip(".-")
            known: Callable[[str], str] = self.names.user if found[1] == "@" else self.names.channel
            if ident := known(name.lower()):
                out += escape(words[end : found.start()]) + f"<{found[1]}{ident}>"
                end = found.start() + 1 + len(name)
        return out + escape(words[end:])


def _edge(before: str, after: str, marked: bool) -> str:
    """An edge of no width where a mark would touch a letter and therefore be read as a plain sign."""
    if not before or not after:
        return ""
    opens = marked and LETTER.match(before[-1])
    closes = not marked and before[-1] in "*_~`" and LETTER.match(after[0])
    return GAP if opens or closes else ""


def _table(node: SyntaxTreeNode) -> str:
    rows = [[_bare(cell).strip() for cell in row.children] for part in node.children for row in part.children]
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(
            cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)
        ).rstrip()
        for row in rows
    ]
    return fence(escape("\n".join(lines)))


def _width(words: str) -> int:
    return sum(2 if east_asian_width(sign) in "WF" else 1 for sign in words)


# The dialect of fireside.web.prose, which needs Django and draws HTML.
_markdown = MarkdownIt("js-default", {"html": False, "breaks": True, "linkify": False, "maxNesting": 20})
_markdown.use(tasklists_plugin)
