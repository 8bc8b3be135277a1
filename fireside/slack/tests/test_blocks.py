"""A message of Fireside as people see it in Slack, and nothing in it that Slack would refuse."""

import json
import re
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fireside.hearth.cards import Button, Card, Chart, Code, Link, Mention, Moment, Step, Text, text
from fireside.slack.blocks import card_blocks, fallback, message_blocks, read_button
from fireside.slack.fit import cut, fit, size, split, weight
from fireside.slack.spelling import spelled
from fireside.slack.tests.test_mrkdwn import BASE, HOSTILE, Known, Nobody
from tests.fuzzing import many
from tests.slack_server.blockkit import problems, view_problems

AT = datetime(2026, 11, 24, 8, 54, tzinfo=UTC)
EPOCH = int(AT.timestamp())
DAY = Moment(AT.isoformat(), "day")
ALERT = Card(
    title=text("{title}", title="Payments are refused"), kind="alert", tone="hot", tag="3 firing",
    above=text("Firing for {since}", since=Moment(AT.isoformat(), "since")),
    facts={
        "What customers see": text("{words}", words="We could not take your payment"),
        "It says": text("{words}", words="5xx ratio is 12% > 5%"),
        "Last time": text("{day}, for {long}", day=DAY, long=Link("a moment", "/alerts/7/")),
        "Where": text("{label} {words}", label="instance", words="shop-1:80, shop-2:80"),
    },
    steps_title=text("Runbook: {title}", title=Link("Payments", "/runbooks/payments/")),
    steps_note=text("It helped twice."),
    steps=(Step("Look at the `queue` panel", done=True), Step("Ask @ana about **limits**")),
    chart=Chart((0, 3), "Firing over the last hour: at most 3, now 3", "hot"),
    buttons=(
        Button("I’m helping", "on-it", {"group": "group:9"}, tone="main"),
        Button("Open an incident", "incident", {"what": "Payments are refused"}, tone="hot", ask=True),
    ),
    foot=text("Seen by {who}", who=Mention("ana", "Ana Ngata")),
    link="/alerts/9/",
)  # fmt: skip


def message(card: Card | None = None, words: str = "", **more: str) -> list[dict]:
    given = {"author": "Ana Ngata", "said": "", "base": BASE, "ident": "m1", **more}
    return message_blocks(card, words, at=AT, names=Known(), **given)


def lines(blocks: list[dict]) -> list[str]:
    """Every text, in the order a reader comes to it."""
    out = []
    for block in blocks:
        if block["type"] == "image":
            out.append(block["alt_text"])
        texts = [block["text"]] if "text" in block else []
        texts += block.get("fields", []) + block.get("elements", [])
        for each in texts:
            words = each["text"]
            out += (words["text"] if isinstance(words, dict) else words).split("\n")
    return out


def test_an_alert_is_read_from_the_top_and_its_links_lead_to_the_web() -> None:
    blocks = message(ALERT, author="Alerts")
    assert lines(blocks) == [
        f"*Alerts* · <!date^{EPOCH}^{{time}}|08:54 UTC>",
        f":red_circle: *<{BASE}/alerts/9/|Payments are refused>* · 3 firing",
        f"Firing since <!date^{EPOCH}^{{date_short_pretty}} {{time}}|2026-11-24 08:54 UTC>",
        "Firing over the last hour: at most 3, now 3",
        "*What customers see*  We could not take your payment",
        "*It says*  5xx ratio is 12% &gt; 5%",
        f"*Last time*  <!date^{EPOCH}^{{date_long_pretty}}|2026-11-24 08:54 UTC>, "
        f"for <{BASE}/alerts/7/|a moment>",
        "Where: instance shop-1:80, shop-2:80",
        f"*Runbook: <{BASE}/runbooks/payments/|Payments>* · It helped twice.",
        "1. ✓ Look at the `queue` panel",
        "2. Ask <@U7> about *limits*",
        "I’m helping",
        "Open an incident",
        "Seen by Ana Ngata",
    ]  # fmt: skip
    assert len(blocks) == 9
    assert problems(blocks) == []


