"""Hostile and friendly words alike become HTML that holds nothing but words."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fireside.hearth.cards import Button, Card, Code, Link, Mention, Step, Text, dump, load, text
from fireside.web.html import draw
from fireside.web.prose import TAGS, prose
from tests.fuzzing import many

VOID = {"br", "hr", "img", "input", "use", "line", "path", "circle", "rect"}
OURS = TAGS | {
    "section", "div", "span", "dl", "dt", "dd", "button", "svg", "use", "text", "line", "path", "circle",
    "time",
}  # fmt: skip
PIECES = [
    "<script>", "</p>", "<img src=x onerror=alert(1)>", "[a](javascript:alert(1))", "](", "![", "`", "**",
    "@bo", "#til", 'http://x.y/"onmouseover=alert(1)', "&lt;", "&#x3c;", '"', "'", "<", ">", "\n", "> ",
    "- [x] ", "```", "|a|b|\n|-|-|\n", "<a href='", "\x00", "data:text/html,x", "]]>", "<!--", "\\", "# ",
]  # fmt: skip
NASTY = st.text(max_size=60) | st.lists(st.sampled_from(PIECES), max_size=14).map("".join)
SCHEME = re.compile(r"([a-zA-Z][a-zA-Z0-9+.\s-]*):")


class Strict(HTMLParser):
    """Reads HTML and notices tags that do not close, tags we never use, and attributes that run something."""

    def __init__(self, html: str, tags: set[str]) -> None:
        super().__init__()
        self.stack: list[str] = []
        self.tags = tags
        self.words = ""
        self.feed(html)
        self.close()
        assert not self.stack

    def handle_starttag(self, tag, attrs):
        assert tag in self.tags, tag
        for name, value in attrs:
            assert not name.startswith("on")
            assert name != "style"
            if name in ("href", "src", "formaction", "hx-post"):
                scheme = SCHEME.match((value or "").strip())
                assert scheme is None or scheme[1].lower() in ("http", "https", "mailto"), value
        if tag not in VOID:
            self.stack.append(tag)

    def handle_endtag(self, tag):
        assert tag in VOID or self.stack.pop() == tag

    def handle_data(self, data):
        self.words += data

    def handle_comment(self, data):
        raise AssertionError(data)


@given(NASTY)
@settings(max_examples=many(400), deadline=None)
def test_whatever_people_write_is_words(words):
    Strict(prose(words, frozenset({"@bo", "#til"})), OURS)


@given(NASTY, NASTY)
@settings(max_examples=many(200), deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_is_put_into_a_card_stays_inside_its_place(one, two):
    card = Card(
        title=text("{one}", one=one),
        kind="alert" if len(one) % 2 else "til",
        tag=two,
        above=text("{two}", two=two),
        body=(
            Text(
                "{code} {who} {link}", {"code": Code(one), "who": Mention("bo", two), "link": Link(one, two)}
            ),
        ),
        facts={one: text("{two}", two=two)},
        steps=(Step(one, done=True),),
        steps_title=text("{one}", one=one),
        buttons=(Button(one, "join", {"name": two}), Button(two, "join", ask=True)),
        foot=text("{one}", one=one),
        link=two,
    )
    html = draw(load(dump(card)), "til", "m1")
    read = Strict(html, OURS)
    assert one.replace("\x00", "")[:3].strip()[:1] in read.words


@pytest.mark.parametrize(
    ("words", "html"),
    [
        ("see https://x.example/a?b=1&c=2.", 'href="https://x.example/a?b=1&amp;c=2"'),
        ("![pic](https://elsewhere.example/x.png)", '<a href="https://elsewhere.example/x.png"'),
        ("- [x] fed", "☑ fed"),
        ("one\ntwo", "one<br>\ntwo"),
        ("hello @bo, hello", 'href="/people/bo/" data-name="@bo">@bo</a>,'),
        ("`@bo`", "<code>@bo</code>"),
        ("@boss", "<p>@boss</p>"),
        ("me@bo", "<p>me@bo</p>"),
    ],
)
def test_markdown_as_people_write_it(words, html):
    assert html in prose(words, frozenset({"@bo"}))


def test_headings_never_skip_a_level():
    html = prose("#### deep\n# high\n### low", frozenset())
    assert [tag for tag in ("<h2>deep", "<h2>high", "<h3>low") if tag in html] == [
        "<h2>deep",
        "<h2>high",
        "<h3>low",
    ]
