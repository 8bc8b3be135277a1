"""What people write in Slack, as Fireside's Markdown that reads the same.

Slack sends its own tags in angle brackets and everything else escaped. What it shows as plain words stays so
here: signs that only Markdown would act on get a backslash.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from fireside.slack.marks import Names, clean, unescape

# One code block, one code span, or one tag; each is set aside as HOLE while the marks around it are read.
ATOM = re.compile(
    r"```(?!\s*```)(?P<block>.+?)```|(?<!`)`(?P<span>[^`\n]*[^`\s][^`\n]*)`(?!`)|<(?P<tag>[^<>\n]+)>",
    re.DOTALL,
)
HOLE = "\0"
QUOTED = re.compile(r"&gt;&gt;&gt;(?=.*\S)")  # Slack: from here to the end
QUOTE = re.compile(r"&gt; ?(?=.*\S)")
BULLET = re.compile(r"( *)[•◦▪]\ufe0e? +(?=\S)")
MARKS = {"*": "**", "_": "_", "~": "~~"}
# A mark opens before a word and closes behind one; within words it is just a sign.
MARKED = re.compile(
    "|".join(
        rf"(?<![^\W_])(?<!{m}){m}(?=[^\s{m}])(?:[^{m}\n]|(?<=[^\W_]){m}(?=[^\W_]))*?(?<=[^\s{m}]){m}(?!{m}|[^\W_])"
        for m in (r"\*", "_", "~")
    )
)
# A line that Markdown would read as a heading, list, quote, rule, table or box.
STARTS = re.compile(r"(#{1,6}(?=\s|$)|>|[-+](?=\s|$)|[-=|:](?=[-=|: \t]*$)|~(?=~~)|\[(?=[ xX]\]))")
NUMBERED = re.compile(r"(\d{1,9})([.)])(?=\s|$)")
# Signs that Markdown would act on within a line.
ACTS = re.compile(
    r"`|\\(?=[!-/:-@\[-`{-~\0]|$)|&(?=#?\w+;|\0)|<(?=[^<>]*[:@\0])|!(?=\[|\0)|\](?=[(:\[\0])"
    r"|\*(?!(?<=\s\*)\s)|(?<![^\W_])_(?!(?<=\s_)\s)|_(?![^\W_])(?!(?<=\s_)\s)|~(?=~)|(?<=~)~"
)
PLAIN_URL = re.compile(r"https?://(?:[^\s<>\"\\*_~`\[\]()&|]|&(?!#?\w+;))+(?<![.,;:!?'])")
WORDY = re.compile(r"[\w@/.#&-]")


def from_slack(mrkdwn: str, names: Names) -> str:
    """The `text` of a message event as Markdown; people and channels are written as `names` knows them."""
    atoms: list[re.Match[str]] = []

    def aside(found: re.Match[str]) -> str:
        atoms.append(found)
        return f"\n{HOLE}\n" if found["block"] is not None else HOLE

    words = re.sub(rf"\n?\n(?={HOLE}\n)|(?<=\n{HOLE})\n\n?", "\n", ATOM.sub(aside, clean(mrkdwn)))
    whole = "\n".join(_lines(words.split("\n"))).strip("\n")
    return _filled(whole, atoms, names)


def _lines(lines: list[str]) -> Iterator[str]:
    """Each line with what makes it a quote or a bullet, and an empty one where the next would be drawn in."""
    before, rest = "", False
    for line in lines:
        if not rest and QUOTED.match(line):
            line, rest = QUOTED.sub("", line, count=1), True
        if rest or QUOTE.match(line):
            kind, drawn = "quote", "> " + _line(line if rest else QUOTE.sub("", line, count=1))
        elif found := BULLET.match(line):
            kind, drawn = "bullet", f"{found[1]}- {_line(line[found.end() :])}"
        else:
            kind, drawn = "plain" if line.strip() else "", _line(line)
        if kind == "plain" and before in ("quote", "bullet"):
            yield ""
        before = kind
        yield drawn


def _line(line: str) -> str:
    """One line: marks become Markdown's, and what Markdown alone would act on is kept from it."""
    return _guarded(unescape(line.strip()), _marked)