def test_a_chart_is_a_picture_as_soon_as_slack_has_it() -> None:
    [image] = [block for block in message(ALERT, picture="F1") if block["type"] == "image"]
    assert image["slack_file"] == {"id": "F1"}
    assert image["alt_text"] == "Firing over the last hour: at most 3, now 3"


def test_a_command_is_shown_small_beside_who_typed_it() -> None:
    card = Card(
        text("Decided: {what}", what="roll back"), facts={"Because": text("errors"), "To undo": text("v42")}
    )
    first, *rest = message(card, said="/decide roll back\nbecause: errors")
    assert first["type"] == "context"
    assert lines([first])[0].endswith(" · `/decide`"), "what was said after it stands in the card"
    assert lines(rest) == ["*Decided: roll back*", "*Because*  errors", "*To undo*  v42"]
    assert "fields" in rest[1]


def test_who_it_is_by_is_said_once() -> None:
    by = text("{who}", who=Mention("bo", "Bo Lund"))
    call = Card(text("the queue"), above=text("{who} calls for help", who=Mention("bo", "Bo Lund")))
    assert [line.partition(" · <!date")[0] for line in lines(message(call, author="Bo Lund"))] == [
        "*Bo Lund* calls for help", "*the queue*",
    ]  # fmt: skip
    assert fallback(call, "", "Bo Lund") == "Bo Lund calls for help: the queue"
    assert fallback(None, "Bo Lund leads from here.", "Bo Lund") == "Bo Lund leads from here."
    doing = Card(text("Doing: looking at the queue"), body=(by,))
    assert lines(message(doing, author="Bo Lund", said="/doing it"))[1:] == ["*Doing: looking at the queue*"]
    assert lines(message(doing))[1:] == ["*Doing: looking at the queue*", "Bo Lund"]


def test_since_when_is_told_once() -> None:
    since = Moment(AT.isoformat(), "since")
    facts = {"Where": text("shop-1"), "Since": text("{at}", at=Moment(AT.isoformat(), "clock"))}
    alert = Card(text("Refused"), kind="alert", above=text("Firing for {since}", since=since), facts=facts)
    assert lines(message(alert))[-2:] == [
        f"Firing since <!date^{EPOCH}^{{date_short_pretty}} {{time}}|2026-11-24 08:54 UTC>",
        "*Where*  shop-1",
    ]


def test_a_command_that_is_named_is_spelled_as_slack_takes_it() -> None:
    card = Card(text("{line} explains one of them.", line=Code("/help decide")))
    assert lines(message(card))[1:] == ["*`/fireside help decide` explains one of them.*"]
    assert spelled("There is no /who. /help lists what there is.") == (
        "There is no /who. /fireside help lists what there is."
    )
    assert (
        spelled("/reopen opens it again, see /settings/help") == "/reopen opens it again, see /settings/help"
    )


def test_words_alone_are_two_blocks() -> None:
    blocks = message(words="The queue is at **64 of 64**, @ana <!channel>")
    assert [block["type"] for block in blocks] == ["context", "section"]
    assert lines(blocks)[1] == "The queue is at *64 of 64*, <@U7> &lt;!channel&gt;"


def test_the_words_of_others_make_no_link_mention_or_line_of_their_own() -> None:
    evil = "<!here> <@U1> <https://evil.example|your bank>"
    card = Card(
        title=text("{x}", x=evil), tag=evil, body=(text("{x}", x=evil),), facts={evil: text("{x}", x=evil)},
        foot=text("{a} {b} {c}", a=Link(evil, "javascript:alert(1)"), b=Mention("bo", evil), c=Code(evil)),
        buttons=(Button(evil, "on-it"),), chart=Chart((1,), evil),
    )  # fmt: skip
    blocks = message(card, "<!here> <@U1>", author=evil, said=evil)
    assert problems(blocks) == []
    told = " ".join(words for words in lines(blocks) if words != evil)  # a button's text is never parsed
    assert re.findall(r"<[^>]*>", told) == [f"<!date^{EPOCH}^{{time}}|08:54 UTC>"]
    assert all(each["verbatim"] for block in blocks for each in texts(block) if each["type"] == "mrkdwn")


