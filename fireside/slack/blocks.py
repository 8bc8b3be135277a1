"""How messages and cards are drawn as Slack's blocks; other people's words are escaped here, in one place."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

from fireside.hearth.cards import Button, Card, Code, Link, Mention, Moment, Part, Text, plain
from fireside.slack.fit import Block, cut, fit, seen, size
from fireside.slack.marks import Names, absolute, clean, code, escape, link, wrap
from fireside.slack.mrkdwn import spoken, to_slack
from fireside.slack.spelling import spelled

MOST = 50  # blocks of one message
FIRST = 3  # facts of an alert that are read at a glance, as on the web; the others are small
SHORT = 32  # a fact that leaves room for another one beside it
LONGEST = {"title": 300, "author": 80, "said": 160, "fallback": 3000, "id": 255, "value": 2000, "url": 3000}
DOTS = {"hot": ":red_circle:", "look": ":large_yellow_circle:", "ok": ":large_green_circle:"}
STYLES = {"main": "primary", "hot": "danger"}
CLOCKS = {
    "clock": "{date_short_pretty} {time}",
    "since": "{date_short_pretty} {time}",
    "day": "{date_long_pretty}",
}
SINCE = re.compile(r"\bfor (?=\d{4}-\d\d-\d\d \d\d:\d\d UTC)")
DOES, GOES = "do", "go"  # what a button begins its action_id with: does a command, opens a page


def message_blocks(
    card: Card | None,
    words: str,
    *,
    author: str,
    at: datetime,
    said: str,
    names: Names,
    base: str,
    ident: str,
    picture: str = "",
    room: str = "",
    link: str = "",
) -> list[Block]:
    """A message as our bot posts it: who and when in small, the words, then the card; at most 50 blocks.

    What the small line says the card does not say again, and of a command it names the verb: the rest of it
    is what was said.

    `base` is Fireside's own address, `ident` makes the ids unique, `picture` is the id of a Slack file of the
    chart, `room` is the slug where buttons act, `link` the message's own page.
    """
    does, card = _apart(card, author) if card else ("", None)
    typed = spelled(said.split(maxsplit=1)[0]) if said.strip() and (card or words) else said
    blocks = [_small(_byline(author, does, at, typed))] if author or said else []
    if words:
        blocks.append(_section(to_slack(words, names, base)))
    drawing = _Drawing(names, base, ident, picture, room)
    blocks += drawing.card(card) if card else []
    return fit(blocks, most=MOST, link=absolute(link or (card.link if card else ""), base) or base)


def card_blocks(
    card: Card, *, names: Names, base: str, ident: str, picture: str = "", room: str = ""
) -> list[Block]:
    """A card by itself, as in a modal or a home tab."""
    blocks = _Drawing(names, base, ident, picture, room).card(card)
    return fit(blocks, most=MOST, link=absolute(card.link, base) or base)


def brief_block(card: Card, *, names: Names, base: str, ident: str) -> Block:
    """A card among many in one message: its title, since when, its runbook, and the first thing to do."""
    return _Drawing(names, base, ident, "", "").brief(card)


def read_button(action: dict[str, Any]) -> tuple[str, dict[str, str], bool, str]:
    """The verb, its values, whether to ask first, and the room's slug, from an action that Slack sent.

    ValueError when it does no command: a button that opens a page needs no answer but 200.
    """
    kind, _, rest = str(action.get("action_id", "")).partition(":")
    number, _, verb = rest.partition(":")
    if kind != DOES or not number.isdigit():
        raise ValueError("not a button that does a command")
    told = json.loads(action.get("value") or "{}")
    values = told.get("v", {}) if isinstance(told, dict) else None
    if not isinstance(values, dict):
        raise ValueError("not what our buttons carry")
    return (
        verb,
        {name: str(words) for name, words in values.items()},
        bool(told.get("a")),
        str(told.get("r", "")),
    )


def fallback(card: Card | None, words: str, author: str) -> str:
    """The message in plain words, for notifications and for listening; escaped, and never empty."""
    does, card = _apart(card, author) if card else ("", None)
    who = " ".join(f"{author} {does}".split())
    told = "\n".join(filter(seen, [spoken(words), *(_aloud(card) if card else [])]))
    whole = told if who and told.startswith(f"{who} ") else ": ".join(filter(seen, (who, told)))
    return cut(escape(clean(whole)), LONGEST["fallback"]) or "Something was said in Fireside"


def _aloud(card: Card) -> list[str]:
    """What matters first, since a notification shows only the beginning."""
    lines = [card.title, *([card.above] if card.above else []), *card.body]
    facts = [f"{name}: {words}" for name, words in card.facts.items()]
    steps = [f"{number}. {spoken(step.words)}" for number, step in enumerate(card.steps, 1)]
    return [SINCE.sub("since ", str(line)) for line in lines] + facts + steps


def _apart(card: Card, author: str) -> tuple[str, Card]:
    """What the author does, when the small line of the card says so, and the card without who it is by."""
    card = replace(card, body=tuple(words for words in card.body if str(words) != author))
    who, _, does = str(card.above or "").partition(f"{author} ") if author else ("", "", "")
    return (does, replace(card, above=None)) if does and not who else ("", card)


def _byline(author: str, does: str, at: datetime, said: str) -> str:
    when = f"<!date^{int(at.timestamp())}^{{time}}|{at.astimezone(UTC):%H:%M} UTC>"
    typed = " ".join(clean(said).split())
    who = wrap("*", escape(cut(" ".join(author.split()), LONGEST["author"], plain=True)))
    parts = [
        " ".join(filter(None, (who, escape(" ".join(clean(does).split()))))),
        when,
        code(cut(typed, LONGEST["said"], plain=True)) if typed else "",
    ]
    return " · ".join(filter(None, parts))


class _Drawing:
    """One card on its way to one message."""

    def __init__(self, names: Names, base: str, ident: str, picture: str, room: str) -> None:
        self.names, self.base, self.ident, self.picture, self.room = names, base, ident, picture, room

    def card(self, card: Card) -> list[Block]:
        """Lines that belong together share a block, because every block costs height."""
        head, body = self._title(card), [self.said(words) for words in card.body]
        above = self.said(card.above)
        blocks = [_section(head), _small(above), _section(*body)] if seen(above) else [_section(head, *body)]
        blocks += [*self._chart(card), *self._facts(card), self._steps(card), *self._buttons(card)]
        return [*blocks, _small(self.said(card.foot))]

    def brief(self, card: Card) -> Block:
        runbook = self.said(card.steps_title or card.facts.get("Runbook"))
        block = _section(self._title(card), " · ".join(filter(seen, (self.said(card.above), runbook))))
        buttons = (self._button(number, button) for number, button in enumerate(card.buttons))
        first = next(filter(None, buttons), None)
        return block | ({"accessory": first, "block_id": f"{self.ident}:{DOES}"} if first else {})

    def said(self, words: Text | None) -> str:
        out = ""
        for part in words.pieces() if words else ():
            if isinstance(part, Moment) and part.style == "since":
                # on the web this counts on; a message does not, so "for 9 minutes" becomes "since 09:14"
                out = out.removesuffix("for ") + "since "
            out += self._part(part)
        return out

    def _part(self, part: Part) -> str:
        match part:
            case Mention(name=name):  # a card says who; it is drawn again and again, and calls nobody
                return escape(name)
            case Link(words=words, url=url):
                channel = self.names.channel(words[1:]) if words.startswith("#") else ""
                return f"<#{channel}>" if channel else link(url, words, self.base)
            case Moment(at=at, style=style):
                moment = datetime.fromisoformat(at)
                moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
                return f"<!date^{int(moment.timestamp())}^{CLOCKS[style]}|{plain(part)}>"
            case Code(words=words):
                return code(spelled(words))
            case _:
                return escape(str(part))

    def _title(self, card: Card) -> str:
        words = cut(" ".join(clean(str(card.title)).split()), LONGEST["title"], plain=True)
        there = absolute(card.link, self.base)
        title = link(card.link, words, self.base) if there and words else self.said(card.title)
        title = wrap("*", " ".join(title.split()))
        return " ".join(filter(None, (DOTS.get(card.tone, ""), title, card.tag and f"· {escape(card.tag)}")))

    def _chart(self, card: Card) -> Iterator[Block]:
        if card.chart is None:
            return
        if self.picture:
            words = " ".join(clean(card.chart.words).split()) or "Numbers over time"
            yield {"type": "image", "slack_file": {"id": self.picture}, "alt_text": words}
        else:
            yield _small(escape(card.chart.words))

    def _facts(self, card: Card) -> Iterator[Block]:
        """Short ones in two columns, else one under the other; of an alert all but the first are small.

        A time that the small line tells already is not told again.
        """
        above = self.said(card.above)
        rows = [
            (name, words, said)
            for name, words in card.facts.items()
            if not ((said := self.said(words)).startswith("<!date^") and said in above)
        ]
        first = FIRST if card.kind == "alert" else len(rows)
        drawn = [f"{wrap('*', escape(name))}  {said}" for name, _, said in rows[:first]]
        if len(drawn) > 1 and all(size(f"{name}{words}") <= SHORT for name, words, _ in rows[:first]):
            yield {"type": "section", "fields": [_mrkdwn(words) for words in drawn]}
        else:
            yield _section(*drawn)
        yield _small(" · ".join(f"{escape(name)}: {said}" for name, _, said in rows[first:]))

    def _steps(self, card: Card) -> Block:
        title, note = wrap("*", self.said(card.steps_title)), self.said(card.steps_note)
        steps = [" ".join(to_slack(step.words, self.names, self.base).split()) for step in card.steps]
        lines = [
            f"{number}. {'✓ ' * step.done}{words}"
            for number, (step, words) in enumerate(zip(card.steps, steps, strict=True), 1)
        ]
        return _section(" · ".join(filter(seen, (title, note))), *lines)

    def _buttons(self, card: Card) -> Iterator[Block]:
        buttons = [self._button(number, button) for number, button in enumerate(card.buttons)]
        if elements := [button for button in buttons if button]:
            yield {
                "type": "actions",
                "block_id": f"{self.ident}:{DOES}"[: LONGEST["id"]],
                "elements": elements,
            }

    def _button(self, number: int, button: Button) -> Block | None:
        told: dict[str, Any] = {"v": button.values}
        told |= ({"a": 1} if button.ask else {}) | ({"r": self.room} if self.room else {})
        value = json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode(errors="replace").decode()
        drawn: Block = {"type": "button", "text": {"type": "plain_text", "text": button.words, "emoji": True}}
        drawn |= {"style": STYLES[button.tone]} if button.tone in STYLES else {}
        if size(value) <= LONGEST["value"]:
            return drawn | {"action_id": f"{DOES}:{number}:{button.verb}"[: LONGEST["id"]], "value": value}
        # too much for Slack to carry: the page asks with the same values
        values = ({"room": self.room} if self.room else {}) | button.values
        url = f"{self.base}/do/{quote(button.verb, safe='')}/?{urlencode(values, errors='replace')}"
        if len(url) <= LONGEST["url"]:
            return drawn | {"action_id": f"{GOES}:{number}:{button.verb}"[: LONGEST["id"]], "url": url}
        return None


def _mrkdwn(words: str) -> Block:
    # verbatim, so that Slack makes no link or mention of its own out of somebody's words
    return {"type": "mrkdwn", "text": words, "verbatim": True}


def _section(*lines: str) -> Block:
    return {"type": "section", "text": _mrkdwn("\n".join(filter(seen, lines)))}


def _small(words: str) -> Block:
    return {"type": "context", "elements": [_mrkdwn(words)]}
