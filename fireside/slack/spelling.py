"""How a command is typed in Slack: by itself where Slack knows it so, else behind /fireside."""

from __future__ import annotations

import re

from fireside.hearth.commands import book

VERB = re.compile(r"(?<![\w/.:<-])/([a-z]+(?:-[a-z]+)*)(?![\w/-])")


def spelled(words: str) -> str:
    """Our own sentence as it holds in Slack: "/help lists them" is "/fireside help lists them" there."""
    if "/" not in words:
        return words
    from fireside.slack.manifest import standalone  # it knows the shortcuts, and those know how we draw

    behind = {command.verb for command in book.all()} - {command.verb for command in standalone()}
    return VERB.sub(lambda found: f"/fireside {found[1]}" if found[1] in behind else found[0], words)
