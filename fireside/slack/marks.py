"""The signs Slack's mrkdwn is made of, such that nobody's words can ping or pretend.

Slack marks its own things with angle brackets, so every `<`, `>` and `&` of a person is escaped. Only what is
written here and in `fireside.slack.mrkdwn` is a tag: `<https://…|words>`, `<@U…>`, `<#C…>`.
"""

from __future__ import annotations

import re
from typing import Protocol
from urllib.parse import urlsplit

GAP = "\u200b"  # Slack reads a mark only at the edge of a word; this edge has no width
LONGEST_URL = 2000
# Controls that no screen shows, halves of characters, and the two that make words read backwards.
UNSEEN = [*range(9), 11, 12, *range(14, 32), *range(127, 160), 0x202D, 0x202E, 0xFEFF, 0xFFFE, 0xFFFF]
HALVES = range(0xD800, 0xE000)
ENDS = [0x0D, 0x2028, 0x2029]
CLEAN = {**dict.fromkeys(UNSEEN), **dict.fromkeys(HALVES, "\ufffd"), **dict.fromkeys(ENDS, "\n")}


class Names(Protocol):
    """Who is who, and which room is which channel; "" or the plain label where nobody knows."""

    def user(self, handle: str) -> str:
        """The Slack id of a person, as "U123"."""

    def channel(self, slug: str) -> str:
        """The Slack id of a room's channel, as "C123"."""

    def handle(self, user_id: str, label: str) -> str:
        """How Fireside writes the person: "@ana", or a plain name."""

    def slug(self, channel_id: str, label: str) -> str:
        """How Fireside writes the channel: "#payments", or a plain name."""

    def group(self, subteam_id: str, label: str) -> str:
        """How Fireside writes the user group."""


def clean(words: str) -> str:
    """Without what cannot be sent or seen; lines end with a newline alone."""
    return words.replace("\r\n", "\n").translate(CLEAN)


def escape(words: str) -> str:
    """What Slack asks for, once and in this order; nothing else has to be escaped."""
    return words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def unescape(words: str) -> str:
    return words.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def link(url: str, words: str, base: str = "") -> str:
    """A link that goes to the web or to one of our pages; from any other address only the words remain."""
    words = " ".join(words.split())
    there = absolute(url, base)
    if not there:
        return escape(words)
    return f"<{there}|{escape(words)}>" if words and words != url else f"<{there}>"


def code(words: str) -> str:
    """Words to be typed exactly so. Slack cannot escape a tick, so one within asks for three around."""
    words = escape(words)
    if "`" not in words:
        return f"`{words}`" if words.strip() else words
    return fence(words.replace("\n", " "), edge=" " if words[0] == "`" or words[-1] == "`" else "")


def fence(escaped: str, edge: str = "\n") -> str:
    inside = escaped.replace("```", f"``{GAP}`")
    return f"```{edge}{inside}{edge}```"


def wrap(mark: str, words: str) -> str:
    """Each line between marks, unless a mark of the same kind stands within and would end it early."""
    if re.search(rf"(?<![^\W_]){re.escape(mark)}|{re.escape(mark)}(?![^\W_])", words):
        return words
    return "\n".join(
        re.sub(r"\S(?:.*\S)?", lambda line: mark + line[0] + mark, row) for row in words.split("\n")
    )


def absolute(url: str, base: str) -> str:
    """The address as it may stand in a tag, or "" for one that should not be followed."""
    try:
        parts = urlsplit(url)
    except ValueError:  # "http://[" has no host that could be read
        return ""
    if url.startswith("/") and not url.startswith("//") and base:
        url = base.rstrip("/") + url
    elif parts.scheme not in ("http", "https", "mailto") or not (parts.netloc or parts.scheme == "mailto"):
        return ""
    safe = re.sub(r"[\s<>|\"\\]", lambda found: "".join(f"%{byte:02X}" for byte in found[0].encode()), url)
    return escape(safe) if len(safe) <= LONGEST_URL else ""