def texts(thing: object) -> list[dict]:
    parts = list(thing.values()) if isinstance(thing, dict) else thing if isinstance(thing, list) else []
    own = [thing] if isinstance(thing, dict) and thing.get("type") in ("mrkdwn", "plain_text") else []
    return own + [each for part in parts for each in texts(part)]


def test_a_button_comes_back_with_all_it_carried() -> None:
    [actions] = [block for block in message(ALERT, room="magic-sparkles") if block["type"] == "actions"]
    helping, opening = actions["elements"]
    assert read_button(helping) == ("on-it", {"group": "group:9"}, False, "magic-sparkles")
    assert read_button(opening) == ("incident", {"what": "Payments are refused"}, True, "magic-sparkles")
    assert (helping["style"], opening["style"]) == ("primary", "danger")
    assert "\n" not in json.dumps(actions)


def test_a_button_with_too_much_to_carry_opens_the_page_instead() -> None:
    long, endless = "long " * 450, "x" * 9000
    buttons = (Button("Write it", "runbook", {"title": long}), Button("Not this", "til", {"what": endless}))
    [actions] = [b for b in message(Card(text("T"), buttons=buttons), room="til") if b["type"] == "actions"]
    [button] = actions["elements"]
    assert urlsplit(button["url"]).path == "/do/runbook/"
    assert parse_qs(urlsplit(button["url"]).query) == {"room": ["til"], "title": [long]}
    with pytest.raises(ValueError, match="not a button"):
        read_button(button)


def test_a_title_without_a_page_keeps_its_own_links() -> None:
    card = Card(text("{who} in {room}", who=Mention("bo", "Bo"), room=Link("#til", "/rooms/til/")))
    assert lines(card_blocks(card, names=Known(), base=BASE, ident="c")) == [
        f"*Bo in <{BASE}/rooms/til/|#til>*"
    ]


def test_a_notification_says_what_matters_first() -> None:
    spoken = fallback(ALERT, "", "Alerts")
    assert spoken.startswith("Alerts: Payments are refused\nFiring since 2026-11-24 08:54 UTC\n")
    assert "It says: 5xx ratio is 12% &gt; 5%" in spoken
    assert spoken.endswith("1. Look at the queue panel\n2. Ask @ana about limits")
    assert fallback(None, "**64** of 64 <!here>", "Bo") == "Bo: 64 of 64 &lt;!here&gt;"
    assert fallback(None, "", "") != ""


# -- what does not fit ---------------------------------------------------------------------------------------


def test_long_words_are_parted_between_lines_and_none_is_lost() -> None:
    words = "\n\n".join(f"Line {number} of what we saw." for number in range(200))
    sections = message(words=words)[1:]
    assert len(sections) > 1
    assert "\n\n".join(block["text"]["text"] for block in sections).split() == words.split()
    assert all(block["text"]["text"].endswith(".") for block in sections)


def test_what_is_left_out_is_counted_and_one_tap_away() -> None:
    card = Card(text("Long"), body=tuple(text("{n} is a line", n=n) for n in range(3000)), link="/x/",
                buttons=(Button("Go on", "on-it"),))  # fmt: skip
    blocks = message(card)
    assert problems(blocks) == []
    assert sum(map(weight, blocks)) <= 12_000
    [note] = re.findall(rf"<{BASE}/x/\|and ([\d,]+) more lines in Fireside>", "\n".join(lines(blocks)))
    shown = sum("is a line" in line for line in lines(blocks))
    assert abs(3000 - shown - int(note.replace(",", ""))) <= 1
    assert blocks[-1]["type"] == "actions"


def test_a_code_block_is_closed_and_opened_again_where_it_is_parted() -> None:
    pieces = split("before\n```\n" + "x = '&amp;'\n" * 600 + "```\nafter", 3000)
    assert len(pieces) > 2
    for piece in pieces:
        assert size(piece) <= 3000
        assert piece.count("```") % 2 == 0
        assert re.sub("&amp;", "", piece).count("&") == 0


