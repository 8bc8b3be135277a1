"""Cards are plain data: they come back from JSON as they went, and other people's words stay words."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fireside.hearth.cards import Button, Card, Chart, Code, Link, Mention, Moment, Step, dump, load, text

words = st.text(max_size=40)
parts = st.one_of(
    words,
    st.integers(-(2**53), 2**53),
    st.builds(Mention, words, words),
    st.builds(Link, words, words),
    st.builds(Moment, words, st.sampled_from(["clock", "since", "day"])),
    st.builds(Code, words),
)
texts = st.builds(lambda a, b: text("{a} and {b}", a=a, b=b), parts, parts)
cards = st.builds(
    Card,
    title=texts,
    kind=words,
    tone=st.sampled_from(["", "hot", "ok"]),
    above=st.none() | texts,
    body=st.lists(texts, max_size=3).map(tuple),
    facts=st.dictionaries(words, texts, max_size=3),
    steps=st.lists(st.builds(Step, words, st.booleans()), max_size=3).map(tuple),
    chart=st.none() | st.builds(Chart, st.lists(st.floats(0, 1e6), max_size=5).map(tuple), words),
    buttons=st.lists(
        st.builds(Button, words, words, st.dictionaries(words, words, max_size=2)), max_size=2
    ).map(tuple),
    foot=st.none() | texts,
)


@given(cards)
def test_a_card_comes_back_from_json_as_it_went(card):
    assert load(json.loads(json.dumps(dump(card)))) == card


def test_a_card_of_a_newer_release_is_still_drawn():
    assert load({**dump(Card(text("Hello"))), "sparkle": 7}).title == text("Hello")


def test_other_peoples_words_are_parts_not_template():
    hostile = text("Decided: {what}", what="{because} {0} <b>")
    assert str(hostile) == "Decided: {because} {0} <b>"
    assert hostile.pieces() == ["Decided: ", "{because} {0} <b>"]


def test_a_template_without_its_part_is_a_bug():
    with pytest.raises(ValueError, match="missing what"):
        text("Decided: {what}")


def test_a_card_reads_aloud():
    card = Card(
        text("Rolled back by {who}", who=Mention("bo", "Bo Lund")),
        facts={"Because": text("{x}", x="errors tripled")},
        steps=(Step("look at the queue"),),
    )
    assert str(card) == "Rolled back by Bo Lund\nBecause: errors tripled\n1. look at the queue"
