"""The grammar of commands: leading words, then labels; rendering is its inverse."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fireside.hearth.grammar import Slot, parse, render, split

DECIDE = [Slot("what"), Slot("because"), Slot("undo")]
LEAD = [Slot("person", short=True), Slot("why")]


@pytest.mark.parametrize(
    ("line", "verb", "rest"),
    [
        ("/decide roll back", "decide", "roll back"),
        ("  /lead", "lead", ""),
        ("/ruled-out the bank", "ruled-out", "the bank"),
        ("hello /decide", "", "hello /decide"),
        ("/etc/passwd is readable", "", "/etc/passwd is readable"),
        ("/ not a verb", "", "/ not a verb"),
        ("/decide\nroll\nback", "decide", "roll\nback"),
    ],
)
def test_a_line_is_a_command_when_it_begins_with_a_slash_and_a_verb(line, verb, rest):
    assert split(line) == (verb, rest)


def test_leading_words_go_to_the_first_slot_and_labels_start_another():
    assert parse("roll back to v41 because: errors tripled undo: deploy v42", DECIDE) == {
        "what": "roll back to v41", "because": "errors tripled", "undo": "deploy v42",
    }  # fmt: skip


def test_a_colon_that_is_no_label_stays_in_the_words():
    assert parse("note: http://x/undo:1 at 9:14", DECIDE) == {"what": "note: http://x/undo:1 at 9:14"}


def test_a_short_slot_takes_one_word_and_leaves_the_rest():
    assert parse("@bo fresh eyes please", LEAD) == {"person": "@bo", "why": "fresh eyes please"}
    assert parse('"Bo Lund" fresh eyes', LEAD) == {"person": "Bo Lund", "why": "fresh eyes"}


def test_a_command_without_slots_takes_no_words():
    assert parse("anything", []) == {}


calm = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=12)
phrase = st.lists(calm, min_size=1, max_size=4).map(" ".join)


@given(st.fixed_dictionaries({"what": phrase}, optional={"because": phrase, "undo": phrase}))
def test_rendering_is_the_inverse_of_parsing(values):
    verb, rest = split(render("decide", values, DECIDE))
    assert verb == "decide"
    assert parse(rest, DECIDE) == values


@given(st.fixed_dictionaries({}, optional={"person": phrase, "why": phrase}))
def test_rendering_short_slots_is_the_inverse_too(values):
    assert parse(split(render("lead", values, LEAD))[1], LEAD) == values


@given(st.text(max_size=200))
def test_any_words_whatever_can_be_parsed(words):
    given = parse(words, DECIDE)
    assert set(given) <= {"what", "because", "undo"}