@pytest.mark.parametrize("whole", ["&amp;", "<https://x.example/a|b>", "👩🏽‍🚒", "🇳🇿", "e\u0301", "`code`"])
def test_nothing_is_cut_in_its_middle(whole: str) -> None:
    assert {piece.replace(whole, "") for piece in split(whole * 500, 100)} == {""}
    assert cut(whole * 500, 100).replace(whole, "") == "…"


def test_empty_parts_are_left_out() -> None:
    card = Card(
        text("{x}", x=" \u200b"), body=(text(""),), facts={"": text("")}, buttons=(Button(" ", "on-it"),)
    )
    assert problems(message(card, " ", author="")) == []
    empty = {"type": "mrkdwn", "text": "\n"}
    assert fit([{"type": "section", "text": empty}, {"type": "context", "elements": [empty]}], most=50) == []


WORDS = HOSTILE | st.sampled_from(
    ["x" * 9000, "&" * 4000, "😀" * 4000, "שלום " * 900, "```" + "<" * 3500 + "```", "a\n" * 3000]
)
SOON = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC)).map(datetime.isoformat)  # noqa: DTZ001
PARTS = st.one_of(
    WORDS, st.integers(), st.floats(), st.builds(Code, WORDS),
    st.builds(Mention, st.sampled_from(["ana", "bo"]), WORDS),
    st.builds(Link, WORDS, WORDS | st.sampled_from(["/here/", "https://x.example/" + "y" * 4000])),
    st.builds(Moment, SOON, st.sampled_from(["clock", "since", "day"])),
)  # fmt: skip
TEXTS = st.dictionaries(st.from_regex(r"\A[a-z]{1,3}\Z"), PARTS, max_size=3).map(
    lambda parts: Text(" for ".join(f"{{{name}}}" for name in parts), parts)
)
TONES = st.sampled_from(["", "hot", "ok", "look", "dusk", "sky", "thanks"])
VERBS = st.from_regex(r"\A[a-z][a-z-]{0,19}\Z")
BUTTONS = st.builds(
    Button, WORDS, VERBS, st.dictionaries(WORDS, WORDS, max_size=2),
    st.sampled_from(["", "main", "hot", "bare"]), ask=st.booleans(),
)  # fmt: skip
CARDS = st.builds(
    Card, TEXTS, kind=st.sampled_from(["alert", "til"]), tone=TONES, tag=WORDS, above=st.none() | TEXTS,
    body=st.lists(TEXTS, max_size=4).map(tuple), facts=st.dictionaries(WORDS, TEXTS, max_size=14),
    steps_title=st.none() | TEXTS, steps_note=st.none() | TEXTS,
    steps=st.lists(st.builds(Step, WORDS, st.booleans()), max_size=14).map(tuple),
    chart=st.none() | st.builds(Chart, st.just((1.0, 2.0)), WORDS, TONES),
    buttons=st.lists(BUTTONS, max_size=30).map(tuple), foot=st.none() | TEXTS, link=WORDS,
)  # fmt: skip
OURS = re.compile(r"<(?:https?://|mailto:|!date\^-?\d+\^)[^<>]*>|&(?:amp|lt|gt);")


@settings(max_examples=many(60), deadline=None, suppress_health_check=list(HealthCheck))
@given(CARDS, WORDS, WORDS, WORDS, st.sampled_from(["", "F1"]))
def test_slack_takes_any_card_whatsoever_and_nobody_is_pinged(
    card: Card, words: str, author: str, said: str, picture: str
) -> None:
    blocks = message_blocks(
        card, words, author=author, at=AT, said=said, names=Nobody(), base=BASE, ident="m1", picture=picture
    )
    assert problems(blocks, "message") == []
    for each in texts(blocks):
        if each["type"] == "mrkdwn":
            assert not set(OURS.sub("", each["text"])) & set("<&")
    spoken = fallback(card, words, author)
    assert 0 < len(spoken) <= 3000
    assert not set(OURS.sub("", spoken)) & set("<>&")
    assert all(
        read_button(each)[3] == ""
        for block in blocks
        for each in block.get("elements", [])
        if "value" in each
    )


