"""Words go from Fireside to Slack and back, and stay what their writer meant."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fireside.slack.mrkdwn import escape, from_slack, spoken, to_slack, unescape
from fireside.web import prose

BASE = "https://fireside.example"
SIGNS = "*_~`<>&|[]()!#-+=.:\\/@ \n\t1a2é語👍🏽ß{}^'\""
HOSTILE = st.one_of(
    st.text(),
    st.text(SIGNS, max_size=60),
    st.lists(
        st.sampled_from(
            ["<!channel>", "<!here|here>", "<@U1>", "<#C1>", "<!subteam^S1>", "<https://evil.example|bank>",
             "> ", "&lt;!channel&gt;", "```", "**", "_", "~~", "[x](y)", "![p](z)", "|-|-|\n", "- [x] ",
             "\u202e", "\ud800", "\0"]
        ),
        max_size=12,
    ).map("".join),
)  # fmt: skip
PING = re.compile(r"<(?!https?://|mailto:)")  # any tag that is not a link


class Known:
    """Ana and #payments are known on both sides, nobody else is."""

    def user(self, handle: str) -> str:
        return {"ana": "U7"}.get(handle, "")

    def channel(self, slug: str) -> str:
        return {"payments": "C7"}.get(slug, "")

    def handle(self, user_id: str, label: str) -> str:
        return "@ana" if user_id == "U7" else label or "somebody"

    def slug(self, channel_id: str, label: str) -> str:
        return "#payments" if channel_id == "C7" else label or "a channel"

    def group(self, subteam_id: str, label: str) -> str:
        return label


class Nobody(Known):
    def user(self, handle: str) -> str:
        return ""

    def channel(self, slug: str) -> str:
        return ""


def out(words: str) -> str:
    return to_slack(words, Known(), BASE)


def back(words: str) -> str:
    return from_slack(words, Known())


def bare(words: str) -> str:
    """All signs a reader sees, without the space between them and the bar beside what is quoted."""
    return re.sub(r"^[\s>]+|[\s\u200b]", "", unescape(words), flags=re.MULTILINE)


@pytest.mark.parametrize(
    ("markdown", "mrkdwn"),
    [
        ("**bold**, *soft*, _soft_ and ~~gone~~", "*bold*, _soft_, _soft_ and ~gone~"),
        ("# What we saw", "*What we saw*"),
        ("## **Already** bold", "*Already* bold"),
        ("one\ntwo\n\nthree", "one\ntwo\n\nthree"),
        ("- a\n- b\n  - c\n\n3. d\n4. e", "• a\n• b\n    ◦ c\n3. d\n4. e"),
        ("- [x] told\n- [ ] asked", "• ☑ told\n• ☐ asked"),
        ("> so it was\n> and is", "> so it was\n> and is"),
        ("`a < b`", "`a &lt; b`"),
        ("```sh\nls > *x*\n```", "```\nls &gt; *x*\n```"),
        ("[runbook](/runbooks/latency/)", f"<{BASE}/runbooks/latency/|runbook>"),
        ("[**a** > b](https://x.example/?a=1&b=2)", "<https://x.example/?a=1&amp;b=2|a &gt; b>"),
        ("![the graph](https://x.example/g.png)", "<https://x.example/g.png|the graph>"),
        ("see https://x.example/a_b.", "see <https://x.example/a_b>."),
        ("[here](javascript:alert(1)) [there](//evil.example)", "[here](javascript:alert(1)) there"),
        ("@ana and @Ana-, #payments; @bo a@ana", "<@U7> and <@U7>-, <#C7>; @bo a@ana"),
        ("| a | bb |\n|---|---|\n| long | 語 |", "```\na     bb\nlong  語\n```"),
        ("日本**語**です", "日本\u200b*語*\u200bです"),
        ("**one\ntwo**", "*one*\n*two*"),
        ("a tick: `` ` ``", "a tick: ``` ` ```"),
        ("<!channel> <@U1> <https://a.example|b>", "&lt;!channel&gt; &lt;@U1&gt; <https://a.example%7Cb|https://a.example|b>"),
    ],
)  # fmt: skip
def test_markdown_is_written_as_slack_writes_it(markdown: str, mrkdwn: str) -> None:
    assert out(markdown) == mrkdwn