def _literal(words: str) -> str:
    """Words that are nothing but words, wherever in a line they come to stand."""
    return _guarded(" ".join(words.split()), _kept)


def _guarded(line: str, inside: Callable[[str], str]) -> str:
    if STARTS.match(line):
        return "\\" + line[0] + inside(line[1:])
    if found := NUMBERED.match(line):
        return f"{found[1]}\\{found[2]}{inside(line[found.end() :])}"
    return inside(line)


def _marked(words: str) -> str:
    out, end = "", 0
    for found in MARKED.finditer(words):
        mark = MARKS[found[0][0]]
        out += _kept(words[end : found.start()]) + mark + _marked(found[0][1:-1]) + mark
        end = found.end()
    return out + _kept(words[end:])


def _kept(words: str) -> str:
    return ACTS.sub(lambda found: "\\" + found[0], words)


def _filled(words: str, atoms: list[re.Match[str]], names: Names) -> str:
    pieces = iter(atoms)

    def fill(found: re.Match[str]) -> str:
        before = words[found.start() - 1] if found.start() else ""
        after = words[found.end()] if found.end() < len(words) else ""
        return _atom(next(pieces), names, before, after)

    return re.sub(HOLE, fill, words)


def _atom(atom: re.Match[str], names: Names, before: str, after: str) -> str:
    if (block := atom["block"]) is not None:
        return _fence(_bare(block, names))
    if (span := atom["span"]) is not None:
        words = _bare(span, names)
        edge = " " if words[0] == words[-1] == " " and words.strip() else ""
        return f"`{edge}{words}{edge}`"
    drawn = _tag(atom["tag"], names, after)
    if drawn[:1] in ("@", "#"):  # a name is one only when it stands by itself
        drawn = " " * bool(WORDY.match(before)) + drawn + " " * bool(re.match(r"[\w]", after))
    return drawn


def _fence(code: str) -> str:
    ticks = "`" * max([3, *(len(run) + 1 for run in re.findall("`{3,}", code))])
    return f"{ticks}\n{code.strip(chr(10))}\n{ticks}"


def _bare(code: str, names: Names) -> str:
    """Code as it was typed: Slack puts tags even in there."""
    return unescape(re.sub(r"<([^<>\n]+)>", lambda found: _parts(found[1], names)[0], code))


def _tag(tag: str, names: Names, after: str) -> str:
    words, url = _parts(tag, names)
    if not url:
        return _literal(unescape(words))
    url, words = unescape(url), unescape(words)
    if words in (url, url.removeprefix("mailto:")):
        if not PLAIN_URL.fullmatch(url) or (after and not after.isspace()):
            return f"<{url}>" if re.fullmatch(r"(https?://|mailto:)[^\s<>\\]+", url) else _literal(words)
        return url
    if not url.startswith(("http://", "https://", "mailto:")):
        return _literal(words)
    there = re.sub(r"[\s<>\\]", lambda sign: f"%{ord(sign[0]):02X}", url)
    label = re.sub(r"[\[\]]", r"\\\g<0>", _literal(words).replace(r"\]", "]"))
    return f"[{label}](<{re.sub(r'&(?=#?[a-zA-Z0-9]+;)', r'%26', there)}>)"


def _parts(tag: str, names: Names) -> tuple[str, str]:
    """What a tag says, and where it leads; both still escaped as they came."""
    where, _, label = tag.partition("|")
    sign, ident = where[:1], where[1:]
    known: dict[str, Callable[[str, str], str]] = {"@": names.handle, "#": names.slug}
    if sign in known:
        return known[sign](ident, label), ""
    if sign != "!":
        return label or where.removeprefix("mailto:"), where
    kind, _, more = ident.partition("^")
    if kind == "subteam":
        return names.group(more, label), ""
    if kind in ("here", "channel", "everyone"):
        return "@" + kind, ""
    return label, ""


def resolve(typed: str, names: Names) -> str:
    """The words of a slash command: tags become names and addresses, and nothing else changes."""
    return _bare(clean(typed), names)