@settings(max_examples=many(30), deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(WORDS, min_size=40, max_size=90))
def test_too_many_blocks_become_as_many_as_slack_takes(words: list[str]) -> None:
    blocks = [{"type": "section", "text": {"type": "plain_text", "text": each}} for each in words]
    assert problems(fit(blocks, most=50, link=BASE), "message") == []


# -- what Slack itself says ----------------------------------------------------------------------------------


def section(words: str) -> dict:
    return {"type": "section", "text": {"type": "mrkdwn", "text": words}}


def button(**more: object) -> dict:
    return {"type": "button", "text": {"type": "plain_text", "text": "Go"}, **more}


@pytest.mark.parametrize(
    ("block", "trouble"),
    [
        (section("x" * 3001), "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"),
        (section(" "), "must be more than 0 characters [json-pointer:/blocks/0/text/text]"),
        ({"type": "section"}, "missing required field: text [json-pointer:/blocks/0]"),
        ({"type": "paragraph"}, "unsupported type: paragraph [json-pointer:/blocks/0/type]"),
        ({"type": "divider", "tone": "hot"}, "invalid additional property: tone [json-pointer:/blocks/0]"),
        (
            {"type": "header", "text": {"type": "mrkdwn", "text": "x"}},
            "must be one of plain_text [json-pointer:/blocks/0/text/type]",
        ),
        (
            {"type": "actions", "elements": [button(action_id="a"), button(action_id="a")]},
            "`action_id` a already exists for another element [json-pointer:/blocks/0/elements]",
        ),
        (
            {"type": "actions", "elements": [button(style="quiet")]},
            "must be one of primary, danger [json-pointer:/blocks/0/elements/0/style]",
        ),
        (
            {"type": "actions", "elements": [button(url="javascript:x")]},
            "must be a valid URL [json-pointer:/blocks/0/elements/0/url]",
        ),
        (
            {"type": "actions", "elements": []},
            "no less than 1 items allowed [json-pointer:/blocks/0/elements]",
        ),
    ],
)  # fmt: skip
def test_slack_refuses_a_block_and_says_why(block: dict, trouble: str) -> None:
    assert problems([block]) == [trouble]


def test_slack_refuses_too_many_too_long_and_twice_the_same() -> None:
    assert problems([section("x")] * 51) == ["no more than 50 items allowed [json-pointer:/blocks]"]
    assert problems([section("x" * 2700)] * 5) == ["msg_blocks_too_long"]
    same = {**section("x"), "block_id": "b"}
    assert problems([same, same]) == ["`block_id` b already exists [json-pointer:/blocks]"]


def test_slack_refuses_a_modal_and_says_why() -> None:
    choice = {"text": {"type": "plain_text", "text": "Yes"}, "value": "yes"}
    select = {"type": "static_select", "action_id": "s", "options": [choice], "initial_option": choice}
    ask = {
        "type": "input",
        "block_id": "i",
        "label": {"type": "plain_text", "text": "Sure?"},
        "element": select,
    }
    title = {"type": "plain_text", "text": "Open an incident"}
    view = {"type": "modal", "title": title, "submit": title, "blocks": [ask], "private_metadata": ""}
    assert view_problems(view) == []
    without = {name: part for name, part in view.items() if name != "submit"}
    assert view_problems(without) == ["missing required field: submit [json-pointer:/view/submit]"]
    other = {**select, "initial_option": {**choice, "value": "no"}}
    assert view_problems({**view, "blocks": [{**ask, "element": other}]}) == [
        "initial_option must exactly match one of the provided options [json-pointer:/view/blocks/0/element]"
    ]
    assert view_problems({**view, "title": {**title, "text": "x" * 25}}) == [
        "must be less than 25 characters [json-pointer:/view/title/text]"
    ]
    assert view_problems({**view, "hash": "1"}) == ["invalid additional property: hash [json-pointer:/view]"]