@pytest.mark.parametrize(
    ("mrkdwn", "markdown"),
    [
        ("*bold* _soft_ ~gone~ `x*y`", "**bold** _soft_ ~~gone~~ `x*y`"),
        ("*a _b_ c*", "**a _b_ c**"),
        ("<@U7>, <@U9|cy> and <@U8>", "@ana, cy and somebody"),
        ("<@U7>s", "@ana s"),
        ("<#C7|payments> <#C9|old>", "#payments old"),
        ("<!here> <!channel|channel> <!subteam^S1|@ops>", "@here @channel @ops"),
        ("at <!date^1700000000^{time}|22:13 UTC>", "at 22:13 UTC"),
        ("<https://x.example/?a=1&amp;b=2>", "https://x.example/?a=1&b=2"),
        ("<https://x.example/a|this one>", "[this one](<https://x.example/a>)"),
        ("<mailto:a@x.example|a@x.example>", "<mailto:a@x.example>"),
        ("```a\n  b &lt; c```", "```\na\n  b < c\n```"),
        ("`curl <https://x.example>`", "`curl https://x.example`"),
        ("&gt; said\nanswered", "> said\n\nanswered"),
        ("&gt;&gt;&gt;all\nof it", "> all\n> of it"),
        ("• a\n    ◦ b\nafter", "- a\n    - b\n\nafter"),
    ],
)
def test_what_slack_sends_becomes_markdown(mrkdwn: str, markdown: str) -> None:
    assert back(mrkdwn) == markdown


@pytest.mark.parametrize(
    "words",
    ["# not a heading", "__init__", "1) x", "7. x", "- x", "a*b*c", "2 * 3 * 4", "snake_case_name", "[x](y)",
     "---", "x\n===",
     "|a|\n|-|", "~~~", "&amp;", "&copy;", "<b>", "![x]", "C:\\*", "**", "[a]: b", "    far in", "+ 1",
     "***", "\\"],
)  # fmt: skip
def test_plain_words_are_not_markdown_by_accident(words: str) -> None:
    html = prose.prose(back(escape(words)), frozenset())
    assert (
        re.sub(r"</?(?:p|br)>", "", html).split() == str(prose.escape(words)).replace("&#x27;", "'").split()
    )


@given(HOSTILE)
@example("\\*" * 40)
def test_no_words_of_a_person_ping_anybody_in_slack(words: str) -> None:
    assert not PING.search(to_slack(words, Nobody(), BASE))
    assert set(re.findall(r"<[@#!][^>]*>", out(words))) <= {"<@U7>", "<#C7>"}


@given(HOSTILE)
def test_what_was_heard_in_slack_pings_nobody_when_it_goes_back(words: str) -> None:
    assert not PING.search(to_slack(from_slack(words, Nobody()), Nobody(), BASE))


@given(HOSTILE)
def test_every_sign_is_escaped(words: str) -> None:
    outside = re.sub(
        r"<(?:https?://|mailto:)[^<>]*>|&(?:amp|lt|gt);|^> ",
        "",
        to_slack(words, Nobody()),
        flags=re.MULTILINE,
    )
    assert not set(outside) & set("<>&")
    assert unescape(escape(words)) == words


@given(st.text(SIGNS, max_size=80))
def test_words_come_back_from_fireside_as_they_were_written_in_slack(words: str) -> None:
    sent = escape(words)
    assert bare(to_slack(from_slack(sent, Nobody()), Nobody())) == bare(sent)


@given(st.text())
def test_spoken_words_are_one_line(words: str) -> None:
    assert "\n" not in spoken(words)


def test_spoken_words_are_read_without_marks() -> None:
    assert spoken("# It **works**\n\n- [x] told `ana`\n- [y](z)") == "It works ☑ told ana y"


@pytest.mark.parametrize(
    "words", ["**a** ~~b~~", "|a|\n|-|\n|b|", "- [ ] a", "<b>c</b>", "1. a", "a\nb", "www.x.example", "'a'"]
)
def test_slack_and_the_web_read_the_same_markdown(words: str) -> None:
    from fireside.slack.mrkdwn import _markdown

    def kinds(tokens: list) -> list[tuple[str, str]]:
        return [(token.type, token.content) for token in tokens]

    assert kinds(_markdown.parse(words)) == kinds(prose._markdown.parse(words))
